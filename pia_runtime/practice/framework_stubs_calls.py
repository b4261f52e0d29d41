"""The calls that make every entry of the catalog fire, and what each must bring.

An overload is called with plausible arguments. Where an argument, or what it leads to, decides which data a call yields, the
catalog's own key is put there; every further key gets a call of its own. ``trigger_code`` of an entry is taken as it stands.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pia_runtime.instrumentation.catalog_callback import Callback
from pia_runtime.instrumentation.catalog_entry import HookEntry
from pia_runtime.instrumentation.catalog_selection import DataByArgument
from pia_runtime.practice.framework_stubs_known import (
    MADE,
    Method,
    Origin,
    Watched,
    finders,
    heard_by,
    is_interface,
    is_jdk,
    watched_overloads,
)
from pia_runtime.practice.framework_stubs_render import identifier, java_type, value_of

PACKAGE = "com.example.canary"
_SPEAKING = frozenset(
    {"java.lang.String", "java.lang.CharSequence", "java.lang.Object", "[Ljava.lang.String;"}
) | frozenset({"java.util.List", "java.util.Collection", "java.util.ArrayList"})
_WHOLE = frozenset({"int", "long", "short", "byte"})
Chosen = tuple[DataByArgument, str]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the program.

    Attributes:
        entry: the catalog entry that must record it.
        frame: ``class.method`` of the caller, the innermost frame of the app.
        argument_types: JVM types of the overload; None where ``trigger_code`` makes the call.
        result: JVM type of the result, None likewise.
        key: the text that decides the data, None where none does.
        data: taxonomy ids that the event must have.
        value: what a text result must say, None for any other result.
        origin: where the overload's signature comes from.
        code: the statements.
        classes: Java classes of the app that the statements use: listeners, implementations.
        silent: the call itself is no event.
        heard: public names of the deliveries to listeners that are sure to be told.
    """

    entry: HookEntry
    frame: str
    argument_types: tuple[str, ...] | None
    result: str | None
    key: str | None
    data: frozenset[str]
    value: str | None
    origin: Origin
    code: str
    classes: tuple[str, ...] = ()
    silent: bool = False
    heard: frozenset[str] = frozenset()


def why_not(entry: HookEntry) -> str | None:
    """Say why no call of an entry is written, None where one is."""
    if entry.event != "api_call":
        return f"recorded as {entry.event}, an event with an observer and tests of its own"
    if entry.trigger_code is not None:
        return None
    if all(is_jdk(name) for name in entry.classes):
        return "a class of the JVM itself: needs trigger_code"
    if any(selector.of == "transaction" for selector in entry.selectors):
        return "a Binder transaction: needs trigger_code"
    if entry.found_by and entry.callbacks:
        return "a listener handed to a class of the app's own: needs trigger_code"
    if entry.found_by and not any(not is_jdk(owner) for owner, _ in finders(entry)):
        return "what finds its class is in no public SDK: needs trigger_code"
    return None


def calls_of(entry: HookEntry) -> list[Call]:
    """Return all calls of an entry, none where ``why_not`` gives a reason."""
    if why_not(entry) is not None:
        return []
    if entry.trigger_code is not None:
        data = frozenset(entry.data)
        code = entry.trigger_code.strip().removesuffix(";") + ";"
        return [Call(entry, _frame(entry, 0), None, None, None, data, None, "public", code)]
    return [_call(each, chosen, number) for number, (each, chosen) in enumerate(_wanted(entry))]


def silent_overloads(entry: HookEntry) -> list[tuple[str, ...]]:
    """Return overloads that record nothing by themselves: no argument of theirs can decide which data they yield."""
    if why_not(entry) is not None or entry.trigger_code is not None:
        return []
    called = {each.method.arguments for each, _ in _wanted(entry)}
    return [each.method.arguments for each in watched_overloads(entry) if each.method.arguments not in called]


def sample_of(selector: DataByArgument, key: str) -> str:
    """Return a text that a selector's key matches."""
    if selector.match == "prefix" and key.endswith("."):
        return next((other for other in selector.data if other.startswith(key) and other != key), key)
    if selector.match == "glob":
        return key.replace("**", "x").replace("*", "x")
    return re.sub(r"\*(?=\s|$)", "", key) if selector.match == "words" else key


