"""A live run ends whole: by the app, the time, the tester, Ctrl-C, a full disk or kill -9."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import orjson
import pytest
from capture_stage import HOST, client, events, flows, gaps, post, until

from pia_runtime.capture import calibrating
from pia_runtime.capture.live import run_live
from pia_runtime.capture.status import LiveStatus
from pia_runtime.errors import NotReadyError
from pia_runtime.model.session import Session

OFFSET_NS = 7_200_000_000_000


class Program:
    """A small honest instrument: `script` plays the app in a thread of its own."""

    def __init__(self, on_event, on_detached, script) -> None:
        self.tools = {"agent_sha256": "ab" * 32, "clock_simulation": {"offset_ns": str(OFFSET_NS)}}
        self.on_event, self.on_detached = on_event, on_detached
        self.dropped = 0
        self.calls: list[str] = []
        self._script = script

    def start(self) -> None:
        """Start the app."""
        self.calls.append("start")
        threading.Thread(target=self._script, args=(self,), daemon=True).start()

    def calibrate(self, rounds: int) -> list[dict]:
        """Answer with a clock two hours ahead."""
        self.calls.append(f"calibrate {rounds}")
        now = time.time_ns()
        return [{"host_ns": now, "device_ns": now + OFFSET_NS, "rtt_ns": 4_000_000 + n} for n in range(rounds)]

    def stop(self) -> None:
        """Deliver the last event."""
        self.calls.append("stop")
        self.on_event({"type": "note", "t_ns": 3, "text": "last batch"})


class NoProxy:
    """A run without traffic."""

    stopped = False

    def stop(self) -> None:
        """Remember it."""
        self.stopped = True


def playing(script, programs: list):
    """Connect a run to a program that plays `script`."""

    def connect(on_event, on_detached) -> Program:
        programs.append(Program(on_event, on_detached, script))
        return programs[-1]

    return connect


def consent(signal_: str) -> dict:
    """A consent signal of the app's own dialog."""
    return {"type": "consent", "t_ns": 1, "clock": "device", "signal": signal_, "scope": "policy", "source": "tap"}


def session(folder: Path) -> dict:
    """Read session.json as the documented model."""
    raw = orjson.loads((folder / "session.json").read_bytes())
    Session.model_validate(raw)
    return raw


def run(script, writer, **options):
    """Run a script with no traffic; return result and program."""
    programs: list[Program] = []
    proxy = NoProxy()
    result = run_live(playing(script, programs), proxy, writer, **options)
    assert proxy.stopped
    return result, programs[0]


def test_a_run_ends_when_the_app_exits_and_the_exit_is_recorded(writer):
    """Every event of the app and its exit are there, and the session has its times and clock samples."""

    def app(program) -> None:
        for number in range(100):
            program.on_event({"type": "note", "t_ns": number, "clock": "device"})
        program.on_detached("process-terminated")

    before = time.time_ns()
    result, program = run(app, writer)
    assert (result.reason, result.detail, result.events) == ("target_exit", "process-terminated", 102)
    assert [line["t_ns"] for line in events(writer.path, "note")] == [*range(100), 3]
    assert [line["state"] for line in events(writer.path, "lifecycle")] == ["process_exit"]
    written = session(writer.path)
    assert before <= written["started_ns"] <= written["ended_ns"] <= time.time_ns()
    assert written["tools"]["agent_sha256"] == "ab" * 32
    assert written["tools"]["clock_simulation"] == {"offset_ns": str(OFFSET_NS)}
    assert program.calls[0] == "start"
    assert program.calls[-1] == "stop"
    assert gaps(writer.path) == {}


def test_an_app_that_is_lost_is_a_gap(writer):
    """A device that was unplugged is not a clean exit."""
    run(lambda program: program.on_detached("device-lost"), writer)
    assert gaps(writer.path) == {("target_lost", ""): 1}
    assert "device-lost" in events(writer.path, "gap")[0]["detail"]


def test_a_run_of_given_length_is_calibrated_before_during_and_after(writer):
    """The clock is read at both ends with more exchanges than in between, and every sample is in the session."""
    result, program = run(lambda _: None, writer, duration_s=0.5, calibrate_every_s=0.1)
    assert result.reason == "duration"
    calibrations = program.calls[1:-1]
    assert calibrations[0] == calibrations[-1] == "calibrate 10"
    assert set(calibrations[1:-1]) == {"calibrate 3"}
    samples = session(writer.path)["clock_samples"]
    assert len(samples) == sum(int(call.split()[1]) for call in calibrations)


def test_the_status_follows_the_consent_signals_and_the_clock(writer):
    """What the tester sees: phase from the policy's signals, the best offset of the newest exchange."""
    seen: list[LiveStatus] = []

    def app(program) -> None:
        for step in ("requested", "given", "withdrawn"):
            program.on_event(consent(step))
            program.on_event({**consent("refused"), "scope": "permission:LOCATION"})
            time.sleep(0.25)
        program.on_detached("process-terminated")

    run(app, writer, status=seen.append)
    phases = list(dict.fromkeys(status.phase for status in seen))
    assert phases == ["before_choice", "after_grant", "after_withdrawal"]
    assert (seen[-1].clock.offset_ns, seen[-1].clock.err_ns) == (OFFSET_NS, 2_000_000)
    assert seen[-1].events == 6


