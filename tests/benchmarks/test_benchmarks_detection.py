"""The published battery is found whole and nothing is found beside it; the scoring itself notices every kind of mistake."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pia_runtime.bench.battery import NEGATIVE, make_battery
from pia_runtime.bench.capture import write_battery
from pia_runtime.bench.case import Case, Expected, Request, sampled
from pia_runtime.bench.detection import measure_detection
from pia_runtime.bench.score import Score, score
from pia_runtime.cli.bench import bench
from pia_runtime.storage.flow_reader import FlowTrouble, read_flows

BATTERY = make_battery(1)


@pytest.fixture(scope="module", params=[(1, 44), (20_251_123, 10)])
def measured(request: pytest.FixtureRequest) -> Score:
    return measure_detection(request.param[0], per_group=request.param[1])


def test_every_label_of_the_battery_is_found_and_named_rightly_and_nothing_is_invented(measured: Score) -> None:
    assert measured.deviations == []
    total = measured.total()
    assert (total.recall, total.precision, total.named) == (1.0, 1.0, total.expected)


def test_the_public_part_is_44_requests() -> None:
    public = [case for case in BATTERY.cases if case.group.startswith("public")]
    assert (len(public), sum(len(case.expected) for case in public)) == (44, 44)


def test_the_negative_set_is_large_unlabelled_and_silent(measured: Score) -> None:
    negative = [case for case in BATTERY.cases if case.group == NEGATIVE]
    assert len(negative) > 400
    assert not any(case.expected for case in negative)
    assert measured.groups[NEGATIVE].invented == 0


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_person(tmp_path: Path) -> None:
    names = ("flows.mitm", "events.jsonl", "identifiers.json", "session.json", "labels.jsonl")
    for folder in ("a", "b"):
        battery = make_battery(1)
        write_battery(tmp_path / folder, battery, sampled(battery.cases, 3))
    assert [(tmp_path / "a" / name).read_bytes() for name in names] == [
        (tmp_path / "b" / name).read_bytes() for name in names
    ]
    assert not set(make_battery(2).person.values.values()) & set(BATTERY.person.values.values())


def test_the_capture_holds_every_request_as_it_was_made(tmp_path: Path) -> None:
    cases = sampled(BATTERY.cases, 4)
    write_battery(tmp_path, BATTERY, cases)
    troubles: list[FlowTrouble] = []
    written = [replace(flow, client=None, connected_ns=None) for flow in read_flows(tmp_path, troubles.append)]
    assert written == [case.flow for case in cases]
    assert troubles == []


def detection(case: Case, label: Expected) -> dict:
    return {
        "act": "transmission",
        "flow": case.flow.id,
        "data": label.data,
        "location": label.location,
        "path": list(label.path),
        "encoding": label.encoding,
        "basis": label.basis,
    }


LABEL = Expected("gaid", "request.body", ("json:$.a",))
CASE = Case("g", "c", Request(b"{}").flow("g", "c", 0), (LABEL,))


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ([LABEL], (1, 1, 0)),
        ([], (0, 0, 0)),
        ([replace(LABEL, path=("json:$.b",))], (1, 0, 0)),
        ([replace(LABEL, encoding="md5")], (1, 0, 0)),
        ([replace(LABEL, basis="pattern")], (1, 0, 0)),
        ([replace(LABEL, location="request.header")], (0, 0, 1)),
        ([replace(LABEL, data="oaid")], (0, 0, 1)),
        ([replace(LABEL, encoding="md5"), LABEL], (1, 1, 1)),
    ],
)
def test_the_score_tells_found_named_and_invented_apart(said: list[Expected], counts: tuple[int, int, int]) -> None:
    group = score([CASE], [detection(CASE, label) for label in said]).groups["g"]
    assert (group.found, group.named, group.invented) == counts


def test_the_command_prints_the_classes_and_every_figure_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "pia_runtime.bench.detection.make_battery", lambda seed: replace(make_battery(seed), cases=BATTERY.cases[:44])
    )
    app = typer.Typer()
    app.command()(bench)
    table = CliRunner().invoke(app, ["detection"])
    assert (table.exit_code, "public: encodings" in table.output, "100 %" in table.output) == (0, True, True)
    document = json.loads(CliRunner().invoke(app, ["detection", "--format", "json"]).stdout)
    assert (document["total"]["expected"], document["total"]["recall"], document["deviations"]) == (44, 1.0, [])