def _wanted(entry: HookEntry) -> list[tuple[Watched, Chosen | None]]:
    """Every overload once, then every further key with the first overload that it can decide."""
    overloads = list(watched_overloads(entry))
    if not entry.selectors and not entry.data:
        return _registrations(entry, overloads)
    if not entry.selectors or (entry.data and not any(selector.data for selector in entry.selectors)):
        return [(each, None) for each in overloads]
    keys: list[Chosen] = [(selector, key) for selector in entry.selectors for key in selector.data]
    wanted: list[tuple[Watched, Chosen | None]] = []
    for each in overloads:
        first = next((chosen for chosen in keys if _decides(chosen, each.method.arguments)), None)
        if first is not None:
            wanted.append((each, first))
        elif entry.data or any(selector.others == "record" for selector in entry.selectors):
            wanted.append((each, None))
    made = {(id(chosen[0]), chosen[1]) for _, chosen in wanted if chosen}
    for chosen in keys:
        fitting = next((each for each in overloads if _decides(chosen, each.method.arguments)), None)
        if fitting is not None and (id(chosen[0]), chosen[1]) not in made:
            wanted.append((fitting, chosen))
    return wanted


def _registrations(entry: HookEntry, overloads: Sequence[Watched]) -> list[tuple[Watched, Chosen | None]]:
    """Calls that are no event themselves: every overload that takes a listener, once more for each key of a delivery."""
    heard = [each for callback in entry.callbacks for each in callback.deliveries]
    keys = [(selector, key) for each in heard for selector in each.selectors for key in selector.data]
    types = {callback.listener for callback in entry.callbacks if not callback.through}
    taking = [each for each in overloads if not types or types & set(each.method.arguments)]
    chosen_first: Sequence[Chosen | None] = keys or [None]
    first = [(each, chosen) for each in taking[:1] for chosen in chosen_first]
    return [*first, *((each, keys[0] if keys else None) for each in taking[1:])]


def _decides(chosen: Chosen, arguments: Sequence[str]) -> bool:
    """Whether an overload has, where the selector looks, something that can be made to say the key."""
    selector, key = chosen
    if selector.of == "receiver":
        return True
    if selector.index is None or selector.index >= len(arguments):
        return False
    type_ = arguments[selector.index]
    if selector.path is not None:
        return not is_jdk(type_) and "." in type_ and not type_.startswith("[")
    return (
        type_ in _SPEAKING
        or (type_ in _WHOLE and key.isdigit())
        or (not is_jdk(type_) and "." in type_ and type_[0] != "[")
    )


def _frame(entry: HookEntry, number: int) -> str:
    return f"{PACKAGE}.C_{entry.id.replace('.', '_')}.call{number}"


def _call(each: Watched, chosen: Chosen | None, number: int) -> Call:
    entry, method = each.entry, each.method
    text = sample_of(*chosen) if chosen else None
    data = frozenset((*entry.data, *(chosen[0].lookup(text) if chosen and text is not None else ())))
    listeners = {callback.listener: f"L{number}_{position}" for position, callback in enumerate(entry.callbacks)}
    classes = [_listener(listeners[callback.listener], callback) for callback in entry.callbacks]
    arguments = ", ".join(
        f"({java_type(type_)}) new {listeners[type_]}()"
        if type_ in listeners
        else _argument(type_, index, chosen, text)
        for index, type_ in enumerate(method.arguments)
    )
    owner = java_type(each.owner)
    if method.name == "<init>":
        statement = f"new {owner}({arguments})"
    elif method.static:
        statement = f"{owner}.{method.name}({arguments})"
    else:
        statement = f"(({owner}) {MADE}.Make.{identifier(each.owner)}()).{method.name}({arguments})"
    told = [f"asked.{name}(new {listeners[each.listener]}())" for each in entry.callbacks for name in each.through[:1]]
    if told:
        statement = "; ".join([f"var asked = {statement}", *told])
    found = next(((owner_, finder) for owner_, finder in finders(entry) if not is_jdk(owner_)), None)
    if found is not None:
        classes.append(_implementation(f"F{number}", each))
        statement = _find_first(found, f"F{number}") + statement
    statement = f"{MADE}.Make.force({json.dumps(text)}); {statement}; {MADE}.Make.deliver(); {MADE}.Make.give(null);"
    says = method.result in {"java.lang.String", "java.lang.CharSequence"}
    declared = f"{each.owner}.{method.name}"
    value = (text if text is not None else declared) if says else None
    heard = frozenset(
        callback.api(one)
        for callback in entry.callbacks
        for one in callback.deliveries
        if not one.selectors and (callback.through or callback.listener in method.arguments)
    )
    silent = bool(entry.callbacks) and not entry.data and not entry.selectors
    frame = _frame(entry, number)
    return Call(
        entry,
        frame,
        method.arguments,
        method.result,
        text,
        data,
        value,
        each.origin,
        statement,
        tuple(classes),
        silent,
        heard,
    )


