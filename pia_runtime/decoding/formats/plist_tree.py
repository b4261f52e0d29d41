"""Property lists, XML and binary: steps ``plist:$.a.b[0]`` and ``plist-key:…``."""

import plistlib
from xml.parsers.expat import ExpatError

from pia_runtime.decoding.form import Child, Form, afford, by_children
from pia_runtime.decoding.tree import values

_HEAD = 1024


def _might_be(data: bytes) -> bool:
    return data.startswith(b"bplist00") or (data[:1] in b"<\xef \r\n" and b"<plist" in data[:_HEAD])


def _children(data: bytes, key: str, room: int) -> list[Child]:
    afford(data.count(b"<"), room)
    try:
        tree = plistlib.loads(data)
    except (
        plistlib.InvalidFileException,
        ExpatError,
        ValueError,
        LookupError,
        TypeError,
        OverflowError,
        RecursionError,
        AttributeError,
    ):
        return []
    return values(tree, "plist", key, room) if isinstance(tree, (dict, list)) else []


PLIST = Form("plist", _might_be, _children, by_children(_children, "plist"))
PLIST_KEY = Form("plist-key", _might_be, _children, by_children(_children, "plist-key"))
