"""Which finding of an earlier run is which of a later one: by id, then by stated matches that survive renaming and moving."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pia_runtime.detection.stack_frames import code_name, is_generated
from pia_runtime.model.event import scope_key

Finding = Mapping[str, Any]
Detections = Mapping[str, Mapping[str, Any]]
How = Literal["id", "same_actor", "same_recipient", "second_id", "same_place"]

HOW: Mapping[How, str] = {
    "id": "same rule, act, data, actor and domain",
    "same_actor": "same rule, act, data and actor; another domain",
    "same_recipient": "same rule, act, data and domain or company; other code",
    "second_id": "same rule, act, data, kind of actor, and APIs called or places in the request",
    "same_place": "same rule, act and data, and APIs called or places in the request; one run could not name whose code it was",
}
"""What two findings share that are paired by each match, tried in this order."""


@dataclass(frozen=True, slots=True)
class Match:
    """One fault seen in two runs.

    Attributes:
        several: more than one finding on a side fitted; the pair is one of them, and the fault is there in any case.
    """

    before: str
    after: str
    how: How
    several: bool = False


@dataclass(frozen=True, slots=True)
class Matches:
    """All pairs by the id of the earlier finding.

    Attributes:
        doubtful: earlier findings without a pair that fitted what was paired with another: which of them is gone cannot be told.
    """

    pairs: dict[str, Match] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()


def match_findings(
    before: Sequence[Finding], after: Sequence[Finding], seen_before: Detections, seen_after: Detections
) -> Matches:
    """Pair the findings of two analysis documents.

    Args:
        before: findings of the earlier run.
        after: findings of the later run.
        seen_before: detections of the earlier run by id.
        seen_after: detections of the later run by id.
    """
    pairs: dict[str, Match] = {}
    taken: set[str] = set()
    doubtful: set[str] = set()
    for how, key in _STEPS:
        old = _grouped((f for f in before if f["id"] not in pairs), key, seen_before)
        new = _grouped((f for f in after if f["id"] not in taken), key, seen_after)
        for name in sorted(old.keys() & new.keys(), key=repr):
            several = max(len(old[name]), len(new[name])) > 1
            for one, other in zip(old[name], new[name], strict=False):
                if one["id"] not in pairs and other["id"] not in taken:
                    pairs[one["id"]] = Match(one["id"], other["id"], how, several)
                    taken.add(other["id"])
            doubtful.update(one["id"] for one in old[name][len(new[name]) :])
    return Matches(pairs, frozenset(doubtful - pairs.keys()))


def place_of(detection: Mapping[str, Any]) -> str:
    """The API that was called, or where in a request the value stood."""
    if detection.get("act") != "transmission":
        return str(detection.get("api"))
    named = (step for step in detection.get("path") or () if step.partition(":")[0] in _PLACES)
    return f"{detection.get('location')} {'/'.join(named)}".strip()


def form_of(detection: Mapping[str, Any]) -> str:
    """How a value was written: the decodings on the way to it and its own encoding (``gunzip base64 md5``).

    Numbers of events (``decrypt:17``) are left out: they differ from run to run.
    """
    kinds = (step.partition(":")[0] for step in detection.get("path") or ())
    return " ".join([*(kind for kind in kinds if kind not in _PLACES), str(detection.get("encoding") or "")]).strip()


_PLACES = frozenset({"json", "form", "header", "cookie", "segment", "message", "multipart", "url", "sse", "xml"})
"""Steps of a path that name a place; all others undo an encoding."""


def _grouped(
    findings: Iterable[Finding], key: Callable[[Finding, Detections], Iterable[Hashable]], seen: Detections
) -> dict[Hashable, list[Finding]]:
    groups: dict[Hashable, list[Finding]] = defaultdict(list)
    for finding in sorted(findings, key=lambda one: str(one["id"])):
        for name in key(finding, seen):
            groups[name].append(finding)
    return groups


def _base(finding: Finding) -> tuple[Hashable, ...]:
    told = (finding.get(name) for name in ("rule", "act", "data", "state"))
    return (*told, scope_key(str(finding.get("scope") or "")))


def _by_id(finding: Finding, _: Detections) -> Iterable[Hashable]:
    yield finding["id"]


def _by_actor(finding: Finding, _: Detections) -> Iterable[Hashable]:
    actor, recipient = finding.get("actor") or {}, finding.get("recipient") or {}
    if recipient and actor.get("kind") == "sdk" and actor.get("id"):
        yield (*_base(finding), actor["id"])


def _by_recipient(finding: Finding, _: Detections) -> Iterable[Hashable]:
    recipient = finding.get("recipient") or {}
    for part in ("domain", "company"):
        if recipient.get(part):
            yield (*_base(finding), part, recipient[part])


def _by_second_id(finding: Finding, _: Detections) -> Iterable[Hashable]:
    if finding.get("second_id"):
        yield finding["second_id"]


def _by_place(finding: Finding, seen: Detections) -> Iterable[Hashable]:
    mine = [seen[one] for one in finding.get("detections") or () if one in seen]
    places = {place_of(one) for one in mine}
    kind = (finding.get("actor") or {}).get("kind") or "unknown"
    either = kind == "unknown" or (kind == "app" and any(map(_through_foreign_code, mine)))
    for owner in ("app", "sdk") if either else (kind,):
        if places:  # app and SDK are told apart by name: only code that hides its name can be either
            yield (*_base(finding), frozenset(places), owner)


_PLATFORM = (
    "android.",
    "androidx.",
    "java.",
    "javax.",
    "kotlin.",
    "kotlinx.",
    "dalvik.",
    "com.android.",
    "libcore.",
    "sun.",
)


def _through_foreign_code(detection: Mapping[str, Any]) -> bool:
    """Whether an act that counts as the app's came through code of another name, as of an SDK that nobody has listed."""
    package = str((detection.get("actor") or {}).get("id"))
    for frame in detection.get("stack") or ():
        name = code_name(str(frame))
        if name == package or name.startswith(f"{package}."):
            return False
        if name and not name.startswith(_PLATFORM) and not is_generated(name):
            return True
    return False


_STEPS: tuple[tuple[How, Callable[[Finding, Detections], Iterable[Hashable]]], ...] = (
    ("id", _by_id),
    ("same_actor", _by_actor),
    ("same_recipient", _by_recipient),
    ("second_id", _by_second_id),
    ("same_place", _by_place),
)