def _listener(name: str, callback: Callback) -> str:
    """A listener of the app that takes whatever it is told."""
    heard = list(heard_by(callback))
    types = list(dict.fromkeys((callback.listener, *(each.owner for each in heard))))
    return _app_class(name, types, [each.method for each in heard], callback.listener)


def _implementation(name: str, each: Watched) -> str:
    """A class of the app that has the watched method."""
    return _app_class(name, [each.owner], [each.method], each.owner)


def _app_class(name: str, types: Sequence[str], methods: Sequence[Method], declared: str) -> str:
    base = next((type_ for type_ in types if not is_interface(type_)), None)
    interfaces = [java_type(type_) for type_ in types if is_interface(type_)]
    extends = f" extends {java_type(base)}" if base else ""
    implements = f" implements {', '.join(interfaces)}" if interfaces else ""
    maker = f"public {name}() {{ {f'super(({MADE}.Mark) null);' if base else ''} }}"
    body = " ".join(_override(method, declared) for method in methods)
    return f"  public static class {name}{extends}{implements} {{ {maker} {body} }}"


def _override(method: Method, declared: str) -> str:
    arguments = ", ".join(f"{java_type(type_)} a{index}" for index, type_ in enumerate(method.arguments))
    body = "" if method.result == "void" else f" return {value_of(method.result, f'{declared}.{method.name}')};"
    return f"public {java_type(method.result)} {method.name}({arguments}) {{ {MADE}.Make.count();{body} }}"


def _find_first(found: tuple[str, Method], name: str) -> str:
    """Statements by which the platform brings the app's own class before it is called."""
    owner, method = found
    arguments = ", ".join(_argument(type_, index, None, None) for index, type_ in enumerate(method.arguments))
    receiver = java_type(owner) if method.static else f"{MADE}.Make.{identifier(owner)}()"
    return f"{MADE}.Make.give(new {name}()); {receiver}.{method.name}({arguments}); "


def _argument(type_: str, index: int, chosen: Chosen | None, text: str | None) -> str:
    """A Java expression, cast so that exactly this overload is meant."""
    here = chosen is not None and chosen[0].of == "argument" and chosen[0].index == index
    said = text if here and text is not None else f"argument{index}"
    literal = json.dumps(said, ensure_ascii=False)
    if type_ in {"java.lang.String", "java.lang.CharSequence", "java.lang.Object"}:
        return f"({java_type(type_)}) {literal}"
    if type_ == "[Ljava.lang.String;":
        return f"new String[] {{{literal}}}"
    if type_ in _WHOLE and here and said.lstrip("-").isdigit():
        return f"({type_}) {said}"
    if type_ in {"java.util.List", "java.util.Collection", "java.util.ArrayList"}:
        return f"({java_type(type_)}) new java.util.ArrayList(java.util.Arrays.asList({literal}))"
    return f"({java_type(type_)}) {_plain(type_, said)}"


def _plain(type_: str, said: str) -> str:
    value = value_of(type_, said)
    return f"({value})" if "->" in value else value
