"""The analysis a capture was sealed with against the one that its files give now, finding by finding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

import orjson

from pia_runtime.campaign.changes import reasons
from pia_runtime.evidence.statement import analysis_digest, finding_statements, without_commitments
from pia_runtime.pipeline import document_bytes

type Kind = Literal["lost", "changed", "gained"]

_DECIDES = ("verdict", "rule", "data", "act")
"""Fields of a finding that other knowledge may not change without the finding being another one."""


@dataclass(frozen=True, slots=True)
class FindingChange:
    """One finding that is not as it was sealed.

    Attributes:
        id: of the finding.
        kind: ``lost`` (no longer found), ``changed`` or ``gained``.
        rule: its rule.
        data: its kind of data, or None.
        fields: field → the sealed value and the present one, where it changed.
        because: knowledge entries (``file#entry``), ``program`` or ``libraries`` that account for it; empty where not asked.
    """

    id: str
    kind: Kind
    rule: str
    data: str | None
    fields: Mapping[str, tuple[Any, Any]]
    because: tuple[str, ...] = ()

    @property
    def breaks(self) -> bool:
        """Whether the sealed finding no longer stands: it is gone, or its verdict is another."""
        return self.kind == "lost" or any(name in self.fields for name in _DECIDES)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        fields = {name: {"sealed": old, "now": new} for name, (old, new) in self.fields.items()}
        base = {"id": self.id, "kind": self.kind, "rule": self.rule, "data": self.data, "fields": fields}
        return {**base, "because": list(self.because)}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What re-deriving gave.

    Attributes:
        identical: the documents are the same, byte for byte, commitments aside.
        same_inputs: knowledge and program are those of the seal, so that anything else than ``identical`` is a fault.
        knowledge: digests of the knowledge, sealed and now.
        changed_entries: knowledge entries that differ, or None where the capture does not say.
        tools: tool → versions sealed and now, where they differ.
        findings: what is not as it was sealed, in the order of ids.
        sections: parts of the document that differ, where a stored copy of the sealed one is there to compare.
    """

    identical: bool
    same_inputs: bool
    knowledge: tuple[str, str]
    changed_entries: tuple[str, ...] | None
    tools: Mapping[str, tuple[str | None, str | None]]
    findings: tuple[FindingChange, ...]
    sections: tuple[str, ...]

    @property
    def stands(self) -> bool:
        """Whether every sealed finding is found again with its verdict, and nothing differs that has no reason to."""
        if self.identical:
            return True
        return not self.same_inputs and not any(change.breaks for change in self.findings)


def compare_with_sealed(
    sealed: Mapping[str, Any],
    document: Mapping[str, Any],
    tools: Mapping[str, str],
    changed_entries: Sequence[str] | None,
    stored: Mapping[str, Any] | None,
) -> Comparison:
    """Compare what a seal states with the analysis of now.

    Args:
        sealed: the sealed part of ``evidence.json``.
        document: the analysis of the files, made now.
        tools: versions of now.
        changed_entries: knowledge entries that differ between then and now, or None where unknown.
        stored: the sealed document itself, where a copy of it is there.
    """
    statement = sealed["analysis"]
    knowledge = (str(sealed["knowledge"].get("sha256")), str(document["knowledge_sha256"]))
    before: Mapping[str, Any] = sealed["tools"]
    names = sorted({*before, *tools})
    differing = {name: (before.get(name), tools.get(name)) for name in names if before.get(name) != tools.get(name)}
    same_document = statement["sha256"] == analysis_digest(document)
    # Who seals can write other findings beside the digest of the right analysis.
    identical = same_document and statement["findings"] == finding_statements(document)
    causes = _causes(knowledge, differing, changed_entries)
    changes = [] if identical else _finding_changes(statement["findings"], document, stored, causes)
    return Comparison(
        identical=identical,
        same_inputs=same_document or (knowledge[0] == knowledge[1] and not differing),
        knowledge=knowledge,
        changed_entries=None if changed_entries is None else tuple(changed_entries),
        tools=differing,
        findings=tuple(changes),
        sections=() if identical or stored is None else _sections(stored, document),
    )


def _causes(
    knowledge: tuple[str, str], tools: Mapping[str, object], changed_entries: Sequence[str] | None
) -> tuple[Sequence[str], tuple[str, ...]]:
    """Knowledge entries that may account for a change, and what does where none of them is concerned."""
    entries = changed_entries or ()
    if entries:
        return entries, ()
    if knowledge[0] != knowledge[1]:
        return (), ("knowledge",)
    if "program_sha256" in tools:
        return (), ("program",)
    return (), ("libraries",) if tools else ("the recorded files or the sealed statement",)


def _finding_changes(
    sealed: Sequence[Mapping[str, Any]],
    document: Mapping[str, Any],
    stored: Mapping[str, Any] | None,
    causes: tuple[Sequence[str], tuple[str, ...]],
) -> list[FindingChange]:
    old = {str(finding["id"]): finding for finding in sealed}
    new = {str(finding["id"]): finding for finding in finding_statements(document)}
    changes = []
    for name in sorted({*old, *new}):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        kind: Kind = "lost" if now is None else "gained" if was is None else "changed"
        fields = _fields(was, now) if was is not None and now is not None else {}
        rested = document if now is not None else stored or {"detections": []}
        finding = now or was or {}
        changes.append(
            FindingChange(
                name, kind, str(finding.get("rule")), finding.get("data"), fields, _because(finding, rested, causes)
            )
        )
    return changes


def _fields(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = sorted({*was, *now})
    return {name: (was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name)}


def _because(
    finding: Mapping[str, Any], document: Mapping[str, Any], causes: tuple[Sequence[str], tuple[str, ...]]
) -> tuple[str, ...]:
    entries, otherwise = causes
    members = {item["id"]: item for item in _whole(document)}.get(finding.get("id"), finding)
    if not entries:
        return otherwise
    try:
        return reasons({"rule": "", **members}, document, entries)
    except (TypeError, AttributeError, KeyError):  # a statement that no analysis made: it names nothing
        return ("the sealed statement is not of the form of an analysis",)


def _whole(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Findings with the ids of their detections."""
    return [item for item in document.get("findings", ()) if isinstance(item, dict) and "id" in item]


def _sections(stored: Mapping[str, Any], document: Mapping[str, Any]) -> tuple[str, ...]:
    """Parts of the document that differ; a list of detections by the first id that does."""
    names = [name for name in sorted({*stored, *document}) if _bytes(stored.get(name)) != _bytes(document.get(name))]
    return tuple(names)


def _bytes(value: Any) -> bytes:  # noqa: ANN401 - JSON
    return sha256(document_bytes({"": value})).digest()


@dataclass(frozen=True, slots=True)
class Stored:
    """``derived/analysis.json``.

    Attributes:
        state: ``absent``, ``sealed`` (the one the seal speaks of), ``present`` (what the files give now), ``other`` (neither:
            changed, or made by another version in between), or ``unreadable``.
        document: its content, where it is the sealed one.
        detail: how it differs, for ``other`` and ``unreadable``.
        other_knowledge: it says that it was made with other knowledge than that of now.
    """

    state: Literal["absent", "sealed", "present", "other", "unreadable"]
    document: Mapping[str, Any] | None = None
    detail: str = ""
    other_knowledge: bool = False


def judge_stored(content: bytes | None, statement: Mapping[str, Any] | None, document: Mapping[str, Any]) -> Stored:
    """What a stored analysis is.

    Args:
        content: of ``derived/analysis.json``, or None where there is none.
        statement: what the seal states of the analysis, or None where there is no seal.
        document: the analysis of now.
    """
    if content is None:
        return Stored("absent")
    digest = sha256(content).hexdigest()
    if statement is not None and digest == statement["stored_sha256"] and _is_document(content):
        return Stored("sealed", orjson.loads(content))
    if content == document_bytes(document):
        return Stored("present")
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        return Stored("unreadable", None, f"is not JSON (line {error.lineno})")
    if not isinstance(found, dict) or not isinstance(found.get("detections"), list):
        return Stored("unreadable", None, "is no analysis document")
    if _same_without_key(content, found, document):
        return Stored("present")
    other = found.get("knowledge_sha256") != document["knowledge_sha256"]
    return Stored("other", None, _first_difference(content, found, document), other)


def _same_without_key(content: bytes, found: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether only the commitments differ, because the key that made those of the stored document is not here."""
    detections = found["detections"]
    if not all(isinstance(one, dict) for one in detections) or any(one["commitment"] for one in document["detections"]):
        return False
    return content == document_bytes(found) and document_bytes(without_commitments(found)) == document_bytes(document)


def _is_document(content: bytes) -> bool:
    """Whether bytes whose digest somebody sealed are an analysis at all."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return False
    lists = [found.get(name) for name in ("detections", "findings")] if isinstance(found, dict) else [None]
    return all(isinstance(one, list) and all(isinstance(item, dict) and "id" in item for item in one) for one in lists)


def _first_difference(content: bytes, found: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Where a stored document leaves the one of now: by finding or detection, else by line."""
    for part in ("findings", "detections"):
        theirs, ours = (_by_id(one.get(part)) for one in (found, document))
        differing = next((name for name in sorted({*theirs, *ours}) if theirs.get(name) != ours.get(name)), None)
        if differing is not None:
            return f"{part[:-1]} {differing} is not what the files give"
    sections = _sections(found, document)
    if sections:
        return f"{sections[0]} is not what the files give"
    expected = document_bytes(document).split(b"\n")
    for number, (line, right) in enumerate(zip(content.split(b"\n"), expected, strict=False), 1):
        if line != right:
            return f"line {number} is not what the files give"
    return "it is longer or shorter than what the files give"


def _by_id(entries: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the file holds
    if not isinstance(entries, list):
        return {}
    return {str(entry.get("id")): entry for entry in entries if isinstance(entry, dict)}
