"""Sealing a capture: what its files are, what its chain proves, what its analysis says, and by which tools and knowledge."""

import hmac
import platform
import time
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pia_runtime import __version__
from pia_runtime.campaign.fingerprint import program_digest
from pia_runtime.errors import InputError, UsageError, unreadable
from pia_runtime.evidence.chain_check import ChainState, follow_chain
from pia_runtime.evidence.evidence_file import (
    SCHEMA,
    BrokenEvidenceError,
    Evidence,
    read_evidence,
    signed_bytes,
    stamped_bytes,
    write_evidence,
)
from pia_runtime.evidence.integrity import changes_since_sealed
from pia_runtime.evidence.keys import Signer
from pia_runtime.evidence.knowledge_entries import KNOWLEDGE, entries_document
from pia_runtime.evidence.sealed_files import COMMITMENT_KEY, EVIDENCE, list_files, seal_file
from pia_runtime.evidence.signing import sign
from pia_runtime.evidence.stamps import request_stamp
from pia_runtime.evidence.statement import statement_of
from pia_runtime.storage.capture_reader import open_capture
from pia_runtime.storage.chain import CHAIN
from pia_runtime.storage.flow_reader import flow_files, read_records
from pia_runtime.storage.folder import replace_file, unwritable

_LIBRARIES = ("mitmproxy", "numpy", "orjson", "pandas", "pyarrow")
_KEY_CHECK = b"pia.commitment_key/1"


def seal_capture(
    path: Path, document: Mapping[str, Any], signer: Signer | None = None, stamp_url: str = ""
) -> Evidence:
    """Seal a capture: write ``knowledge.json`` and ``evidence.json`` into it.

    A capture whose recording was cut off is sealed as not closed. One that is already sealed keeps its seal, to which the
    signature and the stamp are added.

    Args:
        path: the capture.
        document: its analysis, made just now without ``--reveal``.
        signer: the tester's key, or None to seal without a signature.
        stamp_url: a time-stamp authority, or "".

    Raises:
        InputError: the capture is not what its chain or its seal says, holds something that cannot be sealed, or cannot be read.
        NotReadyError: it cannot be written, or the authority does not answer.
    """
    evidence = _existing(path) or Evidence(_sealed_part(path, document))
    if signer is not None:
        evidence = _signed(evidence, signer)
    if stamp_url:
        stamp = request_stamp(stamped_bytes(evidence.sealed, evidence.signatures), stamp_url)
        stamp["signatures"] = len(evidence.signatures)
        evidence = Evidence(evidence.sealed, evidence.signatures, (*evidence.stamps, stamp))
    write_evidence(path, evidence)
    return evidence


def identity_of(path: Path) -> str:
    """What an annotation or a copy names a capture by, from its first moment on: the digest of its chain's header.

    A capture that was not recorded by this program has no chain; the digest of its ``session.json`` id stands in. A copy
    keeps the name that its seal states.
    """
    try:
        evidence = read_evidence(path)
        if evidence is not None:
            return str(evidence.sealed.get("capture"))
    except BrokenEvidenceError:
        pass  # pia verify says so; the files themselves still name the capture
    try:
        with (path / CHAIN).open("rb") as file:
            header = file.readline(1 << 16)
    except OSError:
        header = b""
    if header.endswith(b"\n"):
        return sha256(header).hexdigest()
    return sha256(f"session\0{open_capture(path).session.id}".encode()).hexdigest()


def key_check(path: Path) -> str | None:
    """A value that only this capture's commitment key gives, and that says nothing of the key; None where there is no key."""
    try:
        return check_of_key((path / COMMITMENT_KEY).read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path / COMMITMENT_KEY, error) from error


def check_of_key(content: bytes) -> str:
    """The same for the content of a key file."""
    return hmac.new(content, _KEY_CHECK, "sha256").hexdigest()


def tool_versions() -> dict[str, str]:
    """The versions that an analysis depends on, and the digest of the program's own code."""
    found = {"pia_runtime": __version__, "program_sha256": program_digest(), "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _existing(path: Path) -> Evidence | None:
    try:
        evidence = read_evidence(path)
    except BrokenEvidenceError as error:
        raise InputError(f"{path / EVIDENCE}: {error}", "a broken seal is not signed; see pia verify") from error
    if evidence is not None:
        problems = changes_since_sealed(path, evidence, follow_chain(path))
        if problems:
            raise InputError(f"{path}: changed since it was sealed: {problems[0]}", "see pia verify")
    return evidence


def _sealed_part(path: Path, document: Mapping[str, Any]) -> dict[str, Any]:
    chain = follow_chain(path)
    if chain is not None and chain.problems:
        raise InputError(f"{path}: {chain.problems[0]}", "what is not what was recorded is not sealed; see pia verify")
    knowledge = str(document["knowledge_sha256"])
    try:
        replace_file(path / KNOWLEDGE, entries_document(knowledge))
    except OSError as error:
        raise unwritable(path / KNOWLEDGE, error) from error
    found, odd = list_files(path)
    if odd:
        raise InputError(f"{path}: {odd[0]}", "remove it: only files can be sealed")
    files = {name: seal_file(file, blocks=not name.startswith("blobs/")) for name, file in found.items()}
    return {
        "schema": SCHEMA,
        "capture": identity_of(path),
        "session": document["session"].get("id", ""),
        "sealed_ns": time.time_ns(),
        "closed": None if chain is None else chain.closed,
        "chain": None if chain is None else chain_statement(chain),
        "changed_since_the_run": [problem.file for problem in chain.changed] if chain is not None else [],
        "files": {name: seal.document() for name, seal in files.items()},
        "commitment_key": key_check(path),
        "counts": {
            "files": len(files),
            "bytes": sum(seal.size for seal in files.values()),
            "events": _lines(path / "events.jsonl"),
            "flows": sum(1 for file in flow_files(path) for _ in read_records(file, lambda _: None)),
            "detections": len(document["detections"]),
            "findings": len(document["findings"]),
        },
        "tools": tool_versions(),
        "knowledge": {"sha256": knowledge},
        "analysis": statement_of(document),
    }


def chain_statement(chain: ChainState) -> dict[str, Any]:
    """What a seal says of a chain."""
    return {
        "head": chain.head,
        "lines": chain.lines,
        "records": chain.records,
        "last_ns": chain.last_ns,
        "covers": dict(sorted(chain.chained.items())),
    }


def _signed(evidence: Evidence, signer: Signer) -> Evidence:
    signature = sign(signed_bytes(evidence.sealed), signer)
    if signature in evidence.signatures:
        raise UsageError(f"already signed by {signature['fingerprint']}", "nothing is left to do")
    return Evidence(evidence.sealed, (*evidence.signatures, signature), evidence.stamps)


def _lines(path: Path) -> int:
    """Whole lines of a file that may be missing."""
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