def test_an_app_that_cannot_be_started_leaves_a_closed_capture(writer):
    """The error reaches the caller, the proxy is stopped and the session has its end."""

    class Absent(Program):
        def start(self) -> None:
            raise NotReadyError("no such app: com.example.loan", "install it")

    proxy = NoProxy()
    with pytest.raises(NotReadyError, match="no such app"):
        run_live(lambda on_event, on_detached: Absent(on_event, on_detached, None), proxy, writer)
    assert proxy.stopped
    assert session(writer.path)["ended_ns"] > 0


def test_a_frozen_app_does_not_hold_up_the_run(writer, monkeypatch):
    """An exchange that is never answered is a gap, and the run ends on time."""
    monkeypatch.setattr(calibrating, "PATIENCE_SECONDS", 0.2)

    class Frozen(Program):
        def calibrate(self, rounds: int) -> list[dict]:
            threading.Event().wait(60)
            return []

    result = run_live(
        lambda on_event, on_detached: Frozen(on_event, on_detached, lambda _: None), NoProxy(), writer, duration_s=0.2
    )
    assert result.reason == "duration"
    assert gaps(writer.path)["calibration_failed", ""] >= 1
    assert "clock_samples" not in session(writer.path)


def test_an_exchange_that_fails_is_a_gap(writer):
    """Whatever the injected program answers, the run goes on."""

    class Confused(Program):
        def calibrate(self, rounds: int) -> list[dict]:
            raise RuntimeError("script is destroyed")

    def connect(on_event, on_detached) -> Confused:
        return Confused(on_event, on_detached, lambda _: None)

    assert run_live(connect, NoProxy(), writer, duration_s=0.1).reason == "duration"
    assert "script is destroyed" in events(writer.path, "gap")[0]["detail"]


def test_an_instrument_that_fails_at_the_end_does_not_keep_the_capture_open(writer):
    """The last step of a dead app is a gap."""

    class Dead(Program):
        def stop(self) -> None:
            raise RuntimeError("connection closed")

    run_live(lambda on_event, on_detached: Dead(on_event, on_detached, lambda _: None), NoProxy(), writer, duration_s=0)
    assert gaps(writer.path) == {("target_lost", ""): 1}
    assert writer.event({"type": "note", "t_ns": 1}) == -1


def test_lost_messages_are_counted_in_the_capture(writer):
    """Nothing seen, and could not see, are two things."""

    def app(program) -> None:
        program.dropped = 17
        program.on_event(
            {"type": "gap", "t_ns": 5, "kind": "messages_dropped", "host": "", "detail": "17", "count": 17}
        )
        program.on_detached("process-terminated")

    result, _ = run(app, writer)
    assert result.dropped == 17
    assert gaps(writer.path) == {("messages_dropped", ""): 17}


def test_a_capture_that_cannot_be_written_ends_the_run_with_the_reason(writer):
    """A full disk ends the run by itself, with the writer's one clear error."""

    def app(program) -> None:
        writer.failure = NotReadyError("events.jsonl: cannot be written: No space left on device", "free space")
        program.on_event({"type": "note", "t_ns": 1})

    with pytest.raises(NotReadyError, match="No space left"):
        run(app, writer)


def test_traffic_and_events_of_one_run_stand_in_one_capture(writer, proxy):
    """A real client talks through the real proxy while the program reports what it read."""

    def app(program) -> None:
        program.on_event(
            {"type": "api_call", "t_ns": time.time_ns(), "hook": "telephony.imei", "value": "356938035643809"}
        )
        post(client(proxy.port, proxy.ca_pem), b"imei=356938035643809")
        program.on_detached("process-terminated")

    result = run_live(lambda *callbacks: Program(*callbacks, app), proxy, writer)
    assert (result.flows, result.reason) == (1, "target_exit")
    assert flows(writer.path)[0].request.host == HOST
    assert events(writer.path, "api_call")[0]["value"] == "356938035643809"


CHILD = """
import sys, time
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_capture_live import NoProxy, Program, consent
from pia_runtime.capture.live import run_live
from pia_runtime.storage.writer import CaptureWriter
def app(program):
    program.on_event(consent("requested"))
    for number in range(10**6):
        program.on_event({"type": "note", "t_ns": number})
        time.sleep(0.001)
writer = CaptureWriter.create(Path(sys.argv[1]), {"app": {"package": "com.example.loan"}})
result = run_live(lambda *callbacks: Program(*callbacks, app), NoProxy(), writer, calibrate_every_s=0.1)
print(result.reason, result.events)
"""


@pytest.fixture
def child(tmp_path):
    """A run in a process of its own, some events in."""
    folder = tmp_path / "run"
    command = [sys.executable, "-c", CHILD, folder, Path(__file__).parent]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: (folder / "events.jsonl").exists() and len((folder / "events.jsonl").read_bytes()) > 5000)
        yield folder, process
        if process.poll() is None:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_a_run_in_order(child, number):
    """One Ctrl-C: no traceback, last events delivered, clock read again, end written."""
    folder, process = child
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert err == ""
    assert out.startswith("interrupted ")
    assert "last batch" in [line.get("text") for line in events(folder, "note")]
    written = session(folder)
    assert written["ended_ns"] > written["started_ns"]
    assert len(written["clock_samples"]) >= 20


def test_kill_9_leaves_a_capture_that_reads(child):
    """Whole lines only, dense numbers, clock samples so far; only the end is missing."""
    folder, process = child
    until(lambda: session(folder).get("clock_samples"))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert (folder / "events.jsonl").read_bytes().endswith(b"\n")
    assert [line["seq"] for line in events(folder)] == list(range(len(events(folder))))
    written = session(folder)
    assert written["clock_samples"]
    assert "ended_ns" not in written
