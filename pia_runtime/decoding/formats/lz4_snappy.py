"""LZ4 frames and the snappy framing format: steps ``lz4`` and ``snappy``.

Both are decompressed into a buffer of fixed size: LZ4 cannot expand more than 255 times (its block format codes one
byte of length per 255 bytes), snappy not more than about 22 times (three bytes copy at most 64).
"""

from types import ModuleType

import cramjam

from pia_runtime.decoding.form import Child, Form, OverBudgetError, something
from pia_runtime.decoding.magic import LZ4 as _LZ4_MAGIC
from pia_runtime.decoding.magic import SNAPPY as _SNAPPY_MAGIC

_LZ4_RATIO = 256
_SNAPPY_RATIO = 32


def _into(codec: ModuleType, data: bytes, ratio: int, room: int) -> bytes:
    """Decompress into a buffer no larger than the room; empty where the stream is broken."""
    most = len(data) * ratio + 64
    buffer = bytearray(min(most, room + 1))
    try:
        size = int(codec.decompress_into(data, buffer))
    except cramjam.DecompressionError as error:
        if len(buffer) < most and _is_full(error):
            raise OverBudgetError from error
        return b""
    if size > room:
        raise OverBudgetError
    return bytes(memoryview(buffer)[:size])


def _is_full(error: Exception) -> bool:
    """Whether the decompressor stopped because the buffer was full, which it says only in its message."""
    return "write" in str(error).lower() or "buffer" in str(error).lower()


def _lz4(data: bytes, key: str, room: int) -> list[Child]:
    out = _into(cramjam.lz4, data, _LZ4_RATIO, room)
    return [("lz4", key, out)] if out else []


def _snappy(data: bytes, key: str, room: int) -> list[Child]:
    out = _into(cramjam.snappy, data, _SNAPPY_RATIO, room)
    return [("snappy", key, out)] if out else []


LZ4 = Form(
    "lz4",
    lambda data: data.startswith(_LZ4_MAGIC),
    _lz4,
    lambda data, _: something(_into(cramjam.lz4, data, _LZ4_RATIO, 1 << 28)),
)
SNAPPY = Form(
    "snappy",
    lambda data: data.startswith(_SNAPPY_MAGIC),
    _snappy,
    lambda data, _: something(_into(cramjam.snappy, data, _SNAPPY_RATIO, 1 << 28)),
)
