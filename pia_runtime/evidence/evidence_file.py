"""``evidence.json``, one canonical JSON object: what is sealed, signatures over it, time stamps over both, a digest of all."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from pia_runtime.errors import InputError, unreadable
from pia_runtime.evidence.sealed_files import EVIDENCE
from pia_runtime.storage.chain import canonical
from pia_runtime.storage.folder import replace_file, unwritable

SCHEMA = "pia.evidence/1"
_LARGEST = 1 << 30


@dataclass(frozen=True, slots=True)
class Evidence:
    """A seal.

    Attributes:
        sealed: what is sealed; signing and stamping change nothing of it.
        signatures: each over :func:`signed_bytes`.
        stamps: each over :func:`stamped_bytes`.
    """

    sealed: dict[str, Any]
    signatures: tuple[dict[str, Any], ...] = ()
    stamps: tuple[dict[str, Any], ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of what is sealed: the same before and after signing."""
        return sha256(signed_bytes(self.sealed)).hexdigest()


def signed_bytes(sealed: dict[str, Any]) -> bytes:
    """What a signature is over: the sealed part in its one spelling."""
    return canonical(sealed)


def stamped_bytes(sealed: dict[str, Any], signatures: tuple[dict[str, Any], ...]) -> bytes:
    """What a time stamp is over: the sealed part and the signatures there were, so that it dates both."""
    return canonical({"sealed": sealed, "signatures": list(signatures)})


def evidence_bytes(evidence: Evidence) -> bytes:
    """The file's content."""
    parts = {"signatures": list(evidence.signatures), "stamps": list(evidence.stamps)}
    document = {**evidence.sealed, **parts}
    return canonical({**document, "sha256": sha256(canonical(document)).hexdigest()})


def write_evidence(capture: Path, evidence: Evidence) -> None:
    """Write ``evidence.json``, whole or not at all.

    Raises:
        NotReadyError: it cannot be written.
    """
    try:
        replace_file(capture / EVIDENCE, evidence_bytes(evidence))
    except OSError as error:
        raise unwritable(capture / EVIDENCE, error) from error


class BrokenEvidenceError(ValueError):
    """``evidence.json`` is not as it was written; the text says why."""


def read_evidence(capture: Path) -> Evidence | None:
    """The seal of a capture, or None where it has none.

    Raises:
        BrokenEvidenceError: the file is not as it was written.
        InputError: the file cannot be read, or was written by a later version of the program.
    """
    path = capture / EVIDENCE
    if not path.is_symlink() and not path.exists():
        return None
    if path.is_symlink() or not path.is_file():
        raise BrokenEvidenceError("is no file of its own")
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST)
    except OSError as error:
        raise unreadable(path, error) from error
    return parse_evidence(content)


def parse_evidence(content: bytes) -> Evidence:
    """The content of an ``evidence.json`` → the seal.

    Raises:
        BrokenEvidenceError: it is not as it was written.
        InputError: it was written by a later version of the program.
    """
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BrokenEvidenceError(f"is not JSON (line {error.lineno}, column {error.colno})") from error
    if not isinstance(document, dict):
        raise BrokenEvidenceError("is not a JSON object")
    if canonical(document) != content:
        raise BrokenEvidenceError("is not in the one spelling in which it was written")
    said = document.pop("sha256", None)
    if sha256(canonical(document)).hexdigest() != said:
        raise BrokenEvidenceError("does not fit its own digest")
    schema = document.get("schema")
    if schema != SCHEMA:
        raise InputError(f"{EVIDENCE}: schema {str(schema)[:60]!r} is not {SCHEMA}", "use the version that sealed it")
    signatures, stamps = document.pop("signatures", None), document.pop("stamps", None)
    if not _objects(signatures) or not _objects(stamps) or not _shape(document):
        raise BrokenEvidenceError("is not of the form in which it was written")
    return Evidence(document, tuple(signatures), tuple(stamps))


def _objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _shape(document: dict[str, Any]) -> bool:
    """What the check relies on; everything else is compared, never used."""
    files, analysis, knowledge = (document.get(name) for name in ("files", "analysis", "knowledge"))
    return (
        isinstance(files, dict)
        and all(_file_shape(entry) for entry in files.values())
        and isinstance(analysis, dict)
        and all(isinstance(analysis.get(name), str) for name in ("sha256", "stored_sha256"))
        and _objects(analysis.get("findings"))
        and all(isinstance(finding.get("id"), str) for finding in analysis["findings"])
        and isinstance(knowledge, dict)
        and isinstance(document.get("tools"), dict)
        and isinstance(document.get("changed_since_the_run"), list)
        and all(isinstance(name, str) for name in document["changed_since_the_run"])
        and isinstance(document.get("chain"), dict | None)
    )


def _file_shape(entry: object) -> bool:
    if not isinstance(entry, dict) or type(entry.get("bytes")) is not int or not isinstance(entry.get("sha256"), str):
        return False
    blocks = entry.get("blocks")
    if blocks is None:
        return True
    if not isinstance(blocks, dict) or type(blocks.get("bytes")) is not int or not isinstance(blocks.get("tags"), str):
        return False
    return bool(blocks["bytes"] > 0 and _hex(blocks["tags"]))


def _hex(text: str) -> bool:
    try:
        return bytes.fromhex(text).hex() == text
    except ValueError:
        return False
