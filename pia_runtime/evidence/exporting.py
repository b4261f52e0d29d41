"""``pia export``: a copy of a capture to hand on, without the personal values, and what proves that it is one.

The copy holds the flows and events with every personal value taken out, the original's analysis with its detection and finding
ids, ``redactions.jsonl`` (every place where something was taken out, with its commitment), ``export.json`` (what it is a copy
of) and a seal of its own. It is searched with the original's own detector before it is given out, and removed if anything
is found.

What would undo the masking is not in it: the chain and the digests of single files, from which a short value could be tried out,
since everything around it stands in the copy. The digest of the original's seal fixes all of them and can be tried by nobody,
because the seal covers the chain's random nonce; the files' own digests are committed to with the key.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from pia_runtime import __version__
from pia_runtime.detection.masking import Secrets
from pia_runtime.errors import InputError
from pia_runtime.evidence.chain_check import follow_chain
from pia_runtime.evidence.evidence_file import BrokenEvidenceError, Evidence, read_evidence
from pia_runtime.evidence.export_check import leftovers
from pia_runtime.evidence.export_events import EventRedactor
from pia_runtime.evidence.export_files import ANALYSIS, EXPORT, REDACTIONS, SCHEMA
from pia_runtime.evidence.export_flows import FlowRedactor
from pia_runtime.evidence.export_redactor import Redactor, content_commitment
from pia_runtime.evidence.export_rest import shared_analysis, shared_identifiers, shared_record
from pia_runtime.evidence.integrity import changes_since_sealed
from pia_runtime.evidence.keys import Signer
from pia_runtime.evidence.sealed_files import ANNOTATIONS, list_files
from pia_runtime.evidence.sealing import identity_of, key_check, seal_capture
from pia_runtime.pipeline import document_bytes
from pia_runtime.pipeline.analysis import analyse
from pia_runtime.pipeline.content import Content
from pia_runtime.pipeline.secrets import identifying_secrets
from pia_runtime.pipeline.transmissions import Transmissions
from pia_runtime.storage.analysis import content_of, load_toolbox
from pia_runtime.storage.chain import canonical
from pia_runtime.storage.flow_reader import flow_files
from pia_runtime.storage.folder import folder_beside, replace_file
from pia_runtime.storage.scanning import scanner_for

_REWRITTEN = frozenset({"session.json", "identifiers.json", "declaration.json", "events.jsonl"})
_AS_IT_IS = frozenset({"thresholds.yaml"})


@dataclass(frozen=True, slots=True)
class Exported:
    """What was made.

    Attributes:
        redactions: places where something was taken out.
        left_out: files that are not in the copy.
        evidence: the copy's seal.
    """

    path: Path
    redactions: int
    left_out: tuple[str, ...]
    evidence: Evidence


def export_capture(
    source: Path,
    out: Path,
    *,
    pseudonyms: bool = False,
    everything: bool = False,
    signer: Signer | None = None,
    workers: int = 1,
) -> Exported:
    """Make a copy to hand on.

    Args:
        source: the capture.
        out: a folder that does not exist yet or is empty.
        pseudonyms: the same name everywhere for the same value (``imei-1``), instead of its ends.
        everything: take out also what is readable and clean: every body, message and query.
        signer: who answers for the copy, or None.
        workers: processes for the analysis.

    Raises:
        InputError: ``source`` is no capture, is itself such a copy, or is not what it was sealed as; ``out`` is not empty; or
            something personal was still found in the copy, which is then removed.
        NotReadyError: ``out`` cannot be written.
    """
    if (source / EXPORT).is_file():
        raise InputError(f"{source}: is a copy made by pia export", "hand it on as it is, or export the original")
    sealed = _seal_of(source)
    content = content_of(source, workers=workers)
    scanner = scanner_for(
        content.identifiers, content.events, content.session.app.package, content.flow_bytes
    )  # slow to make: once for both
    document = analyse(content, replace(load_toolbox(), scanner_for=lambda *_: scanner))
    scan = scanner[0]
    secrets = identifying_secrets(content.identifiers, Transmissions(), content.events, content.session)
    redactor = Redactor(content.commitment_key, Secrets(secrets), pseudonyms)
    with folder_beside(out) as folder:
        _write_streams(
            source, folder, FlowRedactor(redactor, scan, everything=everything), EventRedactor(redactor, scan)
        )
        _write_records(source, folder, content, redactor)
        left_out = _leave_out(source, folder, redactor)
        shared = shared_analysis(document, redactor)
        replace_file(folder / ANALYSIS, document_bytes(shared))
        replace_file(folder / REDACTIONS, b"".join(map(canonical, redactor.entries)))
        replace_file(folder / EXPORT, document_bytes(_about(source, sealed, document, redactor, left_out)))
        if found := leftovers(folder, scan, redactor.secrets, content.identifiers):
            raise InputError(
                f"{source}: a personal value would be in the copy: {found[0]}", "report this; nothing was written"
            )
        evidence = seal_capture(folder, shared, signer)
        if out.exists():
            out.rmdir()
        folder.rename(out)
    return Exported(out, len(redactor.entries), tuple(left_out), evidence)


def _seal_of(source: Path) -> Evidence | None:
    try:
        evidence = read_evidence(source)
    except BrokenEvidenceError as error:
        raise InputError(f"{source}: evidence.json {error}", "see pia verify") from error
    problems = changes_since_sealed(source, evidence, follow_chain(source)) if evidence else []
    if problems:
        raise InputError(f"{source}: changed since it was sealed: {problems[0]}", "see pia verify")
    return evidence


def _write_streams(source: Path, out: Path, flows: FlowRedactor, events: EventRedactor) -> None:
    if flow_files(source):
        _write_parts(out / "flows.mitm", flows.records(source))
    if (source / "events.jsonl").is_file():
        _write_parts(out / "events.jsonl", events.lines(source / "events.jsonl"))


def _write_records(source: Path, out: Path, content: Content, redactor: Redactor) -> None:
    if (source / "session.json").is_file():
        session = content.session.model_dump(mode="json", by_alias=True, exclude_unset=True)
        replace_file(out / "session.json", _pretty(shared_record(session, "session.json", redactor)))
    if (source / "identifiers.json").is_file():
        replace_file(out / "identifiers.json", _pretty(shared_identifiers(content.identifiers, redactor)))
    if (source / "declaration.json").is_file():
        declared = orjson.loads((source / "declaration.json").read_bytes())
        replace_file(out / "declaration.json", _pretty(shared_record(declared, "declaration.json", redactor)))


def _leave_out(source: Path, out: Path, redactor: Redactor) -> list[str]:
    """Copy what holds no value, list the rest: pictures, UI trees, keys, chains, notes and whatever else is there."""
    left_out: list[str] = []
    streams = {path.name for path in flow_files(source)}
    files, _ = list_files(source)
    for name, path in files.items():
        if name in _REWRITTEN or name in streams:
            continue
        content = path.read_bytes()
        if name in _AS_IT_IS and redactor.secrets.mask_within(text := content.decode("utf-8", "replace")) == text:
            replace_file(out / name, content)
            continue
        shown = name if not name.startswith("blobs/") else f"blobs/{len(left_out)}"  # its name is the content's digest
        left_out.append(redactor.secrets.mask_within(shown))
        redactor.note(f"file {left_out[-1]}", "left_out", content)
    if (source / ANNOTATIONS).is_file():
        left_out.append(ANNOTATIONS)
        redactor.note(f"file {ANNOTATIONS}", "left_out", (source / ANNOTATIONS).read_bytes())
    return left_out


def _about(
    source: Path, sealed: Evidence | None, document: dict[str, Any], redactor: Redactor, left_out: Iterable[str]
) -> dict[str, Any]:
    key = redactor.key
    files, _ = list_files(source)
    committed: dict[str, str] = {}
    for name, path in files.items():
        if key and not name.startswith("blobs/"):
            shown = redactor.secrets.mask_within(name)  # the commitment is over the name itself
            shown = f"{shown} ({len(committed)})" if shown in committed else shown
            committed[shown] = content_commitment(key, f"file {name}", sha256(path.read_bytes()).digest())
    return {
        "schema": SCHEMA,
        "pia_runtime": __version__,
        "mode": "pseudonyms" if redactor.pseudonyms else "masks",
        "original": {
            "capture": identity_of(source),
            "evidence_sha256": sealed.digest if sealed else None,
            "signatures": list(sealed.signatures) if sealed else [],
            "files": committed,
            "commitment_key": key_check(source),
            "knowledge_sha256": document["knowledge_sha256"],
            "findings": [finding["id"] for finding in document["findings"]],
            "detections": len(document["detections"]),
        },
        "redactions": len(redactor.entries),
        "left_out": list(left_out),
        "rederivable": False,
    }


def _write_parts(path: Path, parts: Iterable[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - an open descriptor, not a path
        for part in parts:
            file.write(part)


def _pretty(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
