"""Which framework classes, members and overloads stubs are made of: what the catalog names, and the types that leads to.

Public classes follow the SDK's signatures. What no SDK shows (hidden and vendor APIs) follows ``framework_hidden.txt``, written
by hand, and where that is silent the catalog entry itself: its overloads, and a result with the members that its projection
reads.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pia_runtime.instrumentation.catalog import Catalog
from pia_runtime.instrumentation.catalog_callback import Callback
from pia_runtime.instrumentation.catalog_entry import HookEntry
from pia_runtime.instrumentation.signatures.table import (
    ClassSignature,
    Overload,
    SignatureTable,
    load_signatures,
)

Origin = Literal["public", "hand-written", "derived"]
MADE = "practice.made"
"""Package of everything that stands in no real framework."""

_JDK = re.compile(r"(java|javax|sun|jdk|org\.w3c|org\.xml)\.")
_PRIMITIVES = frozenset({"int", "long", "short", "byte", "char", "float", "double", "boolean", "void"})
_FOLDED = {"number": "int", "string": "java.lang.String", "any": "java.lang.Object"}
_OBJECT_METHODS = frozenset(
    {"getClass", "notify", "notifyAll", "wait", "finalize", "clone", "equals", "hashCode", "toString"}
)
_READABLE = frozenset({(), ("int",), ("number",)})
_MAP_MEMBERS = frozenset({("get", ("java.lang.String",))})
_STEP = re.compile(r"(\w+)(\((\d*)\))?")


@dataclass(frozen=True, slots=True)
class Method:
    """A method to be written: JVM argument types, result with type arguments."""

    name: str
    arguments: tuple[str, ...]
    result: str
    static: bool


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


@dataclass(frozen=True, slots=True)
class Watched:
    """One overload of one catalog entry.

    Attributes:
        entry: the catalog entry.
        owner: class that carries the code and is called.
        method: the overload.
        origin: where its signature comes from.
    """

    entry: HookEntry
    owner: str
    method: Method
    origin: Origin


@cache
def hidden_signatures() -> SignatureTable:
    """The hand-written signatures of hidden and vendor classes."""
    text = (Path(__file__).parent / "framework_hidden.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return SignatureTable("\n".join(lines) + "\n", frozenset(), 0, {})


def is_jdk(name: str) -> bool:
    """Whether a class comes with the JVM, so that no stub of it can be made."""
    return _JDK.match(name) is not None


def watched_overloads(entry: HookEntry) -> Iterator[Watched]:
    """Yield every overload of an entry, for the first class that carries its code."""
    declared, _, name = entry.api.rpartition(".")
    found, origin = _known(declared, name)
    methods = [_method(name, overload) for overload in found]
    if entry.overloads != "all":
        methods = [method for method in methods if method.arguments in entry.overloads]
    if not methods:
        methods, origin = _derived(entry), "derived"
    for owner in entry.classes[:1]:
        for method in dict.fromkeys(methods):
            yield Watched(entry, owner, method, origin)


@dataclass(frozen=True, slots=True)
class Heard:
    """One method of a listener by which data comes.

    Attributes:
        listener: type of the argument that a registration takes.
        owner: class or interface that declares the method.
        method: the method.
    """

    listener: str
    owner: str
    method: Method


def heard_by(callback: Callback) -> Iterator[Heard]:
    """Yield every overload of a callback's deliveries."""
    for delivery in callback.deliveries:
        owner = delivery.declared_by or callback.listener
        methods = [_method(delivery.method, overload) for overload in _known(owner, delivery.method)[0]]
        if delivery.overloads != "all":
            methods = [method for method in methods if method.arguments in delivery.overloads]
        derived = Method(delivery.method, ("java.lang.Object",) * (delivery.arg + 1), "void", static=False)
        for method in methods or [derived]:
            yield Heard(callback.listener, owner, method)


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
                    for overload in _known(erased(each.method.result), name)[0]:
                        self.need(erased(each.method.result)).add(_method(name, overload))
            self._need_types((callback.listener,))
            for heard in heard_by(callback):
                if not is_jdk(heard.owner):
                    self.need(heard.owner).add(heard.method)
                self._need_types((*heard.method.arguments, heard.method.result))
                if heard not in known:
                    known.append(heard)

    def _put_finder(self, found: str) -> None:
        owner, _, name = found.rpartition(".")
        for overload in _known(owner, name)[0] if not is_jdk(owner) else ():
            method = _method(name, overload)
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
        stub, known = self.classes[name], _find(name)
        if known is None:
            return
        if not stub.parent and not stub.interface and known.parent not in {"", "-"} and not is_jdk(known.parent):
            stub.parent = known.parent
            self.need(known.parent)
        for label, fields in known.fields.items():
            if label in self._members:
                stub.fields[label] = _exact(fields.type)
                self._need_types((stub.fields[label],))
        for label, overloads in known.methods.items():
            for overload in overloads if label in self._members and label not in _OBJECT_METHODS else ():
                if (label, overload.arguments) in _MAP_MEMBERS or (
                    overload.arguments in _READABLE and not overload.static
                ):
                    method = _method(label, overload)
                    stub.add(method)
                    self._need_types((method.result,))

    def _need_types(self, names: Iterable[str]) -> None:
        for name in names:
            for part in type_names(name):
                if part not in _PRIMITIVES and not is_jdk(part):
                    self.need(part)


