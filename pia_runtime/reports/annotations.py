"""Testers' notes on findings, as words."""

from collections.abc import Iterator, Mapping
from typing import Any

from pia_runtime.reports.escape import visible
from pia_runtime.reports.instants import utc
from pia_runtime.reports.labels import Document
from pia_runtime.reports.wording import Wording


def annotations_of(finding: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The notes on a finding, in their order."""
    return [one for one in finding.get("annotations") or () if isinstance(one, dict)]


def is_dismissed(finding: Mapping[str, Any]) -> bool:
    """Whether a tester set the finding aside: the last word counts."""
    last = next(
        (one for one in reversed(annotations_of(finding)) if one.get("kind") in ("dismissal", "reopened")), None
    )
    return last is not None and last["kind"] == "dismissal"


def dismissed_count(document: Document) -> int:
    """How many findings a tester set aside."""
    return sum(is_dismissed(finding) for finding in document.get("findings") or ())


def annotation_lines(finding: Mapping[str, Any], wording: Wording) -> Iterator[str]:
    """Each note as one line: who, when, what."""
    for one in annotations_of(finding):
        kind = "doc.f_dismissed" if one.get("kind") == "dismissal" else "doc.f_noted"
        yield wording.say(
            "doc.f_noted_by",
            kind=wording.say(kind),
            who=visible(one.get("author")) or "–",
            when=utc(one.get("t_ns")) if isinstance(one.get("t_ns"), int) else "–",
            text=visible(one.get("text"), 1_000),
        )
