"""Nested lists and objects, as JSON, MessagePack, CBOR and property lists have them, to the values inside.

Objects are tuples of pairs (so that repeated names survive) or dicts, arrays are lists. A value is named by its path:
``$.device.ids[3]["a b"]``. The second member of one name is ``.name#1``. A name that is itself a value (a phone number
used as a key) is a child too, under the step ``<format>-key:`` with the path of its member.
"""

from functools import lru_cache
from typing import Any

from pia_runtime.decoding.form import MAX_PREFIX, Child, OverBudgetError
from pia_runtime.decoding.names import is_field_name, member, numbered
from pia_runtime.decoding.text import to_bytes, to_text

type Tree = Any
"""What a parser returned: nested tuples of pairs or dicts, lists, and scalars."""

MAX_NESTING = 128
"""Containers within containers that are followed; deeper ones make the whole unreadable (and harmless)."""


def values(tree: Tree, scheme: str, key: str, room: int, prefix: str = "$") -> list[Child]:
    """All values of a tree, in order.

    Args:
        tree: what a parser returned.
        scheme: ``json``, ``msgpack``, …: the name of the steps.
        key: the name that stood around the whole.
        room: bytes the values may have together.
        prefix: path of the whole.

    Raises:
        OverBudgetError: the values need more than ``room``.
    """
    walk = _Walk(scheme, room)
    walk.value(tree, prefix, key, 0)
    return walk.found


class _Walk:
    """One pass over a tree. Everything is appended to ``found``; ``room`` shrinks with it."""

    def __init__(self, scheme: str, room: int) -> None:
        self.found: list[Child] = []
        self.step = scheme + ":"
        self.key_step = scheme + "-key:"
        self.room = room

    def value(self, value: Tree, path: str, key: str, depth: int) -> None:
        kind = type(value)
        if kind is str:
            self.found.append((self.step + path, key, to_bytes(value)))
        elif kind is tuple or kind is dict:
            self.members(value if kind is tuple else tuple(value.items()), path, depth + 1)
        elif kind is list:
            self.items(value, path, key, depth + 1)
        elif value is not None:
            self.found.append((self.step + path, key, scalar(value)))

    def members(self, pairs: tuple[tuple[Tree, Tree], ...], path: str, depth: int) -> None:
        self.charge(len(pairs), path, depth)
        named = _named(tuple([pair[0] if type(pair[0]) is str else scalar_text(pair[0]) for pair in pairs]))
        found, step = self.found, self.step + path
        for (suffix, name, is_value), (_, value) in zip(named, pairs, strict=True):
            if is_value:
                found.append((self.key_step + path + suffix, "", to_bytes(name)))
            if type(value) is str:
                found.append((step + suffix, name, value.encode() if value.isascii() else to_bytes(value)))
            else:
                self.value(value, path + suffix, name, depth)

    def items(self, items: list[Tree], path: str, key: str, depth: int) -> None:
        self.charge(len(items), path, depth)
        for index, item in enumerate(items):
            self.value(item, f"{path}[{index}]", key, depth)

    def charge(self, count: int, path: str, depth: int) -> None:
        if depth > MAX_NESTING:
            raise OverBudgetError
        if len(path) > MAX_PREFIX:
            self.room -= len(path) * count
        self.room -= count
        if self.room < 0:
            raise OverBudgetError


@lru_cache(maxsize=2048)
def _named(names: tuple[str, ...]) -> tuple[tuple[str, str, bool], ...]:
    """How the members of an object are written, their names, and whether a name is a value itself.

    Remembered, because the objects of a list, and the messages of an app, have the same names again and again.
    """
    suffixes = [member(name) for name in names]
    if len(set(names)) != len(names):
        seen: dict[str, int] = {}
        suffixes = [numbered(suffix, seen) for suffix in suffixes]
    return tuple((suffix, name, not is_field_name(name)) for suffix, name in zip(suffixes, names, strict=True))


def scalar_text(value: Tree) -> str:
    """A scalar as text; raw bytes are read as UTF-8 where they are."""
    return to_text(scalar(value))


def scalar(value: Tree) -> bytes:
    """A value that is neither text nor container, as bytes: numbers in decimal, dates in ISO 8601, raw bytes as they are."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return b"%d" % value if value.bit_length() < 10_000 else b"%x" % value
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).encode()
    return to_bytes(str(value))
