"""Text that is not UTF-8: steps ``utf-16le``, ``utf-16be`` and ``gb18030`` (the encoding Chinese apps still use)."""

import re
from collections.abc import Callable

from pia_runtime.decoding.form import Child, Form
from pia_runtime.decoding.text import is_text, is_utf8, to_bytes

_HIGH = bytes([0x00, 0x20, 0x30, *range(0x4E, 0xA0), 0xFF])
"""High bytes of ASCII, punctuation and Chinese characters in UTF-16."""
_MARKS = {"utf-16le": b"\xff\xfe", "utf-16be": b"\xfe\xff"}
_MIN_CHINESE = 6
_COMMON = 0.75
"""Share of real text that stands in the small GB 2312 set already; noise read as gb18030 hardly does."""
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
    """A byte order mark; or high bytes of ASCII and Chinese only, with zeros among them or six characters at least."""
    if data.startswith(_MARKS[charset]):
        return _is_readable(data, charset, is_text)
    high, low = (data[1::2], data[0::2]) if charset == "utf-16le" else (data[0::2], data[1::2])
    if high.translate(None, _HIGH) or low.count(0) > high.count(0):
        return False
    return (high.count(0) * 3 >= len(high) or len(high) >= _MIN_CHINESE) and _is_readable(data, charset, _is_chinese)


def _is_readable(data: bytes, charset: str, test: Callable[[bytes], bool]) -> bool:
    try:
        return test(_decode(data, charset))
    except ValueError:
        return False


def _is_chinese(data: bytes) -> bool:
    """Chinese and ASCII, nothing else."""
    return _CHINESE(data.decode("utf-8", "surrogatepass")) is not None


def _gb18030(data: bytes, key: str, room: int) -> list[Child]:
    if is_utf8(data):
        return []
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return []
    common = len(text.encode("gb2312", "ignore")) >= _COMMON * len(data)
    return [("gb18030", key, to_bytes(text))] if common and _CHINESE(text) and _HAN(text) else []


UTF16 = Form("utf-16le", lambda d: len(d) >= 4 and len(d) % 2 == 0, _utf16, lambda d, _: _decode(d, "utf-16le"))
UTF16BE = Form("utf-16be", lambda _: False, _utf16, lambda data, _: _decode(data, "utf-16be"))
GB18030 = Form("gb18030", lambda d: len(d) >= 4, _gb18030, lambda d, _: _decode(d, "gb18030"), "adds")
