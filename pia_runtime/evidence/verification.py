"""``pia verify``: are the files those that were recorded and sealed, by whom, and do they still give the sealed findings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509

from pia_runtime.errors import InputError, unreadable
from pia_runtime.evidence.annotations import Annotations, read_annotations
from pia_runtime.evidence.chain_check import ChainState, follow_chain
from pia_runtime.evidence.evidence_file import (
    BrokenEvidenceError,
    Evidence,
    read_evidence,
    signed_bytes,
    stamped_bytes,
)
from pia_runtime.evidence.export_verification import check_export, is_export
from pia_runtime.evidence.integrity import changes_since_sealed
from pia_runtime.evidence.knowledge_entries import KNOWLEDGE, changed_since
from pia_runtime.evidence.problem import Problem
from pia_runtime.evidence.rederivation import Comparison, Stored, compare_with_sealed, judge_stored
from pia_runtime.evidence.sealed_files import ANNOTATIONS, COMMITMENT_KEY, DERIVED, EVIDENCE
from pia_runtime.evidence.sealing import key_check, tool_versions
from pia_runtime.evidence.signing import check_signature
from pia_runtime.evidence.stamps import Stamp, check_stamp
from pia_runtime.evidence.tail import Tail, tails_of
from pia_runtime.storage.analysis import analyse_capture
from pia_runtime.storage.folder import holds_recording, require_folder

WHOLE, BROKEN, INCOMPLETE, DIFFERS = 0, 5, 6, 7
_STORED_LARGEST = 1 << 31


@dataclass(slots=True)
class Verification:
    """What was found out about one capture.

    Attributes:
        sealed: it has a seal that can be read.
        closed: the recording ended in order; None where nothing says so (no chain, as in a capture made elsewhere).
        problems: everything that breaks the evidence.
        incomplete: why it is whole but not full evidence (no seal, no signature, not closed), one sentence each.
        notes: what a reader should know and breaks nothing.
        signatures: fingerprints of the keys whose signatures hold.
        stamps: time stamps that hold.
        chain: what following the chain gave, None without one.
        tails: bytes after what the chain of a cut-off recording covers, by file.
        comparison: the re-derivation, None where there was none.
        why_not: why there was none, or "".
        annotations: testers' signed words, checked.
        stored: what ``derived/analysis.json`` is, None where it was not looked at.
    """

    sealed: bool = False
    closed: bool | None = None
    problems: list[Problem] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    stamps: list[Stamp] = field(default_factory=list)
    chain: ChainState | None = None
    tails: dict[str, Tail] = field(default_factory=dict)
    comparison: Comparison | None = None
    why_not: str = ""
    stored: Stored | None = None
    annotations: Annotations = field(default_factory=Annotations)

    @property
    def differs(self) -> bool:
        """Whether the files no longer give what was sealed or is stored."""
        if self.comparison is not None and not self.comparison.stands:
            return True
        if self.stored is None or self.stored.state not in ("other", "unreadable"):
            return False
        # Where nothing was sealed, other knowledge may say otherwise.
        return self.sealed or not self.stored.other_knowledge

    @property
    def exit_code(self) -> int:
        """0 whole and signed, 5 broken, 7 re-derivation differs, 6 whole but unsigned or not closed; the worst that holds."""
        if self.problems:
            return BROKEN
        if self.differs:
            return DIFFERS
        return INCOMPLETE if self.incomplete else WHOLE


def verify_capture(
    path: Path,
    *,
    expected_key: str | None = None,
    authority: list[x509.Certificate] | None = None,
    workers: int = 1,
) -> Verification:
    """Verify a capture; nothing is written.

    Args:
        path: the capture.
        expected_key: fingerprint of the key that must have signed, or None for any.
        authority: certificates of the time-stamp authority, or None.
        workers: processes for the re-derivation.

    Raises:
        InputError: the folder is no capture or a file in it cannot be read, which is not a question of evidence.
    """
    require_folder(path)
    result = Verification()
    try:
        result.chain = follow_chain(path)
    except OSError as error:
        raise unreadable(error.filename, error) from error
    try:
        evidence = read_evidence(path)
    except BrokenEvidenceError as error:
        result.problems.append(Problem(EVIDENCE, str(error)))
        return _without_rederiving(result)
    if evidence is None:
        _unsealed(path, result)
    else:
        _sealed(path, evidence, result, expected_key, authority)
    result.annotations = read_annotations(path)
    result.problems += [Problem(ANNOTATIONS, what, line, line) for line, what in result.annotations.faults]
    if result.problems:
        return _without_rederiving(result)
    if evidence is not None and is_export(path):
        check_export(path, evidence, result)
    else:
        _rederive(path, evidence, result, workers)
    return result


def _without_rederiving(result: Verification) -> Verification:
    result.why_not = "the files are not those that were recorded and sealed"
    return result


def _unsealed(path: Path, result: Verification) -> None:
    """A capture without a seal: its chain alone speaks."""
    chain = result.chain
    result.incomplete.append("not sealed: there is no evidence.json (pia seal)")
    if chain is None:
        if not holds_recording(path):
            raise InputError(f"{path}: not a capture (neither flows.mitm nor events.jsonl)", "give a capture folder")
        result.notes.append("there is no chain.jsonl: nothing says what was recorded")
        return
    result.closed = chain.closed
    result.problems += [*chain.problems, *chain.changed]
    _closing(path, chain, result)


def _closing(path: Path, chain: ChainState, result: Verification) -> None:
    if not chain.closed:
        result.incomplete.append("not closed: the recording was cut off")
        result.tails = tails_of(path, chain)


def _sealed(
    path: Path,
    evidence: Evidence,
    result: Verification,
    expected_key: str | None,
    authority: list[x509.Certificate] | None,
) -> None:
    sealed = evidence.sealed
    result.sealed = True
    result.problems += changes_since_sealed(path, evidence, result.chain)
    _check_chain(path, sealed, result)
    _check_signatures(evidence, result, expected_key)
    _check_stamps(evidence, result, authority)
    check = key_check(path)
    if check is not None and check != sealed.get("commitment_key"):
        result.problems.append(Problem(COMMITMENT_KEY, "is not the key that this capture was sealed with"))


def _check_chain(path: Path, sealed: Mapping[str, Any], result: Verification) -> None:
    chain, statement = result.chain, sealed["chain"]
    if chain is None or statement is None:
        result.closed = None
        if statement is None:
            result.notes.append("recorded without a chain: the order of arrival of events and flows is not proven")
        return
    result.closed = chain.closed
    told = {problem.file for problem in result.problems}
    result.problems += [problem for problem in chain.problems if problem.file not in told]
    if (chain.head, chain.closed) != (statement.get("head"), sealed.get("closed")):
        result.problems.append(Problem(EVIDENCE, "speaks of another chain than chain.jsonl"))
    since = sealed["changed_since_the_run"]
    result.problems += [problem for problem in chain.changed if problem.file not in {*since, *told}]
    result.notes += [f"{name} was changed between the run and the sealing" for name in since]
    _closing(path, chain, result)


def _check_signatures(evidence: Evidence, result: Verification, expected_key: str | None) -> None:
    for signature in evidence.signatures:
        try:
            result.signatures.append(check_signature(signed_bytes(evidence.sealed), signature))
        except ValueError as error:
            result.problems.append(Problem(EVIDENCE, str(error)))
    if not evidence.signatures:
        result.incomplete.append("not signed (pia seal --key)")
    elif expected_key is not None and expected_key not in result.signatures:
        result.incomplete.append(f"not signed by the key that was asked for, {expected_key}")


def _check_stamps(evidence: Evidence, result: Verification, authority: list[x509.Certificate] | None) -> None:
    for stamp in evidence.stamps:
        count = stamp.get("signatures")
        signatures = evidence.signatures[:count] if type(count) is int and count >= 0 else ()
        try:
            result.stamps.append(check_stamp(stamped_bytes(evidence.sealed, signatures), stamp, authority or []))
        except ValueError as error:
            result.problems.append(Problem(EVIDENCE, str(error)))
    if authority and not evidence.stamps:
        result.incomplete.append("not time-stamped (pia seal --timestamp)")


def _rederive(path: Path, evidence: Evidence | None, result: Verification, workers: int) -> None:
    stored = _stored_bytes(path)
    if evidence is None and stored is None:
        result.why_not = "nothing was sealed or stored to compare with"
        return
    document = analyse_capture(path, workers=workers)
    statement = evidence.sealed["analysis"] if evidence is not None else None
    result.stored = judge_stored(stored, statement, document)
    if evidence is None:
        return
    changed = changed_since(_entries(path))
    result.comparison = compare_with_sealed(evidence.sealed, document, tool_versions(), changed, result.stored.document)


def _entries(path: Path) -> bytes | None:
    file = path / KNOWLEDGE
    return file.read_bytes() if file.is_file() else None


def _stored_bytes(path: Path) -> bytes | None:
    """``derived/analysis.json``, or None where there is none of a size that an analysis can have."""
    file = path / DERIVED / "analysis.json"
    if not file.is_file():
        return None
    try:
        with file.open("rb") as opened:
            return opened.read(_STORED_LARGEST)
    except OSError as error:
        raise unreadable(file, error, "check its rights, or delete it") from error
