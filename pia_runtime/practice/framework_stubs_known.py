"""What is known of the framework's classes: the SDK's signatures, hand-written ones, and what a catalog entry itself tells."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pia_runtime.instrumentation.catalog_callback import Callback
from pia_runtime.instrumentation.catalog_entry import HookEntry
from pia_runtime.instrumentation.signatures.table import ClassSignature, Overload, SignatureTable, load_signatures

Origin = Literal["public", "hand-written", "derived"]
MADE = "practice.made"
"""Package of everything that stands in no real framework."""
_JDK = re.compile(r"(java|javax|sun|jdk|org\.w3c|org\.xml)\.")
PRIMITIVES = frozenset({"int", "long", "short", "byte", "char", "float", "double", "boolean", "void"})
_FOLDED = {"number": "int", "string": "java.lang.String", "any": "java.lang.Object"}


@dataclass(frozen=True, slots=True)
class Method:
    """A method to be written: JVM argument types, result with type arguments."""

    name: str
    arguments: tuple[str, ...]
    result: str
    static: bool


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
    found, origin = known_overloads(declared, name)
    methods = [method_of(name, overload) for overload in found]
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
        methods = [method_of(delivery.method, overload) for overload in known_overloads(owner, delivery.method)[0]]
        if delivery.overloads != "all":
            methods = [method for method in methods if method.arguments in delivery.overloads]
        derived = Method(delivery.method, ("java.lang.Object",) * (delivery.arg + 1), "void", static=False)
        for method in methods or [derived]:
            yield Heard(callback.listener, owner, method)


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
        for overload in known_overloads(owner, name)[0]:
            yield owner, method_of(name, overload)


def known_overloads(declared: str, name: str) -> tuple[tuple[Overload, ...], Origin]:
    """Return the overloads of a method from the public SDK, and which of the hand-written ones it hides; else those alone.

    The second value says where the first overload comes from.
    """
    public = load_signatures().overloads(declared, name)
    hidden = hidden_signatures().overloads(declared, name)
    if not public:
        return hidden, "hand-written"
    seen = {method_of(name, overload).arguments for overload in public}
    return (*public, *(each for each in hidden if method_of(name, each).arguments not in seen)), "public"


def find_class(name: str) -> ClassSignature | None:
    """Return a class of the public SDK, else a hand-written one."""
    return load_signatures().find(name) or hidden_signatures().find(name)


def is_interface(name: str) -> bool:
    """Whether a class is known to be an interface."""
    known = find_class(name)
    return name.startswith("java.util.function.") or (known is not None and known.kind == "interface")


def method_of(name: str, overload: Overload) -> Method:
    """Return an overload as it can be written: exact, erased arguments."""
    arguments = tuple(erased(exact_type(argument)) for argument in overload.arguments)
    return Method(name, arguments, exact_type(overload.result), overload.static)


def exact_type(name: str) -> str:
    """Return a plausible exact type for a folded one."""
    if name.endswith("[]"):
        element = exact_type(name[:-2])
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
