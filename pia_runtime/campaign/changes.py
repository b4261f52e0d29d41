"""Which findings other knowledge judges differently on the same files, and which of its entries they rest on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pia_runtime.campaign.manifest import Change

_MOST_REASONS = 20

type Document = Mapping[str, Any]


def changes_between(
    capture: str, before: Document | None, after: Document | None, changed: Sequence[str]
) -> Iterator[Change]:
    """Findings that came, went or changed their verdict between two analyses of the same files.

    Args:
        capture: name in the campaign.
        before: the earlier document, None where it is no longer stored (then nothing can be said).
        after: the document of now.
        changed: names of all knowledge entries that differ (``file#id``); empty where only the program differs.
    """
    if before is None or after is None:
        return
    old, new = ({finding["id"]: finding for finding in document["findings"]} for document in (before, after))
    for finding in sorted({*old, *new}):
        was, now = old.get(finding), new.get(finding)
        verdicts = (was and was["verdict"], now and now["verdict"])
        if verdicts[0] == verdicts[1]:
            continue
        known: Document = now or was or {}
        because = reasons(known, after if now else before, changed)
        yield Change(capture, finding, known["rule"], known.get("data"), *verdicts, because)


def reasons(finding: Document, document: Document, changed: Sequence[str]) -> tuple[str, ...]:
    """The changed entries on which a finding rests; where none names it, all that changed (at most 20, then how many more)."""
    if not changed:
        return ("program",)
    names = _rests_on(finding, document)
    own = [entry for entry in changed if entry.partition("#")[2] in names]
    said = own or list(changed)
    more = len(said) - _MOST_REASONS
    return (*said[:_MOST_REASONS], *([f"and {more} more"] if more > 0 else []))


def _rests_on(finding: Document, document: Document) -> set[str]:
    """Names of rules, clauses, data, SDKs, companies, domains, adapters and encodings that a finding mentions."""
    actor, recipient = finding.get("actor") or {}, finding.get("recipient") or {}
    names = {finding["rule"], finding.get("data"), actor.get("id"), *finding.get("clauses", ())}
    names |= {recipient.get(key) for key in ("host", "domain", "company")}
    members = set(finding.get("detections", ()))
    for detection in document["detections"]:
        if detection["id"] in members:
            names |= {detection.get("source"), detection.get("encoding"), (detection.get("actor") or {}).get("id")}
            names |= {str(detection.get("source") or "").partition(".")[2]}
    return {str(name) for name in names if name}
