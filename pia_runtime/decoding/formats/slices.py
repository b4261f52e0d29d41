"""A part of the bytes by position: step ``slice@offset+length``, and ``skip:4`` for what follows a short unknown header.

Binary formats that nobody here knows still hold readable strings, and those may hold JSON, forms or base64: every run of
text in such data is looked into, and kept where something was found.
"""

import re
from itertools import islice

from pia_runtime.decoding.form import Child, Form
from pia_runtime.decoding.magic import GZIP, LZ4, SNAPPY, ZSTD
from pia_runtime.decoding.text import is_utf8

_MARK = re.compile(b"|".join(re.escape(mark) for mark in (GZIP, ZSTD, LZ4, SNAPPY))).search
_TEXT = re.compile(rb"(?:[\x20-\x7e\t\r\n]|[\xc2-\xf4][\x80-\xbf]{1,3}){12,}").finditer
_INTERESTING = re.compile(rb"[{\[%=\\&]|[A-Za-z0-9+/_-]{12}").search
_MAX_STRINGS = 500
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


def _strings(data: bytes, key: str, _room: int) -> list[Child]:
    runs = islice(_TEXT(data), _MAX_STRINGS)
    return [
        (f"slice@{run.start()}+{len(run[0])}", key, run[0]) for run in runs if _INTERESTING(run[0]) and is_utf8(run[0])
    ]


SLICE = Form("slice", lambda data: len(data) > 16, _strings, cut, "guesses")
SKIP = Form("skip", lambda data: len(data) > 8, _skip, lambda data, rest: data[int(rest[1:]) :], "guesses")
