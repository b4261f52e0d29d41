"""Retention: captures older than asked are deleted, and what was deleted is recorded."""

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from pia_runtime.errors import InputError, UsageError
from pia_runtime.evidence.encrypting import SUFFIX
from pia_runtime.evidence.sealed_files import EVIDENCE
from pia_runtime.storage.appending import AppendFile
from pia_runtime.storage.chain import canonical
from pia_runtime.storage.folder import holds_recording, unwritable

RECORD = "purged.jsonl"
SCHEMA = "pia.purged/1"
_AGE = re.compile(r"(\d{1,6})([dhw])")
_NS = 1_000_000_000
_UNITS = {"h": 3600 * _NS, "d": 24 * 3600 * _NS, "w": 7 * 24 * 3600 * _NS}
_LARGEST_SESSION = 1 << 26


@dataclass(frozen=True, slots=True)
class Old:
    """A capture, a folder or an encrypted file, that is older than asked.

    Attributes:
        path: the folder or file.
        age_of: host time that its age counts from: the end of the run, else its start, else the newest file.
        dated_by: which of the three.
        about: what the record says of it; no captured value.
    """

    path: Path
    age_of: int
    dated_by: str
    about: dict[str, Any]


def parse_age(text: str) -> int:
    """``90d``, ``12h`` or ``8w`` in ns.

    Raises:
        UsageError: it is none of these.
    """
    found = _AGE.fullmatch(text)
    if not found:
        raise UsageError(f"--older-than {text!r}: no age", "give for instance 90d, 12h or 8w")
    return int(found[1]) * _UNITS[found[2]]


def find_old(folder: Path, older_than_ns: int, now_ns: int) -> tuple[list[Old], int]:
    """The captures directly in a folder (or that it is) which are too old, oldest first, and how many are kept.

    Links are never followed; what is no capture is neither counted nor touched.

    Raises:
        InputError: there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder", "give a folder that holds captures")
    places = [folder] if holds_recording(folder) else sorted(folder.iterdir())
    found = [_described(path) for path in places if holds_recording(path) or _is_encrypted(path)]
    old = [one for one in found if now_ns - one.age_of > older_than_ns]
    return sorted(old, key=lambda one: (one.age_of, one.path.name)), len(found) - len(old)


def purge(old: Old, older_than: str) -> Path:
    """Delete one capture. The record beside it says first that it is being deleted, and then that it is.

    Returns:
        The record's file.

    Raises:
        NotReadyError: the record or the deletion failed; the record says how far it came.
    """
    place = old.path.parent / RECORD
    record = {"schema": SCHEMA, "name": old.path.name, "older_than": older_than, **old.about}
    record |= {"age_of_ns": old.age_of, "dated_by": old.dated_by}
    try:
        file = AppendFile(place)
    except OSError as error:
        raise unwritable(place, error) from error
    try:
        for state in ("deleting", "deleted"):
            if state == "deleted":
                shutil.rmtree(old.path) if old.path.is_dir() else old.path.unlink()
            file.append(canonical({**record, "state": state, "t_ns": time.time_ns()}))
            file.sync()
    except OSError as error:
        raise unwritable(Path(error.filename or old.path), error) from error
    finally:
        file.close()
    return place


def _is_encrypted(path: Path) -> bool:
    return path.name.endswith(SUFFIX) and path.is_file() and not path.is_symlink()


def _described(path: Path) -> Old:
    files = [path] if path.is_file() else [item for item in _files(path) if item.is_file() and not item.is_symlink()]
    stats = [item.stat() for item in files]
    about: dict[str, Any] = {"files": len(files), "bytes": sum(stat.st_size for stat in stats)}
    newest = max((stat.st_mtime_ns for stat in stats), default=path.stat().st_mtime_ns)
    session = {} if path.is_file() else _session(path)
    app = session.get("app")
    about |= {"session": session.get("id"), "package": app.get("package") if isinstance(app, dict) else None}
    evidence = path / EVIDENCE
    about["evidence_sha256"] = sha256(evidence.read_bytes()).hexdigest() if evidence.is_file() else None
    for name in ("ended_ns", "started_ns"):
        value = session.get(name)
        if type(value) is int and value > 0:
            return Old(path, value, name, about)
    return Old(path, newest, "newest file", about)


def _files(path: Path) -> Iterator[Path]:
    yield from path.rglob("*")


def _session(path: Path) -> dict[str, Any]:
    """What is needed of a session that may be damaged; age then counts from the files."""
    try:
        with (path / "session.json").open("rb") as file:
            content = orjson.loads(file.read(_LARGEST_SESSION))
    except (OSError, orjson.JSONDecodeError):
        return {}
    return content if isinstance(content, dict) else {}
