"""A capture's own bytes in the order in which they were written: event lines and flow records, each with the moment of writing.

Nothing is interpreted that the analysis would interpret: a line that is no JSON and a record that is torn are given as they
stand. The moment is for showing a run again at its pace and never evidence: a flow is written when it is finished, an event
when it arrived, and no stream was ever written backwards.
"""

import heapq
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from pia_runtime.errors import unreadable
from pia_runtime.model.session import ClockSample
from pia_runtime.storage.flow_mapping import LAST_SECOND
from pia_runtime.storage.flow_reader import flow_files, read_records

EVENTS_FILE = "events.jsonl"
_LONGEST_PREFIX = 13
_FAR = 1 << 64
NOT_COPIED = ("derived", "evidence.json", "chain.jsonl", "knowledge.json", "annotations.jsonl", "replay.json")
"""What is computed from a capture, or speaks of its very files and how they came about."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line or one flow as it stands in its file.

    Attributes:
        file: name of the file in the capture.
        raw: the bytes, with the newline or the length and type of the record.
        at_ns: when it was written, host clock, as far as it says; never before the record ahead of it in its stream.
        content: the event, or the flow's state as mitmproxy stores it; None where it cannot be read.
    """

    kind: Literal["event", "flow"]
    file: str
    raw: bytes
    at_ns: int
    content: dict[str, Any] | None


def read_recorded(folder: Path, samples: Sequence[ClockSample] = (), ended_ns: int | None = None) -> Iterator[Record]:
    """Every record of a capture, in the order of writing; the records of one file keep their order in any case.

    Args:
        folder: the capture.
        samples: clock samples, by which the device's times are put on the host's clock.
        ended_ns: no record was written later than this, whatever it says of its own time.

    Raises:
        InputError: a file cannot be read, or a flow file is none.
    """
    streams = (_events(folder, _DeviceClock(samples), ended_ns), _flows(folder, ended_ns))
    return heapq.merge(*streams, key=lambda record: record.at_ns)


def other_files(folder: Path) -> list[Path]:
    """Everything of a capture that is no stream and not computed, as paths relative to it, in order."""
    streams = {EVENTS_FILE, *(file.name for file in flow_files(folder))}
    found = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    return sorted(path for path in found if path.parts[0] not in NOT_COPIED and str(path) not in streams)


class _DeviceClock:
    """The host's time of a device's time, by the nearest sample; without samples the two are taken as one."""

    def __init__(self, samples: Sequence[ClockSample]) -> None:
        ordered = sorted(samples, key=lambda sample: sample.device_ns)
        self._device = [sample.device_ns for sample in ordered]
        self._ahead = [sample.device_ns - sample.host_ns for sample in ordered]

    def to_host(self, t_ns: int) -> int:
        if not self._device:
            return t_ns
        at = bisect(self._device, t_ns)
        near = min((at - 1, at), key=lambda n: abs(self._device[n] - t_ns) if 0 <= n < len(self._device) else _FAR)
        return t_ns - self._ahead[near]


class _Pace:
    """The running maximum of a stream's times, none beyond the end of the run."""

    def __init__(self, ended_ns: int | None) -> None:
        self._ended_ns = ended_ns
        self._now = 0

    def at(self, t_ns: int | None) -> int:
        if t_ns is not None:
            self._now = max(self._now, t_ns if self._ended_ns is None else min(t_ns, self._ended_ns))
        return self._now


def _events(folder: Path, clock: _DeviceClock, ended_ns: int | None) -> Iterator[Record]:
    path, pace = folder / EVENTS_FILE, _Pace(ended_ns)
    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            for line in file:
                content = _object(line)
                yield Record("event", path.name, line, pace.at(_event_time(content, clock)), content)
    except OSError as error:
        raise unreadable(path, error) from error


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        content = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return content if isinstance(content, dict) else None


def _event_time(content: dict[str, Any] | None, clock: _DeviceClock) -> int | None:
    t_ns = content.get("t_ns") if content else None
    if content is None or type(t_ns) is not int:
        return None
    return clock.to_host(t_ns) if content.get("clock") == "device" else t_ns


def _flows(folder: Path, ended_ns: int | None) -> Iterator[Record]:
    pace = _Pace(ended_ns)
    for path in flow_files(folder):
        end = 0
        with path.open("rb") as file:
            for offset, record in read_records(path, lambda _: None):
                file.seek(offset)
                raw = file.read(_LONGEST_PREFIX).partition(b":")[0] + b":" + record
                end = offset + len(raw)
                state = _state(record)
                yield Record("flow", path.name, raw, pace.at(finished_ns(state)), state)
            file.seek(end)
            torn = file.read()
        if torn:
            yield Record("flow", path.name, torn, pace.at(None), None)


def _state(record: bytes) -> dict[str, Any] | None:
    from mitmproxy.io import tnetstring

    try:
        state = tnetstring.parse(record[-1], memoryview(record)[:-1])
    except (ValueError, RecursionError):
        return None
    return state if isinstance(state, dict) else None


def finished_ns(state: dict[str, Any] | None) -> int | None:
    """When a flow was over: the latest of the times that its state names, ns; None where it names none."""
    found = [seconds for part in _PARTS for seconds in _times((state or {}).get(part))]
    return max((round(seconds * 1e9) for seconds in found if 0 < seconds < LAST_SECOND), default=None)


_PARTS = ("request", "response", "websocket", "error", "messages")
_TIME_NAMES = ("timestamp_start", "timestamp_end", "timestamp")


def _times(part: object) -> Iterator[float]:
    """The times of a part of a flow; a message of a WebSocket or a stream is a list that holds one."""
    if isinstance(part, dict):
        yield from (part[name] for name in _TIME_NAMES if isinstance(part.get(name), float | int))
        yield from _times(part.get("messages"))
    elif isinstance(part, list) and part and isinstance(part[-1], list):
        yield from (value for value in part[-1] if isinstance(value, float))
