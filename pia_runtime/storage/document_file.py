"""An analysis document that was kept (``pia analyze --format json``), read back, its shape checked."""

from pathlib import Path
from typing import Any

import orjson

from pia_runtime.errors import InputError, unreadable
from pia_runtime.pipeline.analysis import SCHEMA

_LARGEST = 512 * 1024 * 1024
_LISTS = ("detections", "findings", "consent", "blind_spots")
_GIVE = "give a capture folder or an analysis document"
_AGAIN = "write it anew with pia analyze --format json"


def read_document(path: Path) -> dict[str, Any]:
    """The document as it stands.

    Raises:
        InputError: it cannot be read or is no analysis document; file and field are named.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path}: larger than {_LARGEST} bytes", "give the capture folder")
        document = orjson.loads(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error, _GIVE) from error
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path}: not JSON (line {error.lineno}: {error.msg})", _GIVE) from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise InputError(f"{path}: schema: expected {SCHEMA!r}, got {str(schema)[:60]!r}", _GIVE)
    _check(path, document)
    checked: dict[str, Any] = document
    return checked


def _check(path: Path, document: dict[str, Any]) -> None:
    for name in _LISTS:
        entries = document.get(name, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise InputError(f"{path}: {name}: expected a list of objects", _AGAIN)
    for name in ("detections", "findings"):
        if name not in document:
            raise InputError(f"{path}: {name}: missing", _AGAIN)
        wrong = next((n for n, entry in enumerate(document[name]) if not isinstance(entry.get("id"), str)), None)
        if wrong is not None:
            raise InputError(f"{path}: {name}[{wrong}].id: expected a text", _AGAIN)
