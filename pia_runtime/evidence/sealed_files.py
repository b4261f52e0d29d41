"""Which files of a capture a seal covers, and what it says of each."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pia_runtime.errors import unreadable
from pia_runtime.evidence.problem import Problem

EVIDENCE = "evidence.json"
ANNOTATIONS = "annotations.jsonl"
COMMITMENT_KEY = "commitment.key"
DERIVED = "derived"
NOT_SEALED = frozenset({EVIDENCE, ANNOTATIONS, COMMITMENT_KEY})
"""Beside ``derived/``: the seal itself, signed annotations (they verify by themselves) and the key that is never exported."""

_BLOCKS = 64
_SMALLEST_BLOCK = 256
_BLOCK_TAG = 4
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileSeal:
    """What a seal says of one file.

    Attributes:
        size: in bytes.
        sha256: of the content, hex.
        block: length of the blocks that ``tags`` speaks of, or 0 where there are none.
        tags: the first 8 hex digits of each block's SHA-256, to say where a change begins.
    """

    size: int
    sha256: str
    block: int = 0
    tags: str = ""

    def document(self) -> dict[str, Any]:
        """As it stands in ``evidence.json``."""
        base: dict[str, Any] = {"bytes": self.size, "sha256": self.sha256}
        return {**base, "blocks": {"bytes": self.block, "tags": self.tags}} if self.block else base


def list_files(folder: Path) -> tuple[dict[str, Path], list[Problem]]:
    """The files that a seal covers by name, in order, and what is there that no seal can cover (links, devices, odd names)."""
    files: dict[str, Path] = {}
    odd: list[Problem] = []
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if name in NOT_SEALED:
            continue
        if path.is_symlink():
            odd.append(Problem(_printable(name), "is a link, which a capture never holds"))
        elif not path.is_file():
            odd.append(Problem(_printable(name), "is neither a file nor a folder"))
        elif _printable(name) != name:
            odd.append(Problem(_printable(name), "has a name that is no text"))
        else:
            files[name] = path
    return dict(sorted(files.items())), odd


def _walk(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise unreadable(error.filename, error)

    for place, folders, names in os.walk(folder, onerror=refuse):
        here = Path(place)
        if here == folder and DERIVED in folders and not (here / DERIVED).is_symlink():
            folders.remove(DERIVED)
        links = [name for name in folders if (here / name).is_symlink()]
        yield from (here / name for name in sorted([*names, *links]))


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def seal_file(path: Path, *, blocks: bool = True) -> FileSeal:
    """Read a file once and say what a seal says of it.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            block = _block_of(size) if blocks else _CHUNK
            whole, tags, read = sha256(), [], 0
            while content := file.read(block):
                read += len(content)
                whole.update(content)
                if blocks:
                    tags.append(sha256(content).digest()[:_BLOCK_TAG])
    except OSError as error:
        raise unreadable(path, error) from error
    return FileSeal(read, whole.hexdigest(), block if blocks else 0, b"".join(tags).hex())


def _block_of(size: int) -> int:
    block = _SMALLEST_BLOCK
    while block * _BLOCKS < size:
        block *= 2
    return block


def difference(path: Path, name: str, sealed: FileSeal) -> Problem | None:
    """How a file differs from its seal, or None.

    Raises:
        InputError: it cannot be read.
    """
    whole = seal_file(path, blocks=False)
    if (whole.size, whole.sha256) == (sealed.size, sealed.sha256):
        return None
    what = "the content is not what was sealed"
    if whole.size != sealed.size:
        change = "longer" if whole.size > sealed.size else "shorter"
        what = f"{abs(whole.size - sealed.size)} bytes {change} than what was sealed"
    if not sealed.block:
        return Problem(name, what)
    return _placed(path, name, what, sealed)


def _placed(path: Path, name: str, what: str, sealed: FileSeal) -> Problem:
    """The first run of blocks that differ; after a change of length everything from the first one on."""
    tags = bytes.fromhex(sealed.tags)
    wrong: list[int] = []
    with path.open("rb") as file:
        number = 0
        while number <= sealed.size // sealed.block and (content := file.read(sealed.block)):
            if sha256(content).digest()[:_BLOCK_TAG] != tags[number * _BLOCK_TAG : (number + 1) * _BLOCK_TAG]:
                wrong.append(number)
            number += 1
    size = path.stat().st_size
    if not wrong:
        return Problem(name, what, start=min(size, sealed.size), stop=max(size, sealed.size))
    first = wrong[0]
    last = first
    while last + 1 in wrong:
        last += 1
    start, stop = first * sealed.block, min((last + 1) * sealed.block, size)
    others = len(wrong) - (last - first + 1)
    if others and size == sealed.size:
        what += f"; {others} more blocks of {sealed.block} bytes differ"
    return Problem(name, what, *_lines(path, start, stop), start, stop)


def _lines(path: Path, start: int, stop: int) -> tuple[int | None, int | None]:
    """The lines in which bytes stand, counted from 1; none for a file that is no text."""
    if path.suffix not in (".json", ".jsonl", ".log", ".yaml"):
        return None, None
    line, at = 1, 0
    with path.open("rb") as file:
        while at < start and (content := file.read(min(_CHUNK, start - at))):
            line += content.count(b"\n")
            at += len(content)
        inside = file.read(min(stop - start, _CHUNK))
    return line, line + inside[:-1].count(b"\n")
