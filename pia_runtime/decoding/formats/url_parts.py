"""A URL with a query as a value: steps ``url:base`` (all before ``?``), ``url:query`` and ``url:fragment``."""

import re

from pia_runtime.decoding.form import Child, Form, afford, by_children

_URL = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s?#\"'<>]*)\?([^\s#\"'<>]*=[^\s#\"'<>]*)(?:#(\S*))?").fullmatch


def _children(data: bytes, key: str, room: int) -> list[Child]:
    found = _URL(data)
    if found is None:
        return []
    parts = (("base", found[1]), ("query", found[2]), ("fragment", found[3] or b""))
    return [(f"url:{name}", key, part) for name, part in parts if part]


def segments(data: bytes, key: str, room: int) -> list[Child]:
    """The segments of a request path, from 0, as they stand there."""
    afford(data.count(b"/"), room)
    return [(f"segment:{index}", key, part) for index, part in enumerate(data.split(b"/")[1:]) if part]


URL = Form("url", lambda data: b"://" in data and b"?" in data, _children, by_children(_children, "url"))
SEGMENT = Form("segment", lambda data: data.startswith(b"/"), segments, by_children(segments, "segment"))
