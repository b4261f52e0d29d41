"""MessagePack: steps ``msgpack:$.a`` and ``msgpack-key:$.a``. Believed when a map or array fills the whole data."""

import msgpack

from pia_runtime.decoding.form import Child, Form, by_children
from pia_runtime.decoding.text import is_text
from pia_runtime.decoding.tree import Tree, values

_TAGS = frozenset([*range(0x81, 0x90), *range(0x91, 0xA0), 0xDC, 0xDD, 0xDE, 0xDF])


def _parse(data: bytes) -> Tree:
    """The tree, or None."""
    try:
        return msgpack.unpackb(
            data,
            raw=True,
            strict_map_key=False,
            object_pairs_hook=tuple,
            ext_hook=lambda _code, body: body,
            timestamp=0,
        )
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError, OverflowError):
        return None


def _children(data: bytes, key: str, room: int) -> list[Child]:
    tree = _parse(data)
    return values(tree, "msgpack", key, room) if isinstance(tree, (tuple, list)) and _is_plausible(tree) else []


def _is_plausible(tree: Tree) -> bool:
    """Half of a map's names at least are text, the others numbers; an array holds at least one text, bytes or map."""
    if isinstance(tree, tuple):
        named = sum(isinstance(name, bytes) and is_text(name) for name, _ in tree)
        return 2 * named >= len(tree) and all(isinstance(name, (bytes, int)) for name, _ in tree)
    return any(isinstance(item, (bytes, tuple, list)) and len(item) > 1 for item in tree if not _is_junk(item))


def _is_junk(item: Tree) -> bool:
    return isinstance(item, bytes) and not is_text(item)


def _might_be(data: bytes) -> bool:
    return data[0] in _TAGS and len(data) > 3


MSGPACK = Form("msgpack", _might_be, _children, by_children(_children, "msgpack"))
MSGPACK_KEY = Form("msgpack-key", _might_be, _children, by_children(_children, "msgpack-key"))
