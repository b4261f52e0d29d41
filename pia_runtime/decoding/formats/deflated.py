"""gzip, zlib and raw deflate: steps ``gunzip``, ``zlib`` and ``deflate``.

gzip has a magic number, so a stream that breaks off is still read as far as it goes. zlib is believed when its checksum
holds, raw deflate (which has neither) when the stream ends exactly with the data and the output is text or a known form.
"""

import zlib
from typing import Any

from isal import isal_zlib

from pia_runtime.decoding.form import Child, Form, OverBudgetError, something

_CHUNK = 1 << 20
_BROKEN: Any = (isal_zlib.error, zlib.error)


def inflate(data: bytes, wbits: int, room: int, *, whole: bool) -> bytes:
    """Decompress, never holding more than ``room`` bytes (plus one chunk).

    Args:
        data: one or several members, as gzip allows.
        wbits: 31 for gzip, 15 for zlib, -15 for raw deflate.
        room: bytes the output may have.
        whole: whether a stream that breaks off or is followed by other bytes counts as not decodable.

    Returns:
        The output, empty where the data is not of this kind.

    Raises:
        OverBudgetError: more output than ``room``.
    """
    out: list[bytes] = []
    rest, ended = data, True
    while rest and ended:
        try:
            piece, rest, ended = _member(rest, wbits, room)
        except _BROKEN:
            return b"" if whole else b"".join(out)
        out.append(piece)
        room -= len(piece)
        if wbits != 31 or not piece or not rest.startswith(b"\x1f\x8b"):
            break
    return b"" if whole and (rest or not ended) else b"".join(out)


def _member(data: bytes, wbits: int, room: int) -> tuple[bytes, bytes, bool]:
    """One member: output, what follows it, and whether it ended properly."""
    stream: Any = isal_zlib.decompressobj(wbits=wbits)
    out: list[bytes] = []
    total, pending = 0, data
    while not stream.eof:
        piece = stream.decompress(pending, min(_CHUNK, room + 1 - total))
        pending = stream.unconsumed_tail
        total += len(piece)
        if total > room:
            raise OverBudgetError
        out.append(piece)
        if not piece and not pending:
            break
    return b"".join(out), stream.unused_data, stream.eof


def _gunzip(data: bytes, key: str, room: int) -> list[Child]:
    out = inflate(data, 31, room, whole=False)
    return [("gunzip", key, out)] if out else []


def _zlib(data: bytes, key: str, room: int) -> list[Child]:
    out = inflate(data, 15, room, whole=True)
    return [("zlib", key, out)] if out else []


def _deflate(data: bytes, key: str, room: int) -> list[Child]:
    head = _head(data)
    if not head:
        return []
    out = inflate(data, -15, room, whole=True)
    return [("deflate", key, out)] if out else []


def _head(data: bytes) -> bytes:
    """The first bytes of a raw deflate stream, or nothing: a wrong guess must cost next to nothing."""
    try:
        head: bytes = zlib.decompressobj(-15).decompress(data[:512], 64)
    except zlib.error:
        return b""
    return head


def _is_zlib(data: bytes) -> bool:
    return len(data) > 7 and data[0] & 0x0F == 8 and data[0] >> 4 <= 7 and (data[0] << 8 | data[1]) % 31 == 0


def _may_be_deflate(data: bytes) -> bool:
    return len(data) >= 10 and data[0] & 6 != 6


GUNZIP = Form(
    "gunzip",
    lambda data: data.startswith(b"\x1f\x8b\x08") and len(data) > 17,
    _gunzip,
    lambda data, _: something(inflate(data, 31, 1 << 30, whole=False)),
)
ZLIB = Form("zlib", _is_zlib, _zlib, lambda data, _: something(inflate(data, 15, 1 << 30, whole=False)))
DEFLATE = Form(
    "deflate", _may_be_deflate, _deflate, lambda data, _: something(inflate(data, -15, 1 << 30, whole=False)), "guesses"
)
