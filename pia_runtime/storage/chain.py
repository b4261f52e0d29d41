"""The chain of a run: each record is hashed over the head before it, and heads are kept in ``chain.jsonl`` as the run goes on.

The file is a header and then heads, one canonical JSON object a line:

- header: ``{"nonce", "schema": "pia.chain/1", "t_ns"}``; the first head is its SHA-256;
- head: ``{"closed", "head", "n", "runs", "t_ns"}``. ``runs`` lists, in the order of writing, what came since the head before:
  ``[op, file, lengths, tags]`` with the length of each record in bytes and the beginning of each record's SHA-256.

``op`` is ``append`` (a record at the end of a file that stays; tags of 8 hex digits, the record itself gives the rest), ``part``
(likewise in a file that may go before the run is over), ``place`` (a whole file written or replaced) or ``drop`` (the file is
gone); the last three carry whole digests, so that the chain can be followed without the content.
"""

import secrets
import time
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import orjson

from pia_runtime.storage.appending import AppendFile

CHAIN = "chain.jsonl"
SCHEMA = "pia.chain/1"
TAG_BYTES = 4
"""Of an appended record's digest; enough to find which record differs, while the head binds them all in full."""

type Op = Literal["append", "part", "place", "drop"]
OPS: tuple[Op, ...] = ("append", "part", "place", "drop")


def canonical(value: Any) -> bytes:  # noqa: ANN401 - whatever JSON holds
    """The one spelling of a JSON value: UTF-8, keys in code point order, no spaces, one newline at the end."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def first_head(header: bytes) -> bytes:
    """The head that the first record is hashed over, from the header line with its newline."""
    return sha256(header).digest()


def prefix_of(op: Op, name: str) -> bytes:
    """What stands between the head before and a record's digest: what was done, and to which file."""
    return f"{op}\0{name}\0".encode(errors="surrogateescape")


def record_head(head: bytes, prefix: bytes, digest: bytes) -> bytes:
    """The head after one record."""
    return sha256(head + prefix + digest).digest()


def line_head(head: bytes, n: int, t_ns: int, *, closed: bool) -> bytes:
    """The head after a line's own number and time, which no record carries."""
    return sha256(head + f"head\0{n}\0{t_ns}\0{int(closed)}".encode()).digest()


class Chain:
    """The chain while it is written. Not safe for several threads: the capture writer holds its lock.

    Args:
        path: the capture folder; ``chain.jsonl`` is begun in it.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._file = AppendFile(path / CHAIN)
        header = canonical({"schema": SCHEMA, "nonce": secrets.token_hex(16), "t_ns": time.time_ns()})
        self._file.append(header)
        self._head = first_head(header)
        self._lines = 0
        self._runs: list[tuple[bytes, str, str, list[int], list[bytes]]] = []
        self._prefixes: dict[tuple[str, str], bytes] = {}
        self._closed = False

    @property
    def pending(self) -> bool:
        """Whether records came since the last head and a head can still be written."""
        return bool(self._runs) and not self._closed

    def add(self, op: Op, name: str, record: bytes, digest: bytes | None = None) -> None:
        """Hash one record over the head; ``digest`` is its SHA-256 where that is known already."""
        prefix = self._prefixes.get((op, name))
        if prefix is None:
            prefix = self._prefixes[op, name] = prefix_of(op, name)
        digest = digest or sha256(record).digest()
        self._head = record_head(self._head, prefix, digest)
        if not self._runs or self._runs[-1][0] is not prefix:
            self._runs.append((prefix, op, name, [], []))
        self._runs[-1][3].append(len(record))
        self._runs[-1][4].append(digest[:TAG_BYTES] if op == "append" else digest)

    def take(self, *, closed: bool = False) -> bytes:
        """The line for what came since the last head, to be given to :meth:`write` in this order."""
        now = time.time_ns()
        self._head = line_head(self._head, self._lines, now, closed=closed)
        runs = [[op, name, lengths, b"".join(tags).hex()] for _, op, name, lengths, tags in self._runs]
        line = {"n": self._lines, "t_ns": now, "closed": closed, "head": self._head.hex(), "runs": runs}
        self._lines += 1
        self._runs = []
        return canonical(line)

    def write(self, line: bytes) -> None:
        """Append a line and return when the disk itself has it.

        Raises:
            OSError: it could not be written.
        """
        self._file.append(line)
        self._file.sync()

    def close(self) -> None:
        """Close the file: no head follows. May be called twice."""
        self._closed = True
        self._file.close()
