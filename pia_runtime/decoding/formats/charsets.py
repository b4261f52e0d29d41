"""Text that is not UTF-8: steps ``utf-16le``, ``utf-16be`` and ``gb18030`` (the encoding Chinese apps still use)."""

import re

from pia_runtime.decoding.form import Child, Form
from pia_runtime.decoding.text import is_text, is_utf8, to_bytes

_LATIN_LE = re.compile(rb"(?:[\x09\x0a\x0d\x20-\x7e]\x00)+").fullmatch
_MOSTLY = 0.3
_MIN_CHINESE = 6
_CHINESE = re.compile(r"[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef\u2010-\u2027\x09\x0a\x0d\x20-\x7e]+").fullmatch
_HAN = re.compile(r"[\u4e00-\u9fff]").search


def _decode(data: bytes, charset: str) -> bytes:
    """To UTF-8.

    Raises:
        ValueError: the bytes are not of this charset.
    """
    return to_bytes(data.decode(charset).removeprefix("\ufeff"))


def _utf16(data: bytes, key: str, room: int) -> list[Child]:
    for charset in ("utf-16le", "utf-16be"):
        if _is_utf16(data, charset):
            return [(charset, key, _decode(data, charset))]
    return []


def _is_utf16(data: bytes, charset: str) -> bool:
    """A byte order mark, or many zero bytes in the right half, or nothing but Chinese and ASCII."""
    little = charset == "utf-16le"
    marked = data.startswith(b"\xff\xfe" if little else b"\xfe\xff")
    high = data[1::2] if little else data[0::2]
    zeros = high.count(0)
    if not marked and (data[0::2] if little else data[1::2]).count(0) > zeros:
        return False
    if not marked and zeros < _MOSTLY * len(high) and len(high) < _MIN_CHINESE:
        return False
    try:
        text = data.decode(charset).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return False
    if marked or zeros >= _MOSTLY * len(high):
        return is_text(to_bytes(text))
    return _CHINESE(text) is not None


def _gb18030(data: bytes, key: str, room: int) -> list[Child]:
    if is_utf8(data):
        return []
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return []
    return [("gb18030", key, to_bytes(text))] if _CHINESE(text) and _HAN(text) else []


UTF16 = Form("utf-16le", lambda d: len(d) >= 4 and len(d) % 2 == 0, _utf16, lambda d, _: _decode(d, "utf-16le"))
UTF16BE = Form("utf-16be", lambda _: False, _utf16, lambda data, _: _decode(data, "utf-16be"))
GB18030 = Form("gb18030", lambda d: len(d) >= 4, _gb18030, lambda d, _: _decode(d, "gb18030"), "adds")
