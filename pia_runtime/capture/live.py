"""One live run: the app is started with proxy and hooks in place, watched until it ends, and the capture closed whole."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pia_runtime.capture.calibrating import Calibrator
from pia_runtime.capture.gaps import GapLog
from pia_runtime.capture.instrument import Connect, Instrument
from pia_runtime.capture.interrupting import Interruption
from pia_runtime.capture.keys import KeyReader
from pia_runtime.capture.screenshot import Screenshots
from pia_runtime.capture.status import LiveLog, LiveStatus
from pia_runtime.errors import PiaError
from pia_runtime.storage.writer import CaptureWriter

Reason = Literal["target_exit", "duration", "interrupted", "quit", "scenario"]

TICK_SECONDS = 0.1
"""How often a run looks after its keys, clock and end."""


class RecordingProxy(Protocol):
    """The proxy of a run, already started."""

    def stop(self) -> None:
        """Write everything that is open and end."""


@dataclass(frozen=True, slots=True)
class LiveResult:
    """How a run ended.

    Attributes:
        reason: ``target_exit``, ``duration``, ``interrupted`` (Ctrl-C), ``quit`` (key q) or ``scenario`` (nothing is left
            to do of it).
        detail: what the instrument said about the end of the app, or "".
    """

    reason: Reason
    flows: int
    events: int
    dropped: int
    detail: str = ""


def run_live(
    connect: Connect,
    proxy: RecordingProxy,
    writer: CaptureWriter,
    *,
    keys: KeyReader | None = None,
    status: Callable[[LiveStatus], None] | None = None,
    duration_s: float | None = None,
    calibrate_every_s: float = 5.0,
    take_screenshot: Callable[[], bytes] | None = None,
    log: LiveLog | None = None,
    is_over: Callable[[], bool] | None = None,
) -> LiveResult:
    """Run the app until it exits, the time is up, the tester quits or presses Ctrl-C; then close the capture.

    Args:
        connect: makes the instrument, given where events and the app's end are to be told.
        proxy: the recording proxy, started; it is stopped at the end.
        writer: the capture; it is closed at the end, however the run ends.
        keys: the tester's keys, already entered, or None.
        status: called about ten times a second.
        duration_s: seconds after which the run ends, or None.
        calibrate_every_s: seconds between clock exchanges during the run.
        take_screenshot: returns the device's screen as PNG (key s), or None where there is no screen.
        log: what the status shows of the newest; also told by others, for instance a scanner in the proxy.
        is_over: whether whoever drives the app has done so to the end, or None where a person decides.

    Raises:
        NotReadyError: the app could not be started, or the capture could not be written; what was written is whole.
    """
    run = _Run(connect, writer, status, calibrate_every_s, take_screenshot, log or LiveLog())
    with Interruption() as interruption:
        try:
            run.begin()
            reason = run.watch(keys, duration_s, interruption, is_over)
            run.finish(reason)
        finally:
            _close(run.instrument, proxy, writer, run.gaps)
    if writer.failure is not None:
        raise writer.failure
    return LiveResult(reason, writer.flows, writer.events, run.dropped, run.detail)


class _Run:
    def __init__(
        self,
        connect: Connect,
        writer: CaptureWriter,
        status: Callable[[LiveStatus], None] | None,
        calibrate_every_s: float,
        take_screenshot: Callable[[], bytes] | None,
        log: LiveLog,
    ) -> None:
        self.detail = ""
        self._log = log
        writer.on_event = log.event
        self.gaps = GapLog(writer.event)
        self.instrument = connect(self._on_event, self._on_detached)
        self._writer = writer
        self._status = status
        self._calibrator = Calibrator(self.instrument, writer, self.gaps, calibrate_every_s)
        self._screenshots = Screenshots(take_screenshot, writer, log)
        self._detached = threading.Event()
        self._started = time.monotonic()

    @property
    def dropped(self) -> int:
        return self.instrument.dropped + self._writer.dropped

    def begin(self) -> None:
        self._writer.update_session(started_ns=time.time_ns())
        self.instrument.start()
        self._started = time.monotonic()
        self._writer.update_session(tools=self.instrument.tools)
        if not self._detached.is_set():
            self._calibrator.measure()

    def watch(
        self,
        keys: KeyReader | None,
        duration_s: float | None,
        interruption: Interruption,
        is_over: Callable[[], bool] | None = None,
    ) -> Reason:
        while self._writer.failure is None:
            elapsed = time.monotonic() - self._started
            if interruption.is_set():
                return "interrupted"
            if self._detached.is_set():
                return "target_exit"
            if duration_s is not None and elapsed >= duration_s:
                return "duration"
            if is_over is not None and is_over():
                return "scenario"
            if self._take_keys(keys):
                return "quit"
            self._calibrator.tick()
            self._show(elapsed, keys)
        raise self._writer.failure

    def finish(self, reason: Reason) -> None:
        if reason == "target_exit":
            self._record_exit()
        else:
            self._calibrator.measure()
        self._calibrator.end()
        self._screenshots.end()

    def _take_keys(self, keys: KeyReader | None) -> bool:
        if keys is None:
            self._detached.wait(TICK_SECONDS)
            return False
        marks = keys.read(TICK_SECONDS)
        for mark in marks:
            self._log.said = mark.said
            if mark.wants == "screenshot":
                self._screenshots.take()
            elif mark.record is not None:
                self._on_event(mark.record)
        return any(mark.wants == "end" for mark in marks)

    def _show(self, elapsed: float, keys: KeyReader | None) -> None:
        if self._status is not None:
            typing = keys.typing if keys is not None else None
            counts = (self._writer.flows, self._writer.events, self.dropped)
            log = self._log
            newest = (log.newest, log.unseen, log.said)
            self._status(LiveStatus(elapsed, *counts, log.phase, self._calibrator.offset, typing, *newest))

    def _record_exit(self) -> None:
        now = time.time_ns()
        record = {"type": "lifecycle", "t_ns": now, "clock": "host", "state": "process_exit", "reason": self.detail}
        self._writer.event(record)
        if self.detail not in _ORDERLY_ENDS:
            self.gaps.report("target_lost", "", f"the app is no longer watched: {self.detail}")

    # Both are called from the instrument's own threads, which an error of the capture must not reach.
    def _on_event(self, record: dict[str, Any]) -> None:
        if record.get("type") == "tls_key":
            self._on_tls_key(str(record["line"]))
            return
        try:
            self._writer.event(record)
        except PiaError:
            self._detached.set()  # wakes the watch, which finds the writer's failure

    def _on_tls_key(self, line: str) -> None:
        try:
            self._writer.tls_key(line)
        except PiaError:
            self._detached.set()

    def _on_detached(self, reason: str) -> None:
        self.detail = self.detail or reason
        self._detached.set()


_ORDERLY_ENDS = ("process-terminated", "application-requested")


def _close(instrument: Instrument, proxy: RecordingProxy, writer: CaptureWriter, gaps: GapLog) -> None:
    """End everything in the order in which nothing is lost, whatever each step does."""
    try:
        instrument.stop()
    except Exception as fault:  # noqa: BLE001 - an app that died half-way must not keep the capture from being closed
        gaps.report("target_lost", "", f"ending the app: {type(fault).__name__}: {fault}")
    finally:
        try:
            proxy.stop()
            gaps.flush()
            writer.update_session(ended_ns=time.time_ns())
        except PiaError:
            pass  # kept as the writer's `failure`, which run_live raises
        finally:
            writer.close()
