"""Who took which kind of data when: detections grouped by actor and laid into one lane per kind of data.

Every timeline (terminal, page, later pictures) has this order: who acted first stands on top.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from pia_runtime.reports.labels import Document

Detection = dict[str, Any]
ActorKey = tuple[str, str, str]
"""kind, id and name; the last two may be empty."""

VERDICTS = ("without_consent", "indeterminate", "with_consent")
"""From the gravest on."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One kind of data, taken by one actor; ``detections`` in time order."""

    data: str
    detections: tuple[Detection, ...]

    def count(self, **wanted: str) -> int:
        """How many detections have all of ``wanted`` (``act="access"``)."""
        return sum(all(detection.get(name) == value for name, value in wanted.items()) for detection in self.detections)


@dataclass(frozen=True, slots=True)
class ActorLanes:
    """The lanes of one actor."""

    actor: ActorKey
    lanes: tuple[Lane, ...]


def actor_key(actor: dict[str, Any] | None) -> ActorKey:
    """A hashable form of a document's ``actor``."""
    actor = actor or {}
    return (str(actor.get("kind") or "unknown"), str(actor.get("id") or ""), str(actor.get("name") or ""))


def dated_detections(document: Document) -> list[Detection]:
    """The detections that have a time, by time and then id."""
    dated = [detection for detection in document.get("detections") or () if detection.get("t_ns") is not None]
    return sorted(dated, key=lambda detection: (detection["t_ns"], str(detection.get("id"))))


def actor_lanes(document: Document) -> tuple[ActorLanes, ...]:
    """All lanes, actors and lanes each in the order of their first detection."""
    actors: dict[ActorKey, dict[str, list[Detection]]] = {}
    for detection in dated_detections(document):
        lanes = actors.setdefault(actor_key(detection.get("actor")), {})
        lanes.setdefault(str(detection.get("data")), []).append(detection)
    return tuple(
        ActorLanes(actor, tuple(Lane(data, tuple(found)) for data, found in lanes.items()))
        for actor, lanes in actors.items()
    )


def verdict_counts(document: Document) -> Counter[str]:
    """Number of detections by verdict."""
    return Counter(str(detection.get("verdict")) for detection in document.get("detections") or ())
