"""Protocol Buffers without a schema: steps ``protobuf:1.2[0]``, with ``:signed``, ``:zigzag``, ``:double``, ``:float``.

Own walk over the wire format (protobuf.dev, "Encoding"), because it is many times faster than the schema-less decoders
on PyPI. A message is believed only when the whole buffer parses with sane field numbers. Fields that repeat have their
index. Numbers come as decimal text in every reading they can have: a varint unsigned, signed when it is negative as
int64, zigzag when large enough to carry a value; fixed32 and fixed64 unsigned, signed and as float or double.
A length-delimited field is text, or a message where it parses as one, and always also its bytes unless it was clearly a
message. Packed numbers are ``protobuf:3[0]``… of the packed field as ``protobuf:3:packed[0]``.
"""

import struct
import zlib

from pia_runtime.decoding.form import Child, Form, OverBudgetError, Terminal, by_children
from pia_runtime.decoding.magic import is_compressed
from pia_runtime.decoding.text import is_text

_MAX_FIELD = 30_000
_MAX_NESTING = 24
_BIG = 1 << 63
_WORTH_ZIGZAG = 1 << 16
_CLEARLY = 16
_MAX_PACKED = 4096
_ZLIB = 0x78
_ENOUGH = 1 << 12
"""Bytes that come out of a stream only where it is one."""

Field = tuple[int, int, int | bytes]
"""Field number, wire type, and the number or bytes."""


def parse(data: bytes) -> list[Field] | None:
    """The fields of a message in wire order, or None where the bytes are not wholly one message."""
    fields: list[Field] = []
    at, end = 0, len(data)
    while at < end:
        tag = data[at]
        at += 1
        if tag & 0x80:
            if at >= end:
                return None
            more = data[at]
            at += 1
            tag = tag & 0x7F | more << 7
            if more & 0x80:
                if at >= end or data[at] & 0x80:
                    return None
                tag = tag & 0x3FFF | data[at] << 14
                at += 1
        number, kind = tag >> 3, tag & 7
        if not 0 < number < _MAX_FIELD:
            return None
        if kind == 0 or kind == 2:
            value, at = _varint(data, at, end)
            if at < 0:
                return None
            if kind == 0:
                fields.append((number, 0, value))
                continue
            if value > end - at:
                return None
            fields.append((number, 2, data[at : at + value]))
            at += value
        elif kind == 1 or kind == 5:
            size = 8 if kind == 1 else 4
            if end - at < size:
                return None
            fields.append((number, kind, data[at : at + size]))
            at += size
        else:
            return None
    return fields


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The number and where it ends, -1 where it does not."""
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    return 0, -1


def _children(data: bytes, key: str, room: int) -> list[Child]:
    fields = parse(data)
    if not fields:
        return []
    found: list[Child] = []
    _message(fields, "protobuf:", found, [room], 0)
    return found


def _message(fields: list[Field], prefix: str, found: list[Child], room: list[int], depth: int) -> None:
    counts: dict[int, int] = {}
    for number, _, _ in fields:
        counts[number] = counts.get(number, 0) + 1
    index: dict[int, int] = {}
    room[0] -= len(fields) * (1 + len(prefix) // 64)
    if room[0] < 0:
        raise OverBudgetError
    for number, kind, value in fields:
        step = f"{prefix}{number}"
        if counts[number] > 1:
            step += f"[{index.setdefault(number, 0)}]"
            index[number] += 1
        if isinstance(value, int):
            _number(value, step, str(number), found)
        elif kind == 2:
            _delimited(value, step, str(number), found, room, depth)
        else:
            _fixed(value, kind, step, str(number), found)


def _number(value: int, step: str, key: str, found: list[Child]) -> None:
    found.append((step, key, b"%d" % value))
    if value >= _BIG:
        found.append((step + ":signed", key, b"%d" % (value - (_BIG << 1))))
    if value >= _WORTH_ZIGZAG:
        found.append((step + ":zigzag", key, b"%d" % (value >> 1 ^ -(value & 1))))


def _fixed(value: bytes, kind: int, step: str, key: str, found: list[Child]) -> None:
    whole, signed, real = ("<Q", "<q", "<d") if kind == 1 else ("<I", "<i", "<f")
    unsigned = struct.unpack(whole, value)[0]
    found.append((step, key, b"%d" % unsigned))
    if value[-1] & 0x80:
        found.append((step + ":signed", key, b"%d" % struct.unpack(signed, value)[0]))
    number = struct.unpack(real, value)[0]
    if number == number and 1e-12 < abs(number) < 1e21:
        text = repr(number) if kind == 1 else f"{number:.9g}"
        found.append((f"{step}:{'double' if kind == 1 else 'float'}", key, text.encode()))


def _delimited(value: bytes, step: str, key: str, found: list[Child], room: list[int], depth: int) -> None:
    if is_text(value):
        if value:
            found.append((step, key, value))
        if value[:1] != b"\n" or len(value) < 3:
            return
    inner = parse(value) if depth < _MAX_NESTING and not _names_itself(value) else None
    if inner:
        clear = len(value) >= _CLEARLY and any(
            kind == 2 and len(part) > 3 and is_text(part) for _, kind, part in inner if isinstance(part, bytes)
        )
        if not clear and not is_text(value):
            found.append((step, key, Terminal(value)))
        _message(inner, step + ".", found, room, depth + 1)
        return
    if not is_text(value):
        found.append((step, key, value))
    _packed(value, step, key, found)


def _names_itself(value: bytes) -> bool:
    """Whether bytes are compressed, told by a magic number or, for zlib, by a header and all of the stream behind it."""
    if value[0] != _ZLIB or (value[0] << 8 | value[1]) % 31:
        return is_compressed(value)
    stream = zlib.decompressobj()
    try:
        out = stream.decompress(value, _ENOUGH)
    except zlib.error:
        return False
    return stream.eof or len(out) == _ENOUGH


def _packed(value: bytes, step: str, key: str, found: list[Child]) -> None:
    """A packed field of varints, where nothing else explains the bytes and the numbers are worth a look."""
    if not 4 <= len(value) <= _MAX_PACKED or value[-1] & 0x80:
        return
    numbers, at = [], 0
    while at < len(value):
        number, at = _varint(value, at, len(value))
        if at < 0:
            return
        numbers.append(number)
    if max(numbers) < _WORTH_ZIGZAG or max(numbers) >= _BIG:
        return
    for index, number in enumerate(numbers):
        found.append((f"{step}:packed[{index}]", key, b"%d" % number))


def _might_be(data: bytes) -> bool:
    return len(data) > 1 and data[0] & 7 in (0, 1, 2, 5) and data[0] > 7


PROTOBUF = Form("protobuf", _might_be, _children, by_children(_children, "protobuf"))
