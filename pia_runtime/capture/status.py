"""What a tester sees of a run while it goes on: counts, phase, clock, the newest reads and transmissions, and what is not seen.

Everything here is for the eye. Whoever runs something (a live run, a replay, the demonstration) keeps a :class:`LiveLog`, tells
it what happens, and calls a view (:mod:`pia_runtime.capture.view`) with a :class:`LiveStatus` about ten times a second.
"""

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pia_runtime.capture.calibrating import ClockOffset
from pia_runtime.model.detection import Phase

MOST_SIGHTINGS = 50
"""Newest reads and transmissions that are remembered; a view shows fewer."""

_MOST_GAPS = 200
_LONGEST = 200
_FRAMEWORK = ("java.", "javax.", "android.", "androidx.", "kotlin.", "dalvik.", "com.android.", "sun.", "jdk.")

_PHASES: dict[str, Phase] = {
    "requested": "before_choice",
    "given": "after_grant",
    "refused": "after_refusal",
    "withdrawn": "after_withdrawal",
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """One read, attempt or transmission as it comes in; the analysis judges it later, with clock errors in hand.

    Attributes:
        data: taxonomy ids.
        where: the API that was called, or the host it went to.
        who: the package of the calling code, "" where nothing says it.
        phase: the phase shown when it came in.
        count: how many alike came in a row.
    """

    act: Literal["access", "attempt", "transmission"]
    data: tuple[str, ...]
    where: str
    who: str
    phase: Phase
    count: int = 1

    def resembles(self, other: "Sighting") -> bool:
        """Whether both say the same, whatever their counts."""
        return replace(self, count=0) == replace(other, count=0)


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """A run at one moment.

    Attributes:
        phase: what the policy's consent signals so far say, ``unknown`` before the first; for the eye only, the analysis
            decides with clock errors in hand.
        clock: how far the device's clock is ahead, or None where it was not measured.
        typing: the note being typed, or None.
        newest: newest reads, attempts and transmissions, the newest first.
        unseen: (kind, host) → how often something could not be seen, the most frequent first.
        said: the last thing that a key did, "" before the first.
    """

    elapsed_s: float
    flows: int
    events: int
    dropped: int
    phase: Phase
    clock: ClockOffset | None
    typing: str | None = None
    newest: tuple[Sighting, ...] = ()
    unseen: tuple[tuple[tuple[str, str], int], ...] = ()
    said: str = ""


def phase_after(event: Mapping[str, Any], phase: Phase) -> Phase:
    """The phase to show once an event has come in, given the one shown before it."""
    if event.get("type") == "consent" and event.get("scope") == "policy":
        return _PHASES.get(str(event.get("signal")), phase)
    return phase


class LiveLog:
    """Remembers what a view shows. Takes anything, keeps little, raises nothing; safe to call from several threads.

    Attributes:
        phase: the phase to show now.
        said: the last thing that a key did.
    """

    def __init__(self) -> None:
        self.phase: Phase = "unknown"
        self.said = ""
        self._newest: deque[Sighting] = deque(maxlen=MOST_SIGHTINGS)
        self._gaps: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def event(self, record: Mapping[str, Any]) -> None:
        """Take one event as it is written."""
        with self._lock:
            self.phase = phase_after(record, self.phase)
            kind = record.get("type")
            if kind == "api_call":
                self._call(record)
            elif kind == "gap":
                self._gap(record)

    def sent(self, data: tuple[str, ...], host: str) -> None:
        """Take one detection in a flow."""
        with self._lock:
            self._add(Sighting("transmission", data, host[:_LONGEST], "", self.phase))

    @property
    def newest(self) -> tuple[Sighting, ...]:
        """The newest first."""
        with self._lock:
            return tuple(self._newest)

    @property
    def unseen(self) -> tuple[tuple[tuple[str, str], int], ...]:
        """(kind, host) with how often, the most frequent first."""
        with self._lock:
            return tuple(sorted(self._gaps.items(), key=lambda item: (-item[1], item[0])))

    def _call(self, record: Mapping[str, Any]) -> None:
        given = record.get("data")
        data = tuple(one for one in given if isinstance(one, str)) if isinstance(given, list) else ()
        if not data:
            return
        nothing = bool(record.get("threw")) or ("value" in record and record["value"] is None)
        api = str(record.get("api") or record.get("hook") or "")
        act: Literal["attempt", "access"] = "attempt" if nothing else "access"
        self._add(Sighting(act, data, api[:_LONGEST], _caller(record.get("stack")), self.phase))

    def _gap(self, record: Mapping[str, Any]) -> None:
        key = (str(record.get("kind") or "undecodable")[:80], str(record.get("host") or "")[:_LONGEST])
        count = record.get("count")
        if key in self._gaps or len(self._gaps) < _MOST_GAPS:
            self._gaps[key] += count if type(count) is int and count > 0 else 1

    def _add(self, sighting: Sighting) -> None:
        if self._newest and self._newest[0].resembles(sighting):
            before = self._newest.popleft()
            sighting = replace(sighting, count=before.count + 1)
        self._newest.appendleft(sighting)


def _caller(stack: object) -> str:
    """The package of the innermost frame that is not the platform's own, at most three parts of its name."""
    for frame in stack if isinstance(stack, list) else ():
        if isinstance(frame, str) and not frame.startswith(_FRAMEWORK):
            parts = frame.partition("(")[0].split(".")[:-2]
            return ".".join(parts[:3])[:_LONGEST]
    return ""
