"""multipart bodies (RFC 2046, RFC 7578): steps ``multipart:name`` and ``multipart-filename:name``.

The boundary is read from the first line, so that the body alone is enough to follow the step. A part without a name has
its position, from 0, as its name.
"""

import re

from pia_runtime.decoding.form import Child, Form, by_children
from pia_runtime.decoding.names import numbered, written
from pia_runtime.decoding.text import to_text

_FIRST_LINE = re.compile(rb"(?:\r?\n)*(--[^\r\n]{1,200}?)[ \t]*(\r?\n)").match
_NAME = re.compile(rb'content-disposition:[^\r\n]*?;\s*name="?([^"\r\n;]*)', re.IGNORECASE).search
_FILE = re.compile(rb'content-disposition:[^\r\n]*?;\s*filename="?([^"\r\n;]*)', re.IGNORECASE).search
_MAX_PARTS = 10_000


def _parts(data: bytes, key: str, room: int) -> list[Child]:
    first = _FIRST_LINE(data)
    if first is None:
        return []
    end_of_line = first[2]
    pieces = data[first.end() - len(end_of_line) :].split(end_of_line + first[1], _MAX_PARTS)
    found: list[Child] = []
    seen: dict[str, int] = {}
    for index, piece in enumerate(pieces):
        if piece.startswith(b"--") and index:
            break
        head, gap, body = piece.partition(end_of_line * 2)
        if not gap:
            return found if found and index == len(pieces) - 1 else []
        found += _part(head, body, index, seen)
    return found


def _part(head: bytes, body: bytes, index: int, seen: dict[str, int]) -> list[Child]:
    name = _NAME(head)
    key = name[1] if name else b"%d" % index
    step = numbered(written(key), seen)
    found = [(f"multipart:{step}", to_text(key), body)] if body else []
    filename = _FILE(head)
    if filename and filename[1]:
        found.insert(0, (f"multipart-filename:{step}", "filename", filename[1]))
    return found


def _might_be(data: bytes) -> bool:
    return data.lstrip(b"\r\n").startswith(b"--") and b":" in data


MULTIPART = Form("multipart", _might_be, _parts, by_children(_parts, "multipart"))
MULTIPART_FILENAME = Form("multipart-filename", _might_be, _parts, by_children(_parts, "multipart-filename"))
