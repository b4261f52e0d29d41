"""Two runs, each a capture folder or a stored analysis document, compared."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import orjson

from pia_runtime.errors import InputError
from pia_runtime.judgement.recheck import recheck
from pia_runtime.pipeline.analysis import SCHEMA
from pia_runtime.storage.analysis import analyse_capture, load_toolbox

_LARGEST = 512 * 1024 * 1024
_LISTS = ("detections", "findings", "consent", "blind_spots")


def compare_runs(before: Path, after: Path, removed: Collection[str] = ()) -> dict[str, Any]:
    """The re-check of two runs (:func:`pia_runtime.judgement.recheck.recheck`).

    Raises:
        InputError: one of them is neither a capture folder nor an analysis document.
    """
    return recheck(read_run(before), read_run(after), load_toolbox().knowledge, removed)


def read_run(path: Path) -> dict[str, Any]:
    """The analysis document of a capture folder (analysed now), or a stored one as it stands.

    Raises:
        InputError: it is neither; file and field are named.
    """
    if path.is_dir():
        return analyse_capture(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path}: larger than {_LARGEST} bytes", "give the capture folder")
        document = orjson.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", "give a capture or analysis.json") from error
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path}: not JSON (line {error.lineno}: {error.msg})", "give an analysis document") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise InputError(f"{path}: schema: expected {SCHEMA}, got {str(schema)[:60]!r}", "give an analysis document")
    _check(path, document)
    checked: dict[str, Any] = document
    return checked


def _check(path: Path, document: dict[str, Any]) -> None:
    for name in _LISTS:
        entries = document.get(name, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise InputError(f"{path}: {name}: expected a list of objects", "analyse the capture again")
    for name in ("detections", "findings"):
        wrong = next(
            (n for n, entry in enumerate(document.get(name, [])) if not isinstance(entry.get("id"), str)), None
        )
        if wrong is not None:
            raise InputError(f"{path}: {name}[{wrong}].id: expected a text", "analyse the capture again")
