"""A part of the bytes by position: step ``slice@offset+length``, and ``skip:4`` for what follows a short unknown header.

Binary formats that nobody here knows still hold readable strings, and those may hold JSON, forms or base64: every run of
text in such data is looked into, and kept where something was found. So is a zlib stream between other bytes, as
the Thrift envelope of an analytics SDK or the frames of a chat protocol carry it.
"""

import re
import zlib
from itertools import islice

from pia_runtime.decoding.form import Child, Form
from pia_runtime.decoding.magic import GZIP, LZ4, SNAPPY, ZSTD
from pia_runtime.decoding.text import is_utf8

_MARK = re.compile(b"|".join(re.escape(mark) for mark in (GZIP, ZSTD, LZ4, SNAPPY))).search
_TEXT = re.compile(rb"(?:[\x20-\x7e\t\r\n]|[\xc2-\xf4][\x80-\xbf]{1,3}){12,}").finditer
_INTERESTING = re.compile(rb"[{\[%=\\&]|[A-Za-z0-9+/_-]{12}").search
_MAX_STRINGS = 500
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]").finditer
_MAX_STREAMS = 16
_LARGEST_STREAM = 4 << 20
_CHUNK = 1 << 16
_NOT_AT_START = 1
_NEAR = 4096


def cut(data: bytes, rest: str) -> bytes:
    """What ``@offset+length`` means.

    Raises:
        ValueError: it is not written like that, or reaches beyond the data.
    """
    offset, _, length = rest.removeprefix("@").partition("+")
    start, size = int(offset), int(length)
    if start < 0 or size < 0 or start + size > len(data):
        raise ValueError(f"no slice {rest!r} in {len(data)} bytes")
    return data[start : start + size]


def _skip(data: bytes, key: str, _room: int) -> list[Child]:
    found = _MARK(data, _NOT_AT_START, _NEAR)
    return [(f"skip:{found.start()}", key, data[found.start() :])] if found else []


def _parts(data: bytes, key: str, room: int) -> list[Child]:
    return [*_streams(data, key, room), *_strings(data, key)]


def _streams(data: bytes, key: str, room: int) -> list[Child]:
    """Whole zlib streams inside the data, told by their header and checksum."""
    found: list[Child] = []
    done = 0
    for head in islice(_ZLIB(data, _NOT_AT_START), _MAX_STREAMS):
        start = head.start()
        size = _stream_size(data[start:], min(room, _LARGEST_STREAM)) if start >= done else 0
        if size:
            done = start + size
            found.append((f"slice@{start}+{size}", key, data[start:done]))
    return found


def _stream_size(data: bytes, room: int) -> int:
    """Bytes of the zlib stream that begins here; 0 where there is none, or one of more output than the room."""
    stream = zlib.decompressobj()
    total, rest = 0, data
    while not stream.eof and total <= room:
        try:
            piece = stream.decompress(rest, _CHUNK)
        except zlib.error:
            return 0
        total, rest = total + len(piece), stream.unconsumed_tail
        if not piece and not rest:
            return 0
    return len(data) - len(stream.unused_data) if stream.eof and total else 0


def _strings(data: bytes, key: str) -> list[Child]:
    runs = islice(_TEXT(data), _MAX_STRINGS)
    return [
        (f"slice@{run.start()}+{len(run[0])}", key, run[0]) for run in runs if _INTERESTING(run[0]) and is_utf8(run[0])
    ]


SLICE = Form("slice", lambda data: len(data) > 16, _parts, cut, "guesses")
SKIP = Form("skip", lambda data: len(data) > 8, _skip, lambda data, rest: data[int(rest[1:]) :], "guesses")
