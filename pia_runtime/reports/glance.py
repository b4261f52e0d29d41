"""What a reader must see first: how much happened before consent, after a refusal, after a withdrawal, and what is undecided."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pia_runtime.reports.labels import Document
from pia_runtime.reports.lanes import Detection
from pia_runtime.reports.wording import Wording

MOST_KINDS = 8
"""Kinds of data that are named; the others are counted."""

_AFTER = ("after_refusal", "after_withdrawal")


@dataclass(frozen=True, slots=True)
class Glance:
    """All detections of one part of the run.

    Attributes:
        part: ``before_consent``, ``after_refusal``, ``after_withdrawal``, ``indeterminate`` or ``with_consent``.
        kinds: taxonomy ids, most frequent first.
        third_parties: hosts of third parties that received something.
    """

    part: str
    reads: int
    attempts: int
    sends: int
    kinds: tuple[str, ...]
    third_parties: tuple[str, ...]


def glances(document: Document) -> Iterator[Glance]:
    """The parts in this order; ``before_consent`` always, the others where something happened in them."""
    parts: dict[str, list[Detection]] = {
        part: [] for part in ("before_consent", *_AFTER, "indeterminate", "with_consent")
    }
    for detection in document.get("detections") or ():
        parts[_part(detection)].append(detection)
    for part, found in parts.items():
        if found or part == "before_consent":
            yield _glance(part, found)


def glance_line(one: Glance, wording: Wording) -> str:
    """``Before consent: 9 read · 1 attempt · 3 sent``."""
    counts = (("access", one.reads), ("attempt", one.attempts), ("transmission", one.sends))
    told = " · ".join(f"{count:,} {wording.term('act', act)}" for act, count in counts if count)
    colon = "：" if wording.lang == "zh" else ": "
    return f"{wording.say(f'glance.{one.part}')}{colon}{told or wording.say('glance.nothing')}"


def _part(detection: Detection) -> str:
    verdict, phase = detection.get("verdict"), detection.get("phase")
    if verdict == "without_consent":
        return str(phase) if phase in _AFTER else "before_consent"
    return "with_consent" if verdict == "with_consent" else "indeterminate"


def _glance(part: str, found: list[Detection]) -> Glance:
    acts = Counter(str(one.get("act")) for one in found)
    kinds = Counter(str(one.get("data")) for one in found)
    return Glance(
        part,
        acts["access"],
        acts["attempt"],
        acts["transmission"],
        tuple(kind for kind, _ in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))),
        tuple(sorted(set(_third_parties(found)))),
    )


def _third_parties(found: Iterable[Detection]) -> Iterator[str]:
    for one in found:
        recipient = one.get("recipient") or {}
        if recipient.get("third_party") is True and recipient.get("host"):
            yield str(recipient["host"])
