"""Server-Sent Events (WHATWG HTML, 9.2): step ``sse:0:data`` (event from 0; ``data``, ``event``, ``id`` or ``retry``)."""

import re

from pia_runtime.decoding.form import Child, Form, afford, by_children

_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?(?:(?::[^\r\n]*|(?:event|id|retry):[^\r\n]*)\r?\n)*data:").match
_EVENTS = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINES = re.compile(rb"\r\n|\n|\r")
_FIELDS = (b"data", b"event", b"id")


def _children(data: bytes, key: str, room: int) -> list[Child]:
    if _BEGINNING(data) is None:
        return []
    afford(data.count(b"data:"), room)
    found: list[Child] = []
    index = 0
    for event in _EVENTS.split(data.removeprefix(b"\xef\xbb\xbf")):
        fields: dict[bytes, list[bytes]] = {}
        for line in _LINES.split(event):
            name, _, value = line.partition(b":")
            if name in _FIELDS:
                fields.setdefault(name, []).append(value.removeprefix(b" "))
            elif name and value:
                return []
        found += [
            (f"sse:{index}:{name.decode()}", name.decode(), b"\n".join(lines))
            for name, lines in fields.items()
            if any(lines)
        ]
        index += bool(fields)
    return found


SSE = Form("sse", lambda data: b"data:" in data[:2048] and b"\n" in data, _children, by_children(_children, "sse"))
