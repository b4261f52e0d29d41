"""What the app says of itself against what it did: per actor and kind of data."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pia_runtime.model.declaration import ANYBODY, Declaration, DeclaredItem
from pia_runtime.model.detection import Actor

DECLARED = ("no_declaration", "declared", "undeclared", "contrary")
"""Nothing was declared at all; this was; this was not; it was, but otherwise."""

SeenKey = tuple[Actor, str]
"""Who took which data."""


class Declared:
    """A declaration, ready to be asked."""

    def __init__(self, declaration: Declaration | None) -> None:
        self.declaration = declaration
        self._items: dict[str, list[DeclaredItem]] = defaultdict(list)
        for item in declaration.items if declaration else ():
            self._items[item.data].append(item)

    @property
    def extended(self) -> frozenset[str]:
        """Kinds of data that it names for an extended function and for no basic one."""
        return frozenset(
            data for data, items in self._items.items() if {item.function for item in items} == {"extended"}
        )

    def items_for(self, data: str, actor: Actor) -> list[DeclaredItem]:
        """What it says about this data in these hands; what the app declares of nobody in particular counts for everybody."""
        return [item for item in self._items.get(data, ()) if _speaks_of(item, actor)]

    def word(self, data: str, actor: Actor, act: str, third_party: bool | None, state: str) -> str:
        """One word of :data:`DECLARED`."""
        if self.declaration is None:
            return "no_declaration"
        items = self.items_for(data, actor)
        if not items:
            return "undeclared"
        return "declared" if any(_allows(item, act, third_party, state) for item in items) else "contrary"

    def in_background(self, data: str, actor: Actor) -> bool:
        """Whether collection in the background is named."""
        return any(item.background for item in self.items_for(data, actor))


def actor_key(actor: Actor) -> str:
    """``app``, ``sdk:<id>``, ``system`` or ``unknown``: who an item may be declared of."""
    return f"sdk:{actor.id}" if actor.kind == "sdk" else actor.kind


def _speaks_of(item: DeclaredItem, actor: Actor) -> bool:
    return item.by in (ANYBODY, actor_key(actor)) or actor.kind in ("unknown", "system")


def _allows(item: DeclaredItem, act: str, third_party: bool | None, state: str) -> bool:
    if act == "transmission" and (item.sent is False or (item.shared is False and third_party is True)):
        return False
    return not (item.only_foreground and state == "background")


def declaration_document(declared: Declared, seen: Mapping[SeenKey, Sequence[str]]) -> dict[str, Any] | None:
    """The comparison of the document (``declaration``), or None without a declaration.

    Args:
        declared: what was said.
        seen: who took which data, with the words of :data:`DECLARED` that its detections have.
    """
    declaration = declared.declaration
    if declaration is None:
        return None
    return {
        "kind": declaration.kind,
        "source": declaration.source,
        "sha256": declaration.sha256 or None,
        "items": len(declaration.items),
        "rows": sorted([*_seen_rows(seen), *_unseen_rows(declaration.items, seen)], key=_row_order),
    }


def _seen_rows(seen: Mapping[SeenKey, Sequence[str]]) -> Iterable[dict[str, Any]]:
    for (actor, data), words in seen.items():
        result = next(word for word in ("contrary", "undeclared", "declared") if word in words)
        named = {"declared": "declared_and_seen", "undeclared": "seen_not_declared", "contrary": "seen_otherwise"}
        yield {"data": data, "by": actor_key(actor), "name": actor.name, "result": named[result]}


def _unseen_rows(items: Iterable[DeclaredItem], seen: Mapping[SeenKey, Sequence[str]]) -> Iterable[dict[str, Any]]:
    """Declared and not seen: it may not have been exercised, or not be seen at all."""
    done: set[tuple[str, str]] = set()
    for item in items:
        met = any(data == item.data and _speaks_of(item, actor) for actor, data in seen)
        if not met and (item.by, item.data) not in done:
            done.add((item.by, item.data))
            yield {"data": item.data, "by": item.by, "name": None, "result": "declared_not_seen"}


def _row_order(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["by"], row["result"], row["data"]
