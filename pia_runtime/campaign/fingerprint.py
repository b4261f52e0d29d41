"""What a result depends on: the capture's files, the knowledge and the program. Equal fingerprints, equal bytes."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pia_runtime.errors import unreadable
from pia_runtime.storage.folder import require_folder

_CHUNK = 1 << 20
_NOT_INPUT = frozenset({"derived"})
_PACKAGE = Path(__file__).parent.parent
_JUDGES = ("correlation", "decoding", "detection", "judgement", "knowledge", "model", "pipeline", "storage")
"""Rooms whose code decides what an analysis says."""


def capture_digest(folder: Path) -> tuple[str, int]:
    """SHA-256 over the names and contents of a capture's files, and their size in bytes.

    What an analysis wrote itself (``derived/``) and files that begin with a dot are left out.

    Raises:
        InputError: there is no such folder, or a file cannot be read.
    """
    require_folder(folder)
    whole, size = hashlib.sha256(), 0
    try:
        for path in sorted(_inputs(folder)):
            length = path.stat().st_size
            whole.update(f"{path.relative_to(folder).as_posix()}\0{length}\0".encode(errors="surrogateescape"))
            whole.update(_file_digest(path))
            size += length
    except OSError as error:
        raise unreadable(error.filename, error) from error
    return whole.hexdigest(), size


def _inputs(folder: Path) -> Iterable[Path]:
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_file() and parts[0] not in _NOT_INPUT and not path.name.startswith("."):
            yield path


def _file_digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@cache
def program_digest() -> str:
    """SHA-256 over the code that decides what an analysis says, so that a changed program analyses again."""
    whole = hashlib.sha256()
    for room in _JUDGES:
        for path in sorted((_PACKAGE / room).rglob("*.py")):
            whole.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def result_key(inputs: str, knowledge: str, program: str) -> str:
    """The name under which a result is stored: same three fingerprints, same document."""
    return hashlib.sha256(f"{inputs}\n{knowledge}\n{program}\n".encode()).hexdigest()
