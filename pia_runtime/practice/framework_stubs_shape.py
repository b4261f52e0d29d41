"""Which framework classes, members and overloads stubs are made of: what the catalog names, and the types that leads to.

Public classes follow the SDK's signatures. What no SDK shows (hidden and vendor APIs) follows ``framework_hidden.txt``, written
by hand, and where that is silent the catalog entry itself: its overloads, and a result with the members that its projection
reads.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pia_runtime.instrumentation.catalog import Catalog
from pia_runtime.instrumentation.catalog_entry import HookEntry
from pia_runtime.instrumentation.signatures.table import load_signatures
from pia_runtime.practice.framework_stubs_known import (
    PRIMITIVES,
    Heard,
    Method,
    Watched,
    erased,
    exact_type,
    find_class,
    heard_by,
    is_interface,
    is_jdk,
    known_overloads,
    method_of,
    shape_name,
    type_names,
    watched_overloads,
)

_OBJECT_METHODS = frozenset(
    {"getClass", "notify", "notifyAll", "wait", "finalize", "clone", "equals", "hashCode", "toString"}
)
_READABLE = frozenset({(), ("int",), ("number",)})
_MAP_MEMBERS = frozenset({("get", ("java.lang.String",))})
_STEP = re.compile(r"(\w+)(\((\d*)\))?")


@dataclass(slots=True)
class StubClass:
    """A class to be written.

    Attributes:
        name: JVM name.
        interface: whether it is one; its methods then have default bodies.
        parent: superclass that is written too, or an empty string.
        implements: interfaces that are written too.
        methods: by name and arguments.
        fields: type by name.
    """

    name: str
    interface: bool = False
    parent: str = ""
    implements: tuple[str, ...] = ()
    methods: dict[tuple[str, tuple[str, ...]], Method] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)

    def add(self, method: Method) -> None:
        """Take a method, unless one with these arguments is there."""
        self.methods.setdefault((method.name, method.arguments), method)


class Shapes:
    """All classes to be written for a catalog.

    Args:
        catalog: what must be there to be hooked.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.classes: dict[str, StubClass] = {}
        self.watched = [each for entry in catalog.entries.values() for each in watched_overloads(entry)]
        self._members = frozenset(_member_names(catalog))
        self._waiting: list[str] = []
        self.heard: dict[str, list[Heard]] = {}
        for each in self.watched:
            self._put(each)
        for entry in catalog.entries.values():
            self._put_listeners(entry)
            for found in entry.found_by:
                self._put_finder(found)
        self._finish()
        for each in self.watched:
            self._read_on_receiver(each)
        self._finish()

    def _put_listeners(self, entry: HookEntry) -> None:
        for callback in entry.callbacks:
            known = self.heard.setdefault(callback.listener, [])
            for each in watched_overloads(entry) if callback.through else ():
                for name in callback.through:
                    for overload in known_overloads(erased(each.method.result), name)[0]:
                        self.need(erased(each.method.result)).add(method_of(name, overload))
            self._need_types((callback.listener,))
            for heard in heard_by(callback):
                if not is_jdk(heard.owner):
                    self.need(heard.owner).add(heard.method)
                self._need_types((*heard.method.arguments, heard.method.result))
                if heard not in known:
                    known.append(heard)

    def _put_finder(self, found: str) -> None:
        owner, _, name = found.rpartition(".")
        for overload in known_overloads(owner, name)[0] if not is_jdk(owner) else ():
            method = method_of(name, overload)
            self.need(owner).add(method)
            self._need_types((*method.arguments, method.result))

    def _finish(self) -> None:
        while self._waiting:
            self._complete(self._waiting.pop())

    def _read_on_receiver(self, each: Watched) -> None:
        """Give the object called what the entry reads of it, where no signature has that: hidden fields above all."""
        selected = (selector.path for selector in each.entry.selectors if selector.of == "receiver")
        for path in (*selected, *_paths(each.entry.receiver)):
            step = _STEP.fullmatch((path or "").partition(".")[0])
            if path and step and not is_jdk(each.owner) and not self._has(each.owner, step[1]):
                self._shape(each.owner, path)

    def _has(self, name: str, member: str) -> bool:
        stub = self.classes.get(name)
        while stub is not None:
            if member in stub.fields or any(label == member for label, _ in stub.methods):
                return True
            stub = self.classes.get(stub.parent)
        return False

    def _put(self, each: Watched) -> None:
        declared = each.entry.api.rpartition(".")[0]
        for name in dict.fromkeys((declared, *each.entry.classes)):
            if is_jdk(name):
                continue
            stub = self.need(name)
            if name != declared and declared in self.classes and name not in load_signatures():
                self._implement(stub, declared)
            stub.add(each.method)
        self._need_types((*each.method.arguments, each.method.result))
        named = (key for selector in each.entry.selectors if selector.path for key in selector.data)
        self._need_types(key for key in named if key in load_signatures())
        if shape_name(each.entry) in self.classes:
            for path in _paths(each.entry.value):
                self._shape(shape_name(each.entry), path.strip("."))

    def _shape(self, name: str, path: str) -> None:
        """Give a class that stands for an unknown one the members of a path."""
        step, _, rest = path.partition(".")
        match = _STEP.fullmatch(step)
        if match is None:
            return
        inner = f"{name}_{match[1]}" if rest else "java.lang.String"
        if match[2] is None:
            self.need(name).fields[match[1]] = inner
        else:
            self.need(name).add(Method(match[1], ("int",) if match[3] else (), inner, static=False))
        if rest:
            self._shape(inner, rest)

    def _implement(self, stub: StubClass, declared: str) -> None:
        if self.classes[declared].interface:
            stub.implements = tuple(dict.fromkeys((*stub.implements, declared)))
        elif not stub.parent:
            stub.parent = declared

    def need(self, name: str) -> StubClass:
        """Return the class, made on first sight; its outer class comes with it."""
        if name not in self.classes:
            self.classes[name] = StubClass(name, interface=is_interface(name))
            self._waiting.append(name)
            if "$" in name:
                self.need(name.rpartition("$")[0])
        return self.classes[name]

    def _complete(self, name: str) -> None:
        """Give a class its superclass and the members that projections read."""
        stub, known = self.classes[name], find_class(name)
        if known is None:
            return
        if not stub.parent and not stub.interface and known.parent not in {"", "-"} and not is_jdk(known.parent):
            stub.parent = known.parent
            self.need(known.parent)
        for label, fields in known.fields.items():
            if label in self._members:
                stub.fields[label] = exact_type(fields.type)
                self._need_types((stub.fields[label],))
        for label, overloads in known.methods.items():
            for overload in overloads if label in self._members and label not in _OBJECT_METHODS else ():
                if (label, overload.arguments) in _MAP_MEMBERS or (
                    overload.arguments in _READABLE and not overload.static
                ):
                    method = method_of(label, overload)
                    stub.add(method)
                    self._need_types((method.result,))

    def _need_types(self, names: Iterable[str]) -> None:
        for name in names:
            for part in type_names(name):
                if part not in PRIMITIVES and not is_jdk(part):
                    self.need(part)


