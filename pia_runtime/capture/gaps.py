"""What could not be seen during a run: repeated gaps are written sparsely, and every one is counted."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_DETAIL = 500
"""Characters of a detail that are kept; it may quote what a hostile peer sent."""


@dataclass(slots=True)
class _Tally:
    seen: int = 0
    written: int = 0


class GapLog:
    """Turns blind spots into ``gap`` events.

    An app that retries a refused handshake all day would fill the capture with one sentence. The same gap (kind, host,
    detail) is therefore written the 1st, 2nd, 4th, 8th … time it happens, each line with the ``count`` of occurrences
    since the line before. The counts of a whole capture add up to what happened; after ``kill -9`` at least half is
    there.

    Args:
        write: takes one event record and returns its number (:meth:`CaptureWriter.event`).
        now_ns: the host's clock.
    """

    def __init__(self, write: Callable[[dict[str, Any]], int], now_ns: Callable[[], int] = time.time_ns) -> None:
        self._write = write
        self._now_ns = now_ns
        self._tallies: dict[tuple[str, str, str], _Tally] = {}
        self._lock = threading.Lock()

    def report(self, kind: str, host: str, detail: str) -> None:
        """Count one gap, and write it when its number is a power of two.

        Args:
            kind: as in the capture format (``tls_failed``, ``quic_blocked``, ``undecodable``, …).
            host: the host it concerns, or "" where there is none.
            detail: one sentence for a person.
        """
        key = (kind, host, " ".join(detail.split())[:MAX_DETAIL])
        with self._lock:
            tally = self._tallies.setdefault(key, _Tally())
            tally.seen += 1
            if tally.seen & (tally.seen - 1) == 0:
                self._put(key, tally)

    def flush(self) -> None:
        """Write what was counted but not written yet; at the end of a run."""
        with self._lock:
            for key, tally in self._tallies.items():
                if tally.seen > tally.written:
                    self._put(key, tally)

    def _put(self, key: tuple[str, str, str], tally: _Tally) -> None:
        kind, host, detail = key
        count = tally.seen - tally.written
        tally.written = tally.seen
        record = {"type": "gap", "t_ns": self._now_ns(), "clock": "host", "kind": kind, "host": host}
        self._write({**record, "detail": detail, "count": count})
