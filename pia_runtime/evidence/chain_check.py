"""``chain.jsonl`` and the files it speaks of → what the chain proves, and the first places where it does not hold."""

import contextlib
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from pia_runtime.evidence.problem import Problem
from pia_runtime.storage.chain import (
    CHAIN,
    OPS,
    SCHEMA,
    TAG_BYTES,
    canonical,
    first_head,
    line_head,
    prefix_of,
    record_head,
)

_LINE_MAX = 1 << 28
_RECORD_MAX = 1 << 34
_HEADER_MAX = 256
_PLACES_MAX = 20
"""Faults told of one file; after that it is only said that there are more."""


@dataclass(slots=True)
class ChainState:
    """What following a chain gave.

    Attributes:
        closed: the recording ended in order.
        head: the last head, in hex.
        lines: heads that were followed.
        records: events, flows and other records they cover.
        first_ns: host time of the header.
        last_ns: host time of the last head.
        chained: file → bytes of it that the chain covers.
        placed: file → digests of its last two whole contents, the newest last.
        problems: where the chain does not hold.
        changed: files written whole whose content is no longer the one that the chain names last.
        torn: the last line of ``chain.jsonl`` is cut off, as by a power cut.
    """

    closed: bool = False
    head: str = ""
    lines: int = 0
    records: int = 0
    first_ns: int = 0
    last_ns: int = 0
    chained: dict[str, int] = field(default_factory=dict)
    placed: dict[str, list[bytes]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    changed: list[Problem] = field(default_factory=list)
    torn: bool = False


class _BrokenLineError(ValueError):
    """A line of ``chain.jsonl`` is not as it was written; the text says why."""


def follow_chain(folder: Path) -> ChainState | None:
    """Follow the chain of a capture through its files, in one pass over them; None where the capture has no chain.

    Raises:
        OSError: a file cannot be read.
    """
    path = folder / CHAIN
    if not path.is_file() or path.is_symlink():
        return None
    with _Follower(folder) as follower, path.open("rb") as file:
        number = 1
        try:
            header = file.readline(_LINE_MAX)
            if len(header) < _HEADER_MAX and not header.endswith(b"\n"):  # killed before the header was whole
                follower.state.torn = True
                return follower.state
            follower.begin(header)
            while line := file.readline(_LINE_MAX):
                number += 1
                if not line.endswith(b"\n"):
                    follower.state.torn = True
                    break
                follower.take(line, number)
        except _BrokenLineError as error:
            follower.state.problems.append(Problem(CHAIN, str(error), number, number))
            return follower.state
        follower.finish()
        return follower.state


class _Follower:
    def __init__(self, folder: Path) -> None:
        self.state = ChainState()
        self._folder = folder
        self._head = b""
        self._open: dict[str, BinaryIO | None] = {}
        self._sizes: dict[str, int] = {}
        self._stack = contextlib.ExitStack()
        self._wrong: dict[str, list[Problem]] = {}
        self._seen: dict[str, int] = {}

    def __enter__(self) -> "_Follower":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin(self, line: bytes) -> None:
        header = _parsed(line)
        if set(header) != {"nonce", "schema", "t_ns"} or type(header["t_ns"]) is not int:
            raise _BrokenLineError("not the header of a chain")
        if header["schema"] != SCHEMA:
            raise _BrokenLineError(f"schema: expected {SCHEMA}")
        self._head = first_head(line)
        self.state.head = self._head.hex()
        self.state.first_ns = self.state.last_ns = header["t_ns"]

    def take(self, line: bytes, number: int) -> None:
        """Follow one line; a fault inside the files is noted and the chain goes on from the head that the line names."""
        content = _parsed(line)
        runs = _checked(content, self.state)
        before = sum(len(found) for found in self._wrong.values())
        for op, name, lengths, tags in runs:
            if op == "append":
                self._append(name, lengths, tags)
            else:
                self._whole(op, name, lengths, tags)
        head = line_head(self._head, content["n"], content["t_ns"], closed=content["closed"])
        said = bytes.fromhex(content["head"])
        if head != said and sum(len(found) for found in self._wrong.values()) == before:
            self.state.problems.append(
                Problem(CHAIN, "the head does not follow from the records and the head before", number, number)
            )
        self._head = said
        self.state.head, self.state.last_ns, self.state.closed = content["head"], content["t_ns"], content["closed"]
        self.state.lines += 1

    def _append(self, name: str, lengths: list[int], tags: bytes) -> None:
        prefix, file, head = prefix_of("append", name), self._file(name), self._head
        start, record = self.state.chained.get(name, 0), self._seen.get(name, 0)
        for index, length in enumerate(lengths):
            content = file.read(min(length, self._sizes[name])) if file is not None else b""
            digest = sha256(content).digest()
            head = record_head(head, prefix, digest)
            record += 1
            if digest[:TAG_BYTES] != tags[index * TAG_BYTES : (index + 1) * TAG_BYTES]:
                self._note(name, record, start, start + length, len(content))
            start += length
        self.state.chained[name], self._seen[name], self._head = start, record, head
        self.state.records += len(lengths)

    def _whole(self, op: Any, name: str, lengths: list[int], tags: bytes) -> None:  # noqa: ANN401 - one of OPS
        prefix = prefix_of(op, name)
        for index in range(len(lengths)):
            digest = tags[index * 32 : (index + 1) * 32]
            self._head = record_head(self._head, prefix, digest)
            if op == "place":
                self.state.placed[name] = [*self.state.placed.get(name, [])[-1:], digest]
            elif op == "drop":
                self.state.chained.pop(name, None)
                self._seen.pop(name, None)
            else:
                self._part(name, lengths[index], digest)
        self.state.records += len(lengths)

    def _part(self, name: str, length: int, digest: bytes) -> None:
        """A part of a flow still open; its file is gone where the flow was finished later, which a ``drop`` then says."""
        start = self.state.chained.get(name, 0)
        self.state.chained[name] = start + length
        self._seen[name] = self._seen.get(name, 0) + 1
        file = self._file(name)
        if file is not None:
            file.seek(start)
            content = file.read(min(length, self._sizes[name]))
            if sha256(content).digest() != digest:
                self._note(name, self._seen[name], start, start + length, len(content))

    def _file(self, name: str) -> BinaryIO | None:
        if name not in self._open:
            path = self._folder / name
            there = path.is_file() and not path.is_symlink()
            self._open[name] = self._stack.enter_context(path.open("rb", buffering=1 << 18)) if there else None
            self._sizes[name] = (
                path.stat().st_size if there else 0
            )  # a hostile length asks for no more memory than this
        return self._open[name]

    def _note(self, name: str, record: int, start: int, stop: int, found: int) -> None:
        kind = "line" if name.endswith((".jsonl", ".log")) else "flow"
        what = f"{kind} {record} is not what was recorded"
        if found < stop - start:
            what = f"{kind} {record} is cut off or missing"
        line = record if kind == "line" else None
        problems = self._wrong.setdefault(name, [])
        problems.append(Problem(name, what, line, line, start, stop))

    def finish(self) -> None:
        """Say of each file what was found, and of a closed chain that nothing follows what it covers."""
        state = self.state
        for name, expected in list(state.chained.items()):
            path = self._folder / name
            size = path.stat().st_size if path.is_file() and not path.is_symlink() else None
            if size is None:
                state.problems.append(Problem(name, "the file is missing"))
            elif size < expected or (size > expected and state.closed):
                first = self._wrong.get(name, [None])[0]
                place = f"; it differs from byte {first.start} on" if first is not None else ""
                start = first.start if first is not None else min(size, expected)
                line = first.first_line if first is not None else None
                change = f"{abs(size - expected)} bytes {'longer' if size > expected else 'shorter'}"
                what = f"the file is {change} than what was recorded{place}"
                state.problems.append(Problem(name, what, line, line, start, max(size, start or 0)))
            else:
                self._tell(name)
        for name, digests in state.placed.items():
            path = self._folder / name
            # A run that was killed between the head and the file has the content before.
            right = digests[-1:] if state.closed else digests
            if not path.is_file() or path.is_symlink():
                state.problems.append(Problem(name, "the file is missing"))
            elif _digest(path) not in right:
                state.changed.append(Problem(name, "the file is not what was recorded"))

    def _tell(self, name: str) -> None:
        found = self._wrong.get(name, [])
        self.state.problems += found[:_PLACES_MAX]
        if len(found) > _PLACES_MAX:
            self.state.problems.append(Problem(name, f"and {len(found) - _PLACES_MAX} more records differ"))


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        content = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _BrokenLineError("not JSON") from error
    if not isinstance(content, dict) or canonical(content) != line:
        raise _BrokenLineError("not in the one spelling in which it was written")
    return content


def _checked(content: dict[str, Any], state: ChainState) -> list[tuple[Any, str, list[int], bytes]]:
    """The runs of a line whose shape, number and place are right."""
    if set(content) != {"closed", "head", "n", "runs", "t_ns"} or state.closed:
        raise _BrokenLineError("a line after the last one" if state.closed else "not a head of a chain")
    if content["n"] != state.lines or type(content["n"]) is not int:
        raise _BrokenLineError(f"head number {str(content['n'])[:20]} where {state.lines} was expected")
    if type(content["t_ns"]) is not int or type(content["closed"]) is not bool or not isinstance(content["runs"], list):
        raise _BrokenLineError("a field is of the wrong type")
    _bytes(content["head"], 32)
    return [_run(run) for run in content["runs"]]


def _run(run: object) -> tuple[Any, str, list[int], bytes]:
    if not isinstance(run, list) or len(run) != 4:
        raise _BrokenLineError("a run is not of four parts")
    op, name, lengths, tags = run
    if op not in OPS or not isinstance(name, str) or not _inside(name) or not isinstance(lengths, list):
        raise _BrokenLineError("a run is not as the program writes it")
    if not all(type(length) is int and 0 <= length < _RECORD_MAX for length in lengths):
        raise _BrokenLineError("a length is no length")
    return op, name, lengths, _bytes(tags, len(lengths) * (TAG_BYTES if op == "append" else 32))


def _inside(name: str) -> bool:
    """A hostile chain must not make us read elsewhere."""
    return bool(name) and "\0" not in name and not name.startswith("/") and ".." not in name.split("/")


def _bytes(text: object, length: int) -> bytes:
    try:
        found = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        found = b""
    if len(found) != length or not isinstance(text, str) or found.hex() != text:
        raise _BrokenLineError("a digest is not in hex or not of the expected length")
    return found
