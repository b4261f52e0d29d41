r"""Text with escapes: steps ``percent``, ``html-entities`` and ``unicode-escape``.

``unicode-escape`` undoes the escapes of JSON and JavaScript strings (``\u5f20``, ``\x31``, ``\u{1f600}``, ``\/``,
``\"``, ``\\``, ``\n`` …) where they stand outside JSON. Each step replaces the text: whatever held no escape is unchanged.
"""

import html
import re
from urllib.parse import unquote_to_bytes

from pia_runtime.decoding.form import Child, Form
from pia_runtime.decoding.text import is_utf8, to_bytes, to_text

_PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}").search
_PERCENT_U = re.compile(rb"%u([0-9A-Fa-f]{4})")
_NEVER_LEFT = re.compile(rb'[ "<>\\^`{|}]|%(?![0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})').search
"""Signs that percent-encoding always encodes (RFC 3986, 2: they are in none of its sets)."""
_NO_CHANCE = 5
"""So many ``%`` that each begin an escape were written by an encoder, also where it wrote bytes."""
_ENTITY = re.compile(rb"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos|nbsp);").search
_ENDLESS = re.compile(r"&(?=#\d{1000})")
"""A reference of so many digits names no character, and Python refuses to read numbers of more than 4300."""
_ESCAPE = re.compile(
    r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})"
    r"|x([0-9A-Fa-f]{2})|([\"'\\/bfnrt]))"
)
_HAS_ESCAPE = re.compile(rb"\\(?:u\{?[0-9A-Fa-f]|x[0-9A-Fa-f]{2}|[\"/])").search
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def unpercent(data: bytes) -> bytes:
    """``%41`` and the older JavaScript form ``%u5f20``."""
    if b"%u" in data:
        data = _PERCENT_U.sub(lambda found: to_bytes(chr(int(found[1], 16))), data)
    return unquote_to_bytes(data)


def unentity(data: bytes) -> bytes:
    """``&#24352;``, ``&amp;`` and the other entities of HTML."""
    return to_bytes(html.unescape(_ENDLESS.sub("&amp;", to_text(data))))


def unescape(data: bytes) -> bytes:
    """Backslash escapes; a pair of surrogates becomes one character."""
    return to_bytes(_ESCAPE.sub(_character, to_text(data)))


def _character(found: re.Match[str]) -> str:
    braced, high, low, four, two, letter = found.groups()
    if letter is not None:
        return _LETTERS.get(letter, letter)
    if high is not None:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
    code = int(braced or four or two, 16)
    return chr(code) if code < 0x110000 else found[0]


def has_bare_signs(data: bytes) -> bool:
    """Whether signs stand in a text that percent-encoding never leaves."""
    return _NEVER_LEFT(data) is not None


def is_doubtful_percent(data: bytes) -> bool:
    """Whether the escapes may be chance (``100%ABC 5G``): no encoder leaves such signs, and few of them give no text."""
    return has_bare_signs(data) or (data.count(b"%") < _NO_CHANCE and not is_utf8(unpercent(data)))


def _children_percent(data: bytes, key: str, room: int) -> list[Child]:
    return [("percent", key, unpercent(data))] if _PERCENT(data) or _PERCENT_U.search(data) else []


def _children_entities(data: bytes, key: str, room: int) -> list[Child]:
    return [("html-entities", key, unentity(data))] if _ENTITY(data) else []


def _children_escapes(data: bytes, key: str, room: int) -> list[Child]:
    return [("unicode-escape", key, unescape(data))] if _HAS_ESCAPE(data) else []


PERCENT = Form("percent", lambda data: b"%" in data, _children_percent, lambda data, _: unpercent(data))
ENTITIES = Form("html-entities", lambda data: b"&" in data, _children_entities, lambda data, _: unentity(data))
ESCAPES = Form("unicode-escape", lambda data: b"\\" in data, _children_escapes, lambda data, _: unescape(data))
