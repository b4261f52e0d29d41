"""Phases are drawn from the policy's consent boundaries."""

from typing import Any

import pytest
from report_documents import ASKED, END, GIVEN, START, WITHDRAWN, loan_document, silent_document

from pia_runtime.reports.consent_line import consent_line


def _document(*states: tuple[str, int], scope: str = "policy") -> dict[str, Any]:
    entries = [{"scope": scope, "state": state, "from_ns": at, "from_err_ns": 5} for state, at in states]
    return {"session": {"started_ns": 0, "ended_ns": 100}, "consent": entries}


def _phases(document: dict[str, Any]) -> list[tuple[str, int, int]]:
    return [(band.phase, band.from_ns, band.until_ns) for band in consent_line(document).bands]


def test_a_run_with_prompt_consent_and_withdrawal_has_four_phases_without_gaps():
    assert _phases(loan_document()) == [
        ("before_prompt", START, ASKED),
        ("before_choice", ASKED, GIVEN),
        ("after_grant", GIVEN, WITHDRAWN),
        ("after_withdrawal", WITHDRAWN, END),
    ]


@pytest.mark.parametrize(
    ("states", "phases"),
    [
        ([], ["unknown"]),
        ([("given", 40)], ["before_choice", "after_grant"]),
        ([("refused", 40)], ["before_choice", "after_refusal"]),
        ([("withdrawn", 40)], ["unknown", "after_withdrawal"]),
        ([("requested", 10), ("refused", 40), ("requested", 60)], ["before_prompt", "before_choice", "after_refusal"]),
        ([("requested", 10), ("requested", 20), ("given", 40)], ["before_prompt", "before_choice", "after_grant"]),
        ([("requested", 0), ("given", 0)], ["after_grant"]),
    ],
)
def test_phases_follow_the_signals(states: list[tuple[str, int]], phases: list[str]):
    assert [phase for phase, _, _ in _phases(_document(*states))] == phases


def test_a_permission_grant_draws_no_boundary():
    assert consent_line(_document(("given", 40), scope="permission:READ_CONTACTS")).boundaries == ()


def test_a_boundary_on_no_known_clock_parts_nothing():
    document = _document(("requested", 20), ("given", 40))
    document["consent"][1]["from_err_ns"] = None
    assert consent_line(document).boundaries[1].err_ns is None
    assert _phases(document) == [("unknown", 0, 100)]


def test_a_document_without_any_time_still_has_a_span():
    line = consent_line(silent_document())
    assert line.end_ns > line.start_ns
    assert line.choice is None


def test_a_run_on_the_device_clock_alone_keeps_its_order_and_leaves_the_host_s_times_out():
    document = _document(("requested", 2_000), ("given", 5_000))
    for entry in document["consent"]:
        entry["from_err_ns"] = None
    document["detections"] = [{"t_ns": 1_000, "err_ns": None}, {"t_ns": 9_000, "err_ns": None}]
    line = consent_line(document)
    assert line.uncompared
    assert [band.phase for band in line.bands] == ["before_prompt", "before_choice", "after_grant"]
    assert (line.start_ns, line.end_ns) == (1_000, 9_000)
    document["detections"][1]["err_ns"] = 5
    assert _phases(document) == [("unknown", 0, 9_000)]


def test_a_run_without_an_end_goes_on_as_long_as_anything_was_seen_of_it():
    document = silent_document()
    screen = {"state": "background", "from_ns": START + 5, "until_ns": START + 9, "err_ns": 0}
    gaps = [
        {"kind": "x", "host": None, "t_ns": START + 2, "err_ns": 1},
        {"kind": "x", "host": None, "t_ns": 1, "err_ns": None},
    ]
    document["moments"] = {"screen": [screen], "gaps": gaps}
    line = consent_line(document)
    assert (line.start_ns, line.end_ns) == (START + 2, START + 9)
