"""The program behind :mod:`pia_runtime.capture.following`: ``python -m pia_runtime.capture.follow CAPTURE``.

Reads what is appended to the flow and event files of a capture that is being recorded, scans it as the analysis will, and prints
one JSON line for each flow in which something was found. Ends when its standard input does, which is when the recorder is gone.
"""

import contextlib
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from pia_runtime.detection.masking import mask
from pia_runtime.errors import PiaError
from pia_runtime.model.detection import Match
from pia_runtime.model.flow import Flow
from pia_runtime.model.session import Identifiers
from pia_runtime.pipeline.transmissions import Scan
from pia_runtime.storage.capture_reader import read_identifiers
from pia_runtime.storage.event_reader import parse_events
from pia_runtime.storage.flow_reader import flow_files, flow_of_record, read_records
from pia_runtime.storage.scanning import scanner_for

POLL_SECONDS = 0.2
MOST_BEHIND = 64 << 20
"""Bytes of flows that may wait; older ones are passed over (and told), the analysis after the run reads them all."""
MOST_VALUES = 5_000
"""Event lines with values that are remembered; address books are read again and again."""
_REST_AFTER_BUILD = 5
"""A new value is searched for at the earliest so many times later as making the search took."""
_NICE = 10
_JOURNAL = "flows-ws-"
_OUTGOING = ("request.", "websocket.client")


class Following:
    """Follows one capture; call :meth:`poll` again and again.

    Args:
        capture: folder of the recording.
        clock: seconds that only grow.
    """

    def __init__(self, capture: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._capture = capture
        self._clock = clock
        self._offsets: dict[Path, int] = {}
        self._events_at = 0
        self._lines: dict[bytes, bytes] = {}
        self._scan: Scan | None = None
        self._stale = True
        self._next_build = 0.0
        self._in_parts: set[str] = set()

    def poll(self) -> Iterator[dict[str, Any]]:
        """What was found in the flows that came since the last call: ``host``, ``data``, ``masked``, ``flow``; or ``skipped``."""
        self._read_events()
        if self._stale and self._clock() >= self._next_build:
            self._build()
        for file in flow_files(self._capture):
            yield from self._read_flows(file)

    def _build(self) -> None:
        start = self._clock()
        known = self._capture / "identifiers.json"
        identifiers = read_identifiers(known) if known.is_file() else Identifiers.model_validate({})
        session = orjson.loads((self._capture / "session.json").read_bytes())
        package = str((session.get("app") or {}).get("package") or "")
        self._scan, _ = scanner_for(identifiers, parse_events(self._lines.values()), package)
        self._stale = False
        self._next_build = self._clock() + _REST_AFTER_BUILD * (self._clock() - start)

    def _read_events(self) -> None:
        """Remember calls that returned something new, and transforms."""
        try:
            with (self._capture / "events.jsonl").open("rb") as file:
                file.seek(self._events_at)
                content = file.read()
        except FileNotFoundError:
            return
        whole = content.rfind(b"\n") + 1
        self._events_at += whole
        for line in content[:whole].splitlines():
            key = _value_in(line)
            if key is not None and key not in self._lines and len(self._lines) < MOST_VALUES:
                self._lines[key] = line
                self._stale = True

    def _read_flows(self, file: Path) -> Iterator[dict[str, Any]]:
        with contextlib.suppress(
            FileNotFoundError, PiaError
        ):  # a WebSocket's journal is removed when the whole flow stands
            at, size = self._offsets.get(file, 0), file.stat().st_size
            behind = size - at > MOST_BEHIND
            skipped = 0
            for offset, record in read_records(file, lambda _trouble: None, at, size):
                self._offsets[file] = offset + len(record) + len(b"%d:" % (len(record) - 1))
                if behind and size - offset > MOST_BEHIND // 2:
                    skipped += 1
                else:
                    yield from self._scanned(flow_of_record(record), in_parts=file.name.startswith(_JOURNAL))
            if skipped:
                yield {"skipped": skipped}

    def _scanned(self, flow: Flow | None, *, in_parts: bool) -> Iterator[dict[str, Any]]:
        if flow is None or self._scan is None:
            return
        if in_parts and flow.messages:
            self._in_parts.add(flow.id)
        elif flow.id in self._in_parts:
            self._in_parts.discard(flow.id)
            return
        try:
            matches, _ = self._scan(flow)
        except Exception:  # noqa: BLE001 - one hostile flow must not end the telling; the analysis names it as a blind spot
            return
        sent = [match for match in matches if match.location.startswith(_OUTGOING)]
        if sent:
            yield _told(flow, sent)


def _told(flow: Flow, sent: list[Match]) -> dict[str, Any]:
    masked = {match.data: mask(match.value) for match in reversed(sent)}
    return {"flow": flow.id, "host": flow.host, "data": sorted(masked), "masked": masked}


def _value_in(line: bytes) -> bytes | None:
    """What makes a line worth remembering: the data and value of a call, or a transform; None for anything else."""
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(event, dict):
        return None
    if event.get("type") == "transform":
        names: tuple[str, ...] = ("op", "input_b64", "output_b64")
    elif event.get("type") == "api_call" and event.get("data") and event.get("value") is not None:
        names = ("data", "value")
    else:
        return None
    return orjson.dumps([event.get(name) for name in names])


def main(capture: Path) -> None:
    """Follow until standard input ends; what was written until then is still scanned."""
    os.nice(_NICE)
    following = Following(capture)
    ended = False
    while True:
        for found in following.poll():
            sys.stdout.buffer.write(orjson.dumps(found) + b"\n")
            sys.stdout.buffer.flush()
        if ended:
            return
        ready, _, _ = select.select([sys.stdin], [], [], POLL_SECONDS)
        ended = bool(ready) and not os.read(sys.stdin.fileno(), 1)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        main(Path(sys.argv[1]))