def type_names(name: str) -> list[str]:
    """Every class that a type names: ``java.util.List<a.B>`` and ``[La.B;`` name two and one."""
    elements = [part.lstrip("[") if part.startswith("[") else f"L{part};" for part in re.split(r"[<>,]+", name) if part]
    return [element[1:-1] for element in elements if element.startswith("L")]


def erased(name: str) -> str:
    """A type without its type arguments."""
    return name.partition("<")[0]


def finders(entry: HookEntry) -> Iterator[tuple[str, Method]]:
    """Yield, with its class, each method whose result brings the class that an entry watches."""
    for found in entry.found_by:
        owner, _, name = found.rpartition(".")
        for overload in _known(owner, name)[0]:
            yield owner, _method(name, overload)


def _known(declared: str, name: str) -> tuple[tuple[Overload, ...], Origin]:
    public = load_signatures().overloads(declared, name)
    if public:
        return public, "public"
    return hidden_signatures().overloads(declared, name), "hand-written"


def _find(name: str) -> ClassSignature | None:
    return load_signatures().find(name) or hidden_signatures().find(name)


def is_interface(name: str) -> bool:
    """Whether a class is known to be an interface."""
    known = _find(name)
    return name.startswith("java.util.function.") or (known is not None and known.kind == "interface")


def _method(name: str, overload: Overload) -> Method:
    arguments = tuple(erased(_exact(argument)) for argument in overload.arguments)
    return Method(name, arguments, _exact(overload.result), overload.static)


def _exact(name: str) -> str:
    """A plausible exact type for a folded one."""
    if name.endswith("[]"):
        element = _exact(name[:-2])
        return "[I" if element == "int" else "[Z" if element == "boolean" else f"[L{element};"
    if name in _FOLDED:
        return _FOLDED[name]
    outer = re.fullmatch(r"((?:[a-z_]\w*\.)+)([A-Z]\w*(?:\.\w+)+)", name)
    return f"{outer[1]}{outer[2].replace('.', '$')}" if outer else name


def _derived(entry: HookEntry) -> list[Method]:
    """What the entry itself tells of its method."""
    name = entry.method
    indexes = [selector.index + 1 for selector in entry.selectors if selector.index is not None]
    count = max(indexes, default=0)
    lists = entry.overloads if entry.overloads != "all" else (("java.lang.String",) * count,)
    through = next((callback for callback in entry.callbacks if callback.through), None)
    if through is not None:
        tasks = f"{through.listener.rpartition('.')[0]}.Task"
        return [Method(name, tuple(arguments), tasks, static=False) for arguments in lists]
    result = "void" if name == "<init>" or entry.value == "skip" else _derived_type(entry.value, shape_name(entry))
    return [Method(name, tuple(arguments), result, static=False) for arguments in lists]


def shape_name(entry: HookEntry) -> str:
    """Name of the class that stands for an unknown result."""
    return f"{MADE}.Shape_{entry.id.replace('.', '_')}"


def _derived_type(projection: Any, shape: str) -> str:  # noqa: ANN401  (a projection is what YAML holds)
    """A result type that has what a projection reads."""
    if isinstance(projection, dict):
        return f"java.util.List<{_derived_type(projection['each'], shape)}>" if "each" in projection else shape
    return "[B" if projection in {"bytes", "mac"} else "java.lang.String"


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
