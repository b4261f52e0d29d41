"""A part of the bytes by position: step ``slice@offset+length``, and ``skip:4`` for what follows a short unknown header."""

import re

from pia_runtime.decoding.form import Child, Form
from pia_runtime.decoding.magic import GZIP, LZ4, SNAPPY, ZSTD

_MARK = re.compile(b"|".join(re.escape(mark) for mark in (GZIP, ZSTD, LZ4, SNAPPY)) + rb'|\{"[^\x00-\x1f]').search
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


SLICE = Form("slice", lambda _: False, lambda _d, _k, _r: [], cut)
SKIP = Form("skip", lambda data: len(data) > 8, _skip, lambda data, rest: data[int(rest[1:]) :], "guesses")
