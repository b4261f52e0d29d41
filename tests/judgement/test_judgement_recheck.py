"""A re-check says of every old finding fixed, still present or not exercised; the cases are data in ``recheck_cases/``."""

from pathlib import Path

import pytest
import yaml
from judgement_cases import Case, write_case

from pia_runtime.storage.analysis import load_toolbox
from pia_runtime.storage.recheck import compare_runs, read_run

FOLDER = Path(__file__).parent / "recheck_cases"
CASES = [
    (path.stem, case)
    for path in sorted(FOLDER.glob("*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]
]


def runs_of(case, folder):
    return [write_case(Case("diff", "positive", side, case[side]), folder / side) for side in ("before", "after")]


def told(item):
    finding = item["before"] or item["after"]
    found = {"rule": finding["rule"], "data": finding["data"], "state": item["state"], "match": item["match"]}
    found["changed"] = sorted(change["what"] for change in item["changes"])
    found["because"] = sorted(reason["code"] for reason in item["because"])
    return {name: value for name, value in found.items() if value}


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[f"{kind}: {case['name']}" for kind, case in CASES])
def test_a_case_file_s_items_come_out_as_written(case, tmp_path):
    document = compare_runs(*runs_of(case, tmp_path))
    assert [told(item) for item in document["items"] if told(item)["rule"] in case["rules"]] == case["expect"]


@pytest.mark.parametrize("kind", ["fixed", "new", "not_exercised", "still_present"])
def test_each_state_has_cases_of_its_own(kind):
    states = {item["state"] for name, case in CASES if name == kind for item in case["expect"]}
    assert states == {kind}


def test_a_run_compared_with_itself_has_nothing_fixed_and_nothing_new(tmp_path):
    before, _ = runs_of(CASES[0][1], tmp_path)
    document = compare_runs(before, before)
    assert document["counts"]["still_present"] == len(read_run(before)["findings"]) > 0
    assert sum(document["counts"].values()) == document["counts"]["still_present"]


def test_an_empty_later_run_closes_nothing(tmp_path):
    before, _ = runs_of(CASES[0][1], tmp_path)
    empty = write_case(Case("diff", "positive", "none", {}), tmp_path / "empty")
    counts = compare_runs(before, empty)["counts"]
    assert counts["fixed"] == counts["new"] == 0
    assert counts["not_exercised"] == len(read_run(before)["findings"])


def test_a_host_that_went_with_its_sdk_is_closed_only_when_the_tester_states_the_removal(tmp_path):
    from pia_runtime.judgement.recheck import recheck

    case = {
        "before": {
            "events": [{"at": 1, "type": "consent", "signal": "requested", "scope": "policy", "source": "tap"},
                       {"at": 6, "type": "consent", "signal": "given", "scope": "policy", "source": "tap"}],
            "flows": [{"at": 3, "host": "log.umeng.com", "body": {"imei": "356938035643809"}}],
        },
    }  # fmt: skip
    case["after"] = {**case["before"], "flows": [{"at": 3, "host": "api.loan.example", "body": {"screen": "start"}}]}
    before, after = (read_run(path) for path in runs_of(case, tmp_path))
    (old,) = [one for one in before["findings"] if one["rule"] == "transmission_before_consent"]
    knowledge = load_toolbox().knowledge

    def state(removed):
        items = recheck(before, after, knowledge, removed)["items"]
        return next(item["state"] for item in items if item["id"] == old["id"])

    assert state(()) == "not_exercised"
    assert state({old["actor"]["id"]}) == "fixed"
