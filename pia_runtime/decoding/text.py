"""Is it text, and how text becomes bytes."""

import re

_ORDINARY = bytes([0x09, 0x0A, 0x0C, 0x0D, *range(0x20, 0x7F)])
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]").search


def is_text(data: bytes) -> bool:
    """UTF-8 without control characters other than tab, line feed, form feed and carriage return."""
    other = data.translate(None, _ORDINARY)
    return not other or (_CONTROL(other) is None and is_utf8(data))


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are strict UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def to_text(data: bytes) -> str:
    """UTF-8 to text; bytes that are not UTF-8 survive as lone surrogates, so that :func:`to_bytes` gives them back."""
    return data.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """Text to UTF-8; undoes :func:`to_text`, and writes lone surrogates that JSON escapes made as three bytes each."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        pass
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
