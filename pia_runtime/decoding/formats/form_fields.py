"""Query strings and form bodies: steps ``form:name``, ``form-plus:name`` and ``form-key:name``.

``form:name`` includes the percent-decoding and reads ``+`` as a space. ``form-plus`` leaves ``+`` alone: many apps put
base64 or telephone numbers into a form without encoding it. A second decoding is a further ``percent`` step.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from pia_runtime.decoding.form import Child, Form, afford, by_children
from pia_runtime.decoding.names import is_field_name, numbered, written
from pia_runtime.decoding.text import to_text

_FIRST = re.compile(rb"[^\s=&?/:;,<>{}\"'\\()|#]{1,128}=(?!=*\s*\Z|\s)").match
"""A name and the beginning of its value; what has only ``=`` behind it is padded base64 or base32."""
_OPEN_JSON = re.compile(rb"[^=]{1,128}=([{\[])[\s\"{\[]").match
_MAX_JOINED = 32
_MAX_JOINS = 1024
_PLUS_IS_MEANT = re.compile(rb"\+?\d{6,15}|[A-Za-z0-9+/]{16,}={0,2}|[^+@]+\+[^+@]+@[\w.-]+").fullmatch
_WORDS = re.compile(rb"(?:[A-Za-z]+|\d+)(?:\+(?:[A-Za-z]+|\d+))+").fullmatch
"""Words between which the spaces became ``+``: of the signs of base64, but hardly ever base64."""


def _looks_like_form(data: bytes) -> bool:
    return b"=" in data and _FIRST(data) is not None and not (b"; " in data and b"&" not in data)


def _children(data: bytes, key: str, room: int) -> list[Child]:
    """All fields; what has no ``=`` is a name without a value, or a value without a name."""
    afford(data.count(b"&"), room)
    found: list[Child] = []
    seen: dict[str, int] = {}
    for pair in _pairs(data):
        name, _, value = pair.partition(b"=")
        if not pair:
            continue
        if b"%" in name or b"+" in name:
            name = unquote_to_bytes(name.replace(b"+", b" "))
        step = numbered(written(name), seen)
        field = to_text(name)
        if not is_field_name(field):
            found.append((f"form-key:{step}", "", name))
        if value:
            found += _value(step, field, value)
    return found


def _pairs(data: bytes) -> Iterator[bytes]:
    """Split at ``&``, but not inside a JSON value that was put into the form without encoding it."""
    pieces = data.split(b"&")
    index, joins = 0, 0
    while index < len(pieces):
        pair, index = pieces[index], index + 1
        opened = _OPEN_JSON(pair)
        if opened:
            close = b"}" if opened[1] == b"{" else b"]"
            for stop in range(index, min(index + _MAX_JOINED, len(pieces)) + 1 if joins < _MAX_JOINS else index):
                joins += 1
                whole = b"&".join([pair, *pieces[index:stop]])
                if whole.endswith(close) and whole.count(opened[1]) == whole.count(close):
                    pair, index = whole, stop
                    break
        yield pair


def _value(step: str, field: str, value: bytes) -> list[Child]:
    if b"+" in value:
        kept = unquote_to_bytes(value)
        if _PLUS_IS_MEANT(kept):
            meant = [(f"form-plus:{step}", field, kept)]
            return [(f"form:{step}", field, kept.replace(b"+", b" ")), *meant] if _WORDS(value) else meant
        value = value.replace(b"+", b" ")
    return [(f"form:{step}", field, unquote_to_bytes(value) if b"%" in value else value)]


FORM = Form("form", _looks_like_form, _children, by_children(_children, "form"))
FORM_PLUS = Form("form-plus", _looks_like_form, _children, by_children(_children, "form-plus"))
FORM_KEY = Form("form-key", _looks_like_form, _children, by_children(_children, "form-key"))