def _member_names(catalog: Catalog) -> Iterator[str]:
    for entry in catalog.entries.values():
        for projection in (*entry.args, entry.receiver, entry.value):
            yield from members_of(projection)
        for selector in entry.selectors:
            yield from _steps(selector.path or "")
        for callback in entry.callbacks:
            for delivery in callback.deliveries:
                for projection in (delivery.value, *delivery.args):
                    yield from members_of(projection)


def members_of(projection: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield the names of all fields and methods that a projection reads."""
    if projection == "map":
        yield from ("keySet", "get")
    if isinstance(projection, dict):
        for path in projection.get("fields", {}).values():
            yield from _steps(path)
        yield from _steps(projection.get("at", ""))
        yield from members_of(projection.get("each"))
        yield from members_of(projection.get("as"))


def _steps(path: str) -> Iterator[str]:
    for step in path.split("."):
        if match := _STEP.fullmatch(step):
            yield match[1]


def _paths(projection: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield every path that a projection follows from the object itself."""
    if isinstance(projection, dict):
        yield from projection.get("fields", {}).values()
        yield from (
            (f"{projection['at']}.{inner}" for inner in [*_paths(projection["as"])] or [""])
            if "at" in projection
            else ()
        )
        yield from _paths(projection.get("each"))
