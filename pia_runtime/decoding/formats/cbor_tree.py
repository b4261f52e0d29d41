"""CBOR (RFC 8949): steps ``cbor:$.a`` and ``cbor-key:$.a``. Believed when a map or array fills the whole data.

Tags are looked through, never acted on: the library would compile regular expressions and parse mail for some of them.
"""

import io
from collections.abc import Mapping

import cbor2

from pia_runtime.decoding.form import Child, Form, OverBudgetError, by_children
from pia_runtime.decoding.formats.brotli_stream import unbrotli
from pia_runtime.decoding.tree import MAX_NESTING, Tree, values

_TAGS = (0, 1, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)
_BEGINNINGS = frozenset([*range(0x81, 0xA0), *range(0xA1, 0xC0), 0xD9])


_ELEVEN, _EMPTY = 0x8B, b"\x80"
"""Short text that brotli does not compress begins so: as an array of eleven items, the second of them empty."""


def _content(value: Tree, _immutable: bool) -> Tree:
    return value


_LOOK_THROUGH = dict.fromkeys(_TAGS, _content)


def _parse(data: bytes) -> Tree:
    """The tree, or None. Other tags stay CBORTag and are looked through in :func:`_plain`."""
    stream = io.BytesIO(data)
    try:
        tree = cbor2.CBORDecoder(stream, semantic_decoders=_LOOK_THROUGH, max_depth=MAX_NESTING).decode()
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError, MemoryError, LookupError):
        return None
    return tree if stream.tell() == len(data) else None


def _plain(value: Tree, depth: int = 0) -> Tree:
    """Tags removed, every mapping a tuple of pairs, every sequence a list."""
    if depth > MAX_NESTING:
        raise OverBudgetError
    if isinstance(value, cbor2.CBORTag):
        return _plain(value.value, depth + 1)
    if isinstance(value, Mapping):
        return tuple((_plain(name, depth + 1), _plain(item, depth + 1)) for name, item in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, depth + 1) for item in value]
    return None if value is cbor2.undefined else value


def _children(data: bytes, key: str, room: int) -> list[Child]:
    if data[0] == _ELEVEN and data[2:3] == _EMPTY and unbrotli(data, room):
        return []
    tree = _plain(_parse(data))
    if not isinstance(tree, (tuple, list)) or not _is_plausible(tree):
        return []
    return values(tree, "cbor", key, room)


def _is_plausible(tree: Tree) -> bool:
    if isinstance(tree, tuple):
        return any(isinstance(name, (str, int)) for name, _ in tree)
    return any(isinstance(item, (str, tuple, list)) and len(item) > 1 for item in tree)


def _might_be(data: bytes) -> bool:
    return data[0] in _BEGINNINGS and len(data) > 3


CBOR = Form("cbor", _might_be, _children, by_children(_children, "cbor"))
CBOR_KEY = Form("cbor-key", _might_be, _children, by_children(_children, "cbor-key"))
