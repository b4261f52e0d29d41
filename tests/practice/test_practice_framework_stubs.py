"""Every catalogued Java call is made once on a real JVM under real Frida: exactly its own hook tells of it, and tells it right."""

import json
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from pia_runtime.instrumentation.agent_build import AGENT, build_agent
from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.host import FridaHost, JvmTarget
from pia_runtime.practice.framework_stubs import MAIN, CanaryProgram, compile_canary
from pia_runtime.practice.framework_stubs_calls import Call, sample_of, silent_overloads
from pia_runtime.practice.jdk import find_jdk17

Event = dict[str, Any]
CATALOG = load_catalog()
APP = "com.example.canary."
FOLLOWS_LISTENERS = (Path(__file__).parents[2] / "hooks" / "agent" / "callbacks.ts").exists()
"""Whether the agent of this tree watches what listeners receive."""


class Run:
    """One run of the program that makes all calls."""

    def __init__(self, program: CanaryProgram, events: list[Event], threw: list[str]) -> None:
        self.program, self.threw = program, threw
        self.status = {event["hook"]: event for event in events if event["type"] == "hook_status"}
        self.by_frame: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            frames = [frame for frame in event.get("stack", ()) if frame.startswith(APP) and ".call" in frame]
            if event["type"] == "api_call" and frames and event["hook"] not in CATALOG.native:
                self.by_frame[frames[0].partition("(")[0]].append(event)

    @property
    def calls(self) -> list[Call]:
        return [
            call
            for call in self.program.calls
            if FOLLOWS_LISTENERS or not (call.entry.callbacks or call.entry.found_by)
        ]

    def told(self, call: Call) -> list[Event]:
        """What the call itself made known, deliveries to listeners not among it."""
        return [event for event in self.by_frame[call.frame] if event["api"] == call.entry.api]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    if not AGENT.exists():
        build_agent(Path(__file__).parents[2])
    program = compile_canary(CATALOG)
    events: list[Event] = []
    ended = threading.Event()
    threw = tmp_path_factory.mktemp("canary") / "threw.txt"
    java = str(find_jdk17() / "bin" / "java")
    target = JvmTarget([java, "-Xshare:auto", "-cp", str(program.classes), MAIN, str(threw)])
    host = FridaHost(target, CATALOG, on_event=events.append, on_detached=lambda _: ended.set())
    host.start()
    assert ended.wait(120), "the program did not end"
    host.stop()
    return Run(program, events, threw.read_text().splitlines())


@pytest.mark.live
def test_no_call_throws(run: Run):
    assert run.threw == []


@pytest.mark.live
def test_every_entry_whose_class_a_stub_offers_is_installed(run: Run):
    called = {call.entry.id for call in run.calls if not call.entry.found_by}
    wrong = {id_: run.status[id_]["reason"] for id_ in called if run.status[id_]["status"] != "installed"}
    assert wrong == {}
    assert run.status.keys() == CATALOG.entries.keys() | CATALOG.native.keys()


@pytest.mark.live
def test_every_call_is_told_once_by_its_own_hook_and_by_no_other(run: Run):
    wrong = {}
    for call in run.calls:
        hooks = {event["hook"] for event in run.by_frame[call.frame]}
        if hooks != {call.entry.id} or len(run.told(call)) != (0 if call.silent else 1):
            wrong[call.frame] = [(event["hook"], event["api"]) for event in run.by_frame[call.frame]]
    assert wrong == {}


@pytest.mark.live
def test_every_listener_is_told_of_with_what_it_received(run: Run):
    wrong = {}
    for call in run.calls:
        heard = {event["api"] for event in run.by_frame[call.frame]} - {call.entry.api}
        known = {callback.api(each) for callback in call.entry.callbacks for each in callback.deliveries}
        if not call.heard <= heard or not heard <= known:
            wrong[call.frame] = (sorted(call.heard), sorted(heard))
    assert wrong == {}


@pytest.mark.live
def test_the_innermost_frame_is_the_caller(run: Run):
    plain = [call for call in run.calls if not call.entry.found_by and run.told(call)]
    calls = [(call.frame, run.told(call)[0]["stack"][0]) for call in plain]
    assert [pair for pair in calls if not pair[1].startswith(f"{pair[0]}(")] == []


@pytest.mark.live
def test_every_call_yields_the_data_that_the_catalog_says(run: Run):
    wrong = {}
    for call in run.calls:
        for event in run.told(call):
            told, known = set(event["data"]), set(call.entry.all_data())
            missing = set() if call.entry.reads_again else call.data - told
            if missing or told - known or not (call.entry.selectors or call.entry.reads_again or told == call.data):
                wrong[call.frame] = (sorted(call.data), event["data"])
    assert wrong == {}


@pytest.mark.live
def test_what_was_handed_out_before_is_not_told_again_when_it_is_read(run: Run):
    latitude = [
        event["data"]
        for call in run.calls
        if call.entry.id == "location.location_get_latitude"
        for event in run.told(call)
    ]
    cell = [
        event["data"] for call in run.calls if call.entry.id == "telephony.cell_nr_get_nci" for event in run.told(call)
    ]
    assert (latitude, cell) == ([[]], [[]])


@pytest.mark.live
def test_every_overload_is_told_with_its_arguments(run: Run):
    calls = [call for call in run.calls if call.argument_types is not None]
    wrong = {c.frame: e["args"] for c in calls for e in run.told(c) if len(e["args"]) != len(c.argument_types or ())}
    assert wrong == {}
    reads = [entry for entry in CATALOG.entries.values() if entry.event == "api_call"]
    assert len({(call.entry.id, call.argument_types) for call in calls}) > 0.9 * len(reads)


@pytest.mark.live
def test_a_text_result_is_told_as_the_app_received_it(run: Run):
    texts = [c for c in run.calls if c.value is not None and c.entry.value in {"auto", "text"} and run.told(c)]
    assert {c.frame: run.told(c)[0]["value"] for c in texts if run.told(c)[0]["value"] != c.value} == {}
    assert len(texts) > 100


@pytest.mark.live
def test_every_other_result_holds_something_and_is_readable(run: Run):
    with_result = [c for c in run.calls if c.result not in {None, "void"} and c.entry.value != "skip"]
    values = {call.frame: event.get("value") for call in with_result for event in run.told(call)}
    hollow = {frame: value for frame, value in values.items() if value in (None, {}, [], [{}], [[]])}
    assert hollow == {}
    assert {frame: value for frame, value in values.items() if "unreadable" in json.dumps(value)} == {}


def test_an_entry_without_a_call_says_why_and_they_are_few():
    program_left_out = {e.id: why for e in CATALOG.entries.values() if (why := reason(e.id)) is not None}
    api_calls = [id_ for id_ in program_left_out if CATALOG.entries[id_].event == "api_call"]
    assert all(program_left_out.values())
    assert len(api_calls) < 0.1 * len(CATALOG.entries), sorted(api_calls)


def test_an_overload_without_a_call_has_no_argument_that_could_decide():
    for entry in CATALOG.entries.values():
        assert silent_overloads(entry) == [] or (not entry.data and (entry.selectors or entry.callbacks))


def test_a_key_gives_a_text_that_it_matches():
    for entry in CATALOG.entries.values():
        for selector in entry.selectors:
            assert [
                key for key in selector.data if not selector.lookup(sample_of(selector, key)) and selector.data[key]
            ] == []


def reason(id_: str) -> str | None:
    from pia_runtime.practice.framework_stubs_calls import why_not

    return why_not(CATALOG.entries[id_])
