"""Commitments opened: with the capture's key anyone can check that a masked value is the real one, or whose copy a copy is."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from pia_runtime.errors import InputError, UsageError, unreadable
from pia_runtime.evidence.evidence_file import BrokenEvidenceError, read_evidence
from pia_runtime.evidence.export_files import ANALYSIS, EXPORT, REDACTIONS, read_object
from pia_runtime.evidence.export_redactor import content_commitment, value_commitment
from pia_runtime.evidence.sealed_files import COMMITMENT_KEY, list_files
from pia_runtime.evidence.sealing import check_of_key, identity_of
from pia_runtime.storage.analysis import analyse_capture, load_toolbox
from pia_runtime.storage.capture_reader import parse_commitment_key


@dataclass(frozen=True, slots=True)
class Opened:
    """Where a value is what was committed to.

    Attributes:
        data: the kind of data under which it was.
        detections: ids of detections.
        places: redactions of a copy, as they name their places.
    """

    data: str
    detections: tuple[str, ...]
    places: tuple[str, ...]


def open_value(folder: Path, value: str, key_file: Path | None = None, data: str | None = None) -> list[Opened]:
    """Find a value among the commitments of a capture or of a copy.

    Args:
        folder: the capture or copy.
        value: the value as it was; for a list or an object its JSON with sorted keys.
        key_file: the capture's ``commitment.key``; None for the one in the folder.
        data: the kind of data, or None for every kind that occurs.

    Raises:
        UsageError: there is no such kind of data.
        InputError: there is no key, it is not the one of this capture, or the folder is neither capture nor copy.
    """
    if data is not None and data not in load_toolbox().knowledge.taxonomy:
        raise UsageError(f"--data: no kind of data {data!r}", "pia knowledge list identifiers prints all ids")
    key = _key(folder, key_file)
    document = read_object(folder / ANALYSIS) if (folder / EXPORT).is_file() else analyse_capture(folder)
    redactions = list(_redactions(folder))
    listed = [(str(one["data"]), one) for entry in redactions for one in entry["values"]]
    kinds = {data} if data else {str(one["data"]) for one in document["detections"]} | {kind for kind, _ in listed}
    found = []
    for kind in sorted(kinds):
        wanted = value_commitment(key, kind, _meant(value))
        detections = tuple(one["id"] for one in document["detections"] if _same(one.get("commitment"), wanted))
        places = tuple(
            entry["where"]
            for entry in redactions
            if any(_same(one.get("commitment"), wanted) for one in entry["values"])
        )
        if detections or places:
            found.append(Opened(kind, detections, places))
    return found


def compare_original(copy: Path, original: Path) -> list[str]:
    """What of a copy does not fit a capture that it may be of, one line each; empty where all does.

    Raises:
        InputError: one of them cannot be read, or the original has no key.
    """
    key = _key(copy, original / COMMITMENT_KEY)
    stated = read_object(copy / EXPORT)["original"]
    problems = []
    if stated["capture"] != identity_of(original):
        problems.append("another recording")
    try:
        sealed = read_evidence(original)
    except BrokenEvidenceError as error:
        raise InputError(f"{original}: evidence.json {error}", "see pia verify") from error
    if stated["evidence_sha256"] is not None and (sealed is None or sealed.digest != stated["evidence_sha256"]):
        problems.append("not sealed as it was when it was copied")
    files, _ = list_files(original)
    there = {file_commitment(key, name, path) for name, path in files.items()}
    for name, committed in stated["files"].items():
        if committed not in there:  # which binds the name; the copy tells it masked where a value stands in it
            problems.append(f"{name}: is {'not the file that was copied' if name in files else 'missing'}")
    return problems


def file_commitment(key: bytes, name: str, path: Path) -> str:
    """The commitment of a whole file: its name and SHA-256."""
    return content_commitment(key, f"file {name}", sha256(path.read_bytes()).digest())


def _key(folder: Path, key_file: Path | None) -> bytes:
    path = key_file or folder / COMMITMENT_KEY
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error, "give the capture's commitment.key with --key") from error
    key = parse_commitment_key(content)
    if key is None:
        raise InputError(f"{path}: is empty", "give the capture's commitment.key with --key")
    stated = read_object(folder / EXPORT)["original"]["commitment_key"] if (folder / EXPORT).is_file() else None
    if stated is not None and stated != check_of_key(content):
        raise InputError(f"{path}: is not the key of this capture", "give the commitment.key of the original")
    return key


def _meant(value: str) -> Any:  # noqa: ANN401 - JSON
    """A list or an object where the text is one; everything else is the text itself, digits too."""
    if value[:1] in "[{":
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _same(one: object, other: str) -> bool:
    return isinstance(one, str) and hmac.compare_digest(one, other)


def _redactions(folder: Path) -> Iterator[dict[str, Any]]:
    path = folder / REDACTIONS
    if path.is_file():
        for line in path.read_bytes().splitlines():
            yield orjson.loads(line)
