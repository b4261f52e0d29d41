"""Testers' dismissals, as reports count and mark them. A dismissal is its signer's word and changes no finding."""

from collections.abc import Mapping
from typing import Any

from pia_runtime.reports.labels import Document


def is_dismissed(finding: Mapping[str, Any]) -> bool:
    """Whether a standing dismissal is among a finding's annotations."""
    return any(one.get("kind") == "dismissal" for one in finding.get("annotations") or ())


def dismissed_count(document: Document) -> int:
    """How many findings a tester set aside."""
    return sum(is_dismissed(finding) for finding in document.get("findings") or ())
