"""Zstandard (RFC 8878): step ``zstd``."""

import zstandard

from pia_runtime.decoding.form import Child, Form, OverBudgetError, something
from pia_runtime.decoding.magic import ZSTD as _MAGIC

_MAX_WINDOW = 1 << 27
_CHUNK = 1 << 20


def unzstd(data: bytes, room: int) -> bytes:
    """Decompress all frames within ``room`` bytes; a stream that breaks off is read as far as it goes.

    Raises:
        OverBudgetError: more output than ``room``.
    """
    out: list[bytes] = []
    total = 0
    try:
        reader = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).stream_reader(data, read_across_frames=True)
        while piece := reader.read(min(_CHUNK, room + 1 - total)):
            total += len(piece)
            if total > room:
                raise OverBudgetError
            out.append(piece)
    except zstandard.ZstdError:
        return b"".join(out)
    return b"".join(out)


def _children(data: bytes, key: str, room: int) -> list[Child]:
    out = unzstd(data, room)
    return [("zstd", key, out)] if out else []


ZSTD = Form("zstd", lambda data: data.startswith(_MAGIC), _children, lambda data, _: something(unzstd(data, 1 << 30)))
