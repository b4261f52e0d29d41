"""A recorded run shown again: its records come at their pace through the writer and the status of a live run."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path
from typing import Any, Literal, Protocol

import orjson

from pia_runtime import __version__
from pia_runtime.capture.calibrating import ClockOffset, offset_of
from pia_runtime.capture.following import Follower
from pia_runtime.capture.interrupting import Interruption
from pia_runtime.capture.live import TICK_SECONDS
from pia_runtime.capture.status import LiveLog, LiveStatus
from pia_runtime.model.session import ClockSample, Session
from pia_runtime.storage.capture_reader import open_capture
from pia_runtime.storage.flow_reader import flow_files
from pia_runtime.storage.folder import claim_folder, replace_file, unwritable
from pia_runtime.storage.recorded import EVENTS_FILE, Record, other_files, read_recorded
from pia_runtime.storage.writer import CaptureWriter

PROVENANCE = "replay.json"
"""What a replayed folder says of where it comes from; the analysis does not read it."""

FASTEST = 1024.0
_SLOWEST = 1 / 64


@dataclass(frozen=True, slots=True)
class Pace:
    """How a run is shown.

    Attributes:
        speed: how much faster than it was recorded; None does not wait at all.
        step: wait for the person before each record.
        idle_limit_s: silences are not waited out beyond this many seconds of the recording.
    """

    speed: float | None = 1.0
    step: bool = False
    idle_limit_s: float | None = None


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What was shown: ``finished`` all of it, ``quit`` and ``interrupted`` (Ctrl-C) a part."""

    reason: Literal["finished", "quit", "interrupted"]
    flows: int
    events: int


class Reader(Protocol):
    """Where keys come from (:class:`pia_runtime.capture.replay_controls.Controls` is one)."""

    def read(self, timeout_s: float) -> str:
        """Wait up to ``timeout_s`` and return what was pressed."""


def replay_capture(
    source: Path,
    out: Path,
    *,
    pace: Pace,
    controls: Reader,
    show: Callable[[LiveStatus], None],
    tell: Callable[[Record, int], None] | None = None,
    follow: bool = False,
) -> ReplayResult:
    """Show a capture again and write what is shown into another folder, byte for byte as it stands in the first.

    What belongs to the capture besides its streams is there from the start; ``derived/`` and the seal are not taken over.

    Args:
        source: the capture.
        out: a folder that does not exist yet or is empty.
        pace: how fast, and whether step by step.
        controls: the person's keys, already entered.
        show: called about ten times a second, with the time of the recording.
        tell: called with each record and its distance from the start of the run, ns, as it comes.
        follow: scan what is shown for personal data meanwhile, as a live run does.

    Raises:
        InputError: ``source`` is no capture, or ``out`` is not empty.
        NotReadyError: ``out`` cannot be written.
    """
    capture = open_capture(source)
    _prepare(source, out)
    streams = [file.name for file in flow_files(source)]
    streams += [EVENTS_FILE] if (source / EVENTS_FILE).is_file() else []
    records = read_recorded(source, capture.session.clock_samples, capture.session.ended_ns)
    placed = [str(name) for name in other_files(out) if name.name != "commitment.key"]
    with CaptureWriter(out, capture.session.model_dump(mode="json", by_alias=True), streams, placed) as writer:
        log = LiveLog()
        player = _Player(writer, capture.session, pace, controls, show, tell, log)
        following = Follower(out, log.sent) if follow else nullcontext()
        with Interruption() as interruption, following:
            reason = player.play(records, interruption)
    _say_origin(source, out, reason)
    return ReplayResult(reason, writer.flows, writer.events)


def _prepare(source: Path, out: Path) -> None:
    try:
        claim_folder(out)
        for name in other_files(source):
            (out / name.parent).mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(out / name, (source / name).read_bytes())
    except OSError as error:
        raise unwritable(out, error) from error


