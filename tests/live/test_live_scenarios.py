"""The main job on the practice app, with real Frida, mitmproxy and TLS, held against the app's own truth log."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from live_truth import Truth, Violation, found_observations, found_violations

from pia_runtime.instrumentation.host import ClockSimulation
from pia_runtime.pipeline import document_bytes
from pia_runtime.practice.app import Scenario
from pia_runtime.practice.demo import run_demo
from pia_runtime.storage.analysis import analyse_capture

pytestmark = pytest.mark.live

SECOND_NS = 1_000_000_000
HOUR_NS = 3600 * SECOND_NS
SCENARIOS = list(Scenario)
AHEAD = {"offset_ns": 7 * HOUR_NS, "drift_ppm": 200}
BEHIND = {"offset_ns": -3 * HOUR_NS, "drift_ppm": -200}
SET_BACK = {"offset_ns": 0, "step_ns": -2 * HOUR_NS, "step_after_ns": 2 * SECOND_NS}


@dataclass(frozen=True, slots=True)
class LiveRun:
    """What one run left: the capture, its analysis, and the truth."""

    capture: Path
    document: dict[str, Any]
    truth: Truth

    def events(self, kind: str) -> list[dict[str, Any]]:
        lines = (self.capture / "events.jsonl").read_text(encoding="utf-8").splitlines()
        return [event for event in map(json.loads, lines) if event["type"] == kind]


RunOf = Callable[..., LiveRun]


@pytest.fixture(scope="module")
def run_of(tmp_path_factory) -> RunOf:
    """Each distinct run happens once, however many tests look at it."""
    done: dict[tuple[Any, ...], LiveRun] = {}

    def run(scenario: Scenario, *, clock: dict[str, int] | None = None, dies: bool = False) -> LiveRun:
        key = (scenario, dies, *sorted((clock or {}).items()))
        if key not in done:
            folder = tmp_path_factory.mktemp("live")
            simulation = ClockSimulation(**clock) if clock else None
            path = run_demo(
                folder / "capture", scenario, clock=simulation, status=lambda _: None, work=folder, dies=dies
            )
            done[key] = LiveRun(path, analyse_capture(path), Truth.read(folder / "truth.jsonl"))
        return done[key]

    return run


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_planted_violation_is_found_and_none_invented(run_of, scenario):
    run = run_of(scenario)
    assert found_violations(run.document) == run.truth.violations()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_act_is_seen_as_often_as_it_happened_in_its_phase(run_of, scenario):
    run = run_of(scenario)
    assert found_observations(run.document) == run.truth.observations()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_nothing_is_left_undecided_on_a_steady_clock(run_of, scenario):
    assert found_violations(run_of(scenario).document, "indeterminate") == set()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_consent_line_follows_what_the_user_did(run_of, scenario):
    run = run_of(scenario)
    wanted = run.truth.consent("policy")
    states = [entry["state"] for entry in run.document["consent"] if entry["scope"] == "policy"]
    assert states == wanted


def test_the_wrapped_imei_is_found_with_every_step_of_its_path(run_of):
    run = run_of(Scenario.REFUSE)
    imeis = [d for d in run.document["detections"] if (d["data"], d["act"]) == ("imei", "transmission")]
    assert {seen["encoding"] for seen in imeis} == {"md5"}
    for seen in imeis:
        assert [step.partition(":")[0] for step in seen["path"]] == ["json", "base64", "gunzip", "json"]
        assert seen["location"] == "request.body"


def test_what_the_polite_sdk_takes_is_with_consent(run_of):
    run = run_of(Scenario.WITHDRAW)
    polite = [d for d in run.document["detections"] if d["actor"]["id"] == "politemetrics"]
    assert {(seen["data"], seen["act"]) for seen in polite} == {
        (data, act) for data in ("oaid", "android_id") for act in ("access", "transmission")
    }
    assert {seen["verdict"] for seen in polite} == {"with_consent"}


def test_the_request_without_personal_data_has_no_detection(run_of):
    run = run_of(Scenario.NEVER)
    carrying = {d["flow"] for d in run.document["detections"] if d["act"] == "transmission"}
    # configuration, adspark, riskeye twice, pre-check: all but the first carry something
    assert len(carrying) == 4


def test_no_hook_failed_and_nothing_was_lost(run_of):
    run = run_of(Scenario.ACCEPT)
    assert [status for status in run.events("hook_status") if status["status"] == "failed"] == []
    assert run.events("gap") == []
    assert run.document["coverage"]["hooks_failed"] == 0


def test_the_permission_and_its_answer_are_recorded(run_of):
    for scenario, answer in ((Scenario.ACCEPT, "granted"), (Scenario.WITHDRAW, "denied")):
        results = [(event["permission"], event["result"]) for event in run_of(scenario).events("permission")]
        contacts = "android.permission.READ_CONTACTS"
        assert results == [(contacts, "requested"), (contacts, answer)]


def test_a_second_analysis_gives_the_same_bytes(run_of):
    run = run_of(Scenario.WITHDRAW)
    assert document_bytes(analyse_capture(run.capture)) == document_bytes(run.document)


WRONG_CLOCKS = pytest.mark.parametrize(
    "clock", [AHEAD, BEHIND, SET_BACK], ids=["seven hours ahead", "three hours behind", "set back by two hours"]
)


@WRONG_CLOCKS
def test_a_wrong_clock_changes_no_verdict(run_of, clock):
    # a quarter of a second lies between the phases of the practice app, far more than a calibrated clock's error
    run = run_of(Scenario.WITHDRAW, clock=clock)
    assert found_violations(run.document) == run.truth.violations()
    assert found_violations(run.document, "indeterminate") == set()


@WRONG_CLOCKS
def test_the_simulated_clock_really_is_wrong(run_of, clock):
    run = run_of(Scenario.WITHDRAW, clock=clock)
    session = json.loads((run.capture / "session.json").read_bytes())
    offsets = [sample["device_ns"] - sample["host_ns"] for sample in session["clock_samples"]]
    assert abs(offsets[0] - clock["offset_ns"]) < SECOND_NS
    assert abs(offsets[-1] - clock["offset_ns"] - clock.get("step_ns", 0)) < SECOND_NS


@WRONG_CLOCKS
def test_without_calibration_only_the_order_between_the_clocks_is_open(run_of, clock, tmp_path):
    run = run_of(Scenario.WITHDRAW, clock=clock)
    document = analyse_with_samples(run.capture, tmp_path, lambda sample: None)
    verdicts = {(seen["act"], seen["verdict"]) for seen in document["detections"]}
    assert {verdict for act, verdict in verdicts if act == "transmission"} == {"indeterminate"}
    assert found_violations(document) == run.truth.violations(("access", "attempt"))


@WRONG_CLOCKS
def test_a_badly_measured_clock_leaves_open_what_lies_near_a_boundary_and_turns_nothing_round(run_of, clock, tmp_path):
    run = run_of(Scenario.WITHDRAW, clock=clock)
    slow = 800_000_000  # half of it is more than the quarter of a second between consent and the first request after it

    def badly_measured(sample: dict[str, int]) -> dict[str, int]:
        return {**sample, "rtt_ns": slow}

    document = analyse_with_samples(run.capture, tmp_path, badly_measured)
    # which of two phases without consent it was may be open while the verdict is not: rules are left out of the comparison
    certain, truth = acts_of(found_violations(document)), acts_of(run.truth.violations())
    undecided = {seen[1:3] for seen in found_violations(document, "indeterminate")}
    assert certain < truth
    assert {seen[1:3] for seen in truth - certain} <= undecided
    accesses = {seen for seen in truth if seen[0] != "transmission"}
    assert accesses <= certain, "access and consent were read from one clock, which needs no measurement"


def acts_of(violations: set[Violation]) -> set[tuple[str | None, ...]]:
    """Findings about the order, with the act alone in place of the rule."""
    acts = ("access", "attempt", "transmission")
    return {(act, *rest) for rule, *rest in violations if (act := rule.partition("_")[0]) in acts}


def analyse_with_samples(
    capture: Path, folder: Path, change: Callable[[dict[str, int]], dict[str, int] | None]
) -> dict[str, Any]:
    """Analyse a copy of a capture whose clock samples were changed; None drops one."""
    copy = shutil.copytree(capture, folder / "copy")
    session = json.loads((copy / "session.json").read_bytes())
    session["clock_samples"] = [new for new in map(change, session["clock_samples"]) if new is not None]
    (copy / "session.json").write_text(json.dumps(session), encoding="utf-8")
    return analyse_capture(copy)


def test_a_process_that_dies_leaves_a_capture_that_analyses(run_of):
    run = run_of(Scenario.ACCEPT, dies=True)
    assert found_violations(run.document) == run.truth.violations()
    assert run.truth.consent("policy") == ["requested"]
    assert any(event["state"] == "process_exit" for event in run.events("lifecycle"))
