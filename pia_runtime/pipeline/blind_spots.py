"""Everything that could not be seen, counted by kind and host, each with why it matters."""

from collections import Counter
from collections.abc import Iterable, Mapping

from pia_runtime.knowledge.base import Knowledge
from pia_runtime.model.event import Events
from pia_runtime.model.finding import BlindSpot

Counts = Counter[tuple[str, str, str]]
"""(kind, host, detail) → how often."""

_LONGEST_DETAIL = 200

_WORST_FIRST = ("failed", "installed", "absent")
"""States of a hook, in the order in which one of several processes decides for all."""


def blind_spots(counts: Mapping[tuple[str, str, str], int], knowledge: Knowledge) -> tuple[BlindSpot, ...]:
    """Sorted by kind, host and detail. A kind that the knowledge does not explain is kept and says so."""
    return tuple(
        sorted(
            BlindSpot(kind, host, count, _why(kind, knowledge), detail)
            for (kind, host, detail), count in counts.items()
        )
    )


def _why(kind: str, knowledge: Knowledge) -> str:
    return knowledge.blind_spots.get(kind, {}).get("en", "recorded during the run; not explained by this knowledge")


def gaps_of(events: Events) -> Counts:
    """Gap events and hooks that failed, as counted blind spots."""
    counts: Counts = Counter()
    for occurrence in events.occurrences:
        if occurrence.type == "gap":
            kind = _text(occurrence.fields, "kind") or "undecodable"
            key = (kind, _text(occurrence.fields, "host"), _text(occurrence.fields, "detail"))
            counts[key] += _times(occurrence.fields)
    counts.update({("hook_failed", "", hook): 1 for hook in hooks_by_status(events).get("failed", ())})
    return counts


def hooks_by_status(events: Events) -> dict[str, list[str]]:
    """Hook ids by how they ended: in each process the latest report counts, and one process without it is a failure.

    A hook that was switched off after an error is failed although it was installed first; one that was absent until its class
    came is installed.
    """
    latest: dict[tuple[str, str], tuple[int, int, str]] = {}
    for occurrence in events.occurrences:
        status, hook = _text(occurrence.fields, "status"), _text(occurrence.fields, "hook")
        if occurrence.type == "hook_status" and status in _WORST_FIRST:
            key = (_text(occurrence.fields, "process"), hook)
            report = (occurrence.stamp.t_ns, occurrence.stamp.seq, status)
            latest[key] = max(latest.get(key, report), report)
    ended: dict[str, set[str]] = {}
    for (_, hook), (_, _, status) in latest.items():
        ended.setdefault(hook, set()).add(status)
    grouped: dict[str, list[str]] = {}
    for hook in sorted(ended):
        grouped.setdefault(next(status for status in _WORST_FIRST if status in ended[hook]), []).append(hook)
    return grouped


def processes_of(events: Events) -> list[str]:
    """Names of all processes that reported anything."""
    named: Iterable[str] = (str(name) for name in events.api_calls["process"].cat.categories)
    return sorted({*named, *(_text(o.fields, "process") for o in events.occurrences)} - {""})


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value[:_LONGEST_DETAIL] if isinstance(value, str) else ""


def _times(fields: Mapping[str, object]) -> int:
    """A gap event may stand for many; the count is what its sender wrote."""
    count = fields.get("count")
    return count if type(count) is int and count > 0 else 1