def _say_origin(source: Path, out: Path, reason: str) -> None:
    names = [file.name for file in (*flow_files(source), source / EVENTS_FILE) if file.is_file()]
    names += [str(name) for name in other_files(source) if name.name != "commitment.key"]
    digests = {name: _sha256(source / name) for name in sorted(names)}
    origin = {"schema": "pia.replay/1", "pia_runtime": __version__, "ended": reason, "of": digests}
    replace_file(out / PROVENANCE, orjson.dumps(origin, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


class _Player:
    """Gives each record when its time has come."""

    def __init__(
        self,
        writer: CaptureWriter,
        session: Session,
        pace: Pace,
        controls: Reader,
        show: Callable[[LiveStatus], None],
        tell: Callable[[Record, int], None] | None,
        log: LiveLog,
    ) -> None:
        self._writer, self._pace, self._controls, self._show, self._tell = writer, pace, controls, show, tell
        self._samples = sorted(session.clock_samples, key=lambda sample: sample.host_ns)
        self._started = session.started_ns
        self._at = session.started_ns or 0
        self._shown = 0.0
        self._paused = pace.step
        self._steps = 0
        self._log = log
        self._over: Literal["", "quit"] = ""

    def play(self, records: Iterable[Record], interruption: Interruption) -> Literal["finished", "quit", "interrupted"]:
        for record in records:
            if self._started is None:
                self._started = self._at = record.at_ns
            self._wait(record.at_ns, interruption)
            if interruption.is_set():
                return "interrupted"
            if self._over:
                return self._over
            self._give(record)
        self._status(self._at)
        return "finished"

    def _give(self, record: Record) -> None:
        self._at = max(self._at, record.at_ns)
        if record.kind == "event":
            self._log.event(record.content or {})
        self._writer.repeat(record.file, record.raw)
        if self._tell:
            self._tell(record, self._at - (self._started or 0))
        self._steps = max(0, self._steps - 1)

    def _wait(self, at_ns: int, interruption: Interruption) -> None:
        gap_s = max(0, at_ns - self._at) / 1e9
        if self._pace.idle_limit_s is not None:
            gap_s = min(gap_s, self._pace.idle_limit_s)
        left_s, last = gap_s, time.monotonic()
        while not (interruption.is_set() or self._over):
            self._status(at_ns - round(left_s * 1e9), due=False)
            if self._paused:
                if self._steps:
                    return
                self._take(self._controls.read(TICK_SECONDS))
                last = time.monotonic()
                continue
            now, speed = time.monotonic(), self._pace.speed
            left_s = 0.0 if speed is None else left_s - (now - last) * speed
            last = now
            if left_s <= 0:
                return
            self._take(self._controls.read(min(TICK_SECONDS, left_s / (speed or 1))))

    def _take(self, keys: str) -> None:
        for key in keys:
            if key == " ":
                self._paused = not self._paused
            elif key in "\r\n.":
                self._paused, self._steps = True, self._steps + 1
            elif key in "+-" and self._pace.speed is not None:
                speed = self._pace.speed * (2 if key == "+" else 0.5)
                self._pace = replace(self._pace, speed=min(max(speed, _SLOWEST), FASTEST))
            elif key == "q":
                self._over = "quit"

    def _status(self, at_ns: int, *, due: bool = True) -> None:
        now = time.monotonic()
        if not due and now - self._shown < TICK_SECONDS:
            return
        self._shown = now
        elapsed = max(0, at_ns - (self._started or 0)) / 1e9
        counts = (self._writer.flows, self._writer.events, 0)
        log, clock = self._log, _offset_at(self._samples, at_ns)
        self._show(LiveStatus(elapsed, *counts, log.phase, clock, None, log.newest, log.unseen))


def _offset_at(samples: Sequence[ClockSample], at_ns: int) -> ClockOffset | None:
    """The device clock as it was known at an instant: by the exchange last made before it."""
    made = [sample for sample in samples if sample.host_ns <= at_ns]
    newest: list[dict[str, Any]] = [sample.model_dump() for sample in made[-3:]]
    return offset_of(newest) if newest else None
