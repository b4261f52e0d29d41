"""Cookie headers: step ``cookie:name``. Percent-encoding inside a cookie's value is a further step."""

import re

from pia_runtime.decoding.form import Child, Form, afford, by_children
from pia_runtime.decoding.names import numbered, written
from pia_runtime.decoding.text import to_text

_LIST = re.compile(
    rb"\s*[\w.%!#$&'*+^`|~-]{1,128}=[^;\r\n]*(?:;\s+[\w.%!#$&'*+^`|~-]{1,128}(?:=[^;\r\n]*)?)+;?\s*\Z"
).match


def pairs(data: bytes, key: str, room: int) -> list[Child]:
    """The pairs of a Cookie header, whatever it looks like."""
    afford(data.count(b";"), room)
    found: list[Child] = []
    seen: dict[str, int] = {}
    for pair in data.split(b";"):
        name, equals, value = pair.strip().partition(b"=")
        if not equals:
            name, value = b"", name
        if value:
            text = written(name)
            found.append((f"cookie:{numbered(text, seen)}", to_text(name), value.strip(b'"')))
    return found


def _children(data: bytes, key: str, room: int) -> list[Child]:
    return pairs(data, key, room) if _LIST(data) else []


COOKIE = Form("cookie", lambda data: b"; " in data and b"=" in data, _children, by_children(pairs, "cookie"))
