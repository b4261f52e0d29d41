"""Brotli (RFC 7932): step ``brotli``. It has no magic number, so without a header it is believed only by its output."""

import brotli

from pia_runtime.decoding.form import Child, Form, OverBudgetError, something

_CHUNK = 1 << 16


def unbrotli(data: bytes, room: int, *, whole: bool = True) -> bytes:
    """Decompress within ``room`` bytes; empty where the stream is broken, unfinished or followed by something else.

    Args:
        data: the stream.
        room: bytes the output may have.
        whole: False takes a stream that breaks off as far as it goes.

    Raises:
        OverBudgetError: more output than ``room``.
    """
    stream = brotli.Decompressor()
    out: list[bytes] = []
    total = 0
    try:
        piece = stream.process(data, output_buffer_limit=_CHUNK)
        while True:
            total += len(piece)
            if total > room:
                raise OverBudgetError
            out.append(piece)
            if stream.is_finished() or (not piece and stream.can_accept_more_data()):
                break
            piece = stream.process(b"", output_buffer_limit=_CHUNK)
    except brotli.error:
        return b"" if whole else b"".join(out)
    return b"".join(out) if stream.is_finished() or not whole else b""


def _children(data: bytes, key: str, room: int) -> list[Child]:
    out = unbrotli(data, room)
    return [("brotli", key, out)] if out else []


BROTLI = Form(
    "brotli",
    lambda data: len(data) >= 10,
    _children,
    lambda data, _: something(unbrotli(data, 1 << 30, whole=False)),
    "guesses",
)
