"""What the agent says → lines of ``events.jsonl`` (without ``seq``). No I/O; a message of an unknown shape becomes a gap."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pia_runtime.instrumentation.catalog import Catalog
from pia_runtime.instrumentation.consent import ConsentWatcher
from pia_runtime.instrumentation.native_messages import native_call, native_transform, transform_details
from pia_runtime.instrumentation.stack import parse_stack, without_address

Event = dict[str, Any]

_CURSOR = "android.database.Cursor"
"""Public interface of the methods by which rows are read."""


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """One instrumented process.

    Attributes:
        pid: its process id on the device.
        process: its name.
        boot_id: the boot that monotonic times count from, "" where Android hides it.
    """

    pid: int
    process: str
    boot_id: str


def convert_message(
    message: Mapping[str, Any], facts: ProcessFacts, catalog: Catalog, watcher: ConsentWatcher
) -> list[Event]:
    """Convert one agent message; a tap or dialog may give a consent event beside its own.

    A ``tls_key`` record is no event: its line belongs into the capture's key log and nowhere else.
    """
    try:
        if message["k"] == "lost":
            return [_lost(message, facts)]
        if message["k"] == "tls_key":
            return [{"type": "tls_key", "line": str(message["line"])}]
        stamp = _stamp(message, facts)
        return _convert(message, stamp, catalog, watcher)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        kind = str(message.get("k"))[:40] if isinstance(message, Mapping) else type(message).__name__
        detail = f"a message {kind!r} of the injected program could not be read: {type(error).__name__}: {error}"
        return [{"type": "gap", "kind": "script_error", "host": "", "detail": detail, "pid": facts.pid}]


def _convert(message: Mapping[str, Any], stamp: Event, catalog: Catalog, watcher: ConsentWatcher) -> list[Event]:
    kind = message["k"]
    if kind == "api_call":
        return [_api_call(message, stamp, catalog)]
    if kind == "transform":
        return [_transform(message, stamp, catalog)]
    if kind == "native_call":
        return [native_call(message, stamp, catalog.native[message["h"]])]
    if kind == "native_transform":
        return [native_transform(message, stamp)]
    if kind == "ui":
        return _ui(message, stamp, watcher)
    if kind == "preference":
        return _stamped([], watcher.on_preference(message, stamp), stamp)
    if kind == "sdk_consent":
        return _sdk_consent(message, stamp, catalog, watcher)
    if kind == "record":
        return [_record(message, stamp, catalog)]
    if kind == "permission":
        return [{"type": "permission", **stamp, "permission": str(message["permission"]), "result": message["result"]}]
    if kind == "lifecycle":
        event = {"type": "lifecycle", **stamp, "state": message["state"], "activity": message.get("activity")}
        derived = watcher.on_screen(message) if message["state"] == "activity_resumed" else []
        return _stamped([event], derived, stamp)
    if kind == "hook_status":
        return [{"type": "hook_status", **stamp, "status": message["status"], "reason": message["reason"]}]
    if kind == "gap":
        host = str(message.get("host") or "")
        return [{"type": "gap", **stamp, "kind": message["kind"], "host": host, "detail": message["detail"]}]
    if kind == "intervention":
        return [intervention_note(str(message["name"]), f"answered for {message['place']}", stamp)]
    raise ValueError("unknown kind")


def _lost(message: Mapping[str, Any], facts: ProcessFacts) -> Event:
    """Events that the agent could not send, with numbers; the time is the target's own clock in whole milliseconds."""
    count, hook = int(message["count"]), str(message["h"])
    begin, until = int(message["from"]) * 1_000_000, int(message["until"]) * 1_000_000
    whose = hook or "the injected program"
    detail = f"{count} events of {whose} were lost, the last {(until - begin) // 1_000_000} ms after the first"
    event: Event = {"type": "gap", "kind": "messages_dropped", "host": "", "detail": detail, "count": count}
    event |= {"t_ns": begin, "until_ns": until, "clock": "device", "pid": facts.pid, "process": facts.process}
    return {**event, "hook": hook} if hook else event


def intervention_note(name: str, what: str, stamp: Mapping[str, Any]) -> Event:
    """A note by the program itself: it changed what the app saw, on purpose."""
    return {"type": "note", **stamp, "text": f"{name}: {what}", "author": "pia_runtime", "intervention": name}


def _stamp(message: Mapping[str, Any], facts: ProcessFacts) -> Event:
    stamp: Event = {
        "t_ns": int(message["t"]),
        "clock": "device",
        "mono_ns": int(message["m"]),
        "boot_id": facts.boot_id,
        "pid": facts.pid,
        "process": facts.process,
        "foreground": message.get("fg"),
        "screen": message.get("sc"),
    }
    if "h" in message:
        stamp["hook"] = str(message["h"])
    if "tid" in message:
        stamp |= {"thread": str(message["tn"]), "tid": int(message["tid"])}
    return stamp


def _frames(message: Mapping[str, Any], catalog: Catalog) -> list[str]:
    entry = catalog.entries[message["h"]]
    hooked = {f"{name}.{entry.method}" for name in (*entry.classes, entry.api.rpartition(".")[0])}
    own_frame = bool(entry.found_by) and not message.keys() & {"d", "r"}
    return parse_stack(str(message["s"]), hooked, own_frame=own_frame)


def _api_call(message: Mapping[str, Any], stamp: Event, catalog: Catalog) -> Event:
    event = _delivery(message, catalog) if "d" in message else _call(message, catalog)
    if "n" in message:
        event |= {"count": int(message["n"]), "until_ns": int(message["ut"]), "until_mono_ns": int(message["um"])}
    threw, stack = message["x"], event.pop("stack", ()) + tuple(_frames(message, catalog))
    return {"type": "api_call", **stamp, **event, "threw": threw, "stack": list(stack)}


def _call(message: Mapping[str, Any], catalog: Catalog) -> Event:
    entry, args = catalog.entries[message["h"]], list(message["a"])
    api = f"{_CURSOR}.{message['r']}" if "r" in message else entry.api
    event: Event = {"api": api, "data": list(entry.data_of(args, message.get("q"))), "args": args}
    if "o" in message:
        event["receiver"] = message["o"]
    return {**event, "value": message["v"]} if "v" in message else event


def _delivery(message: Mapping[str, Any], catalog: Catalog) -> Event:
    """Data that a listener received: the listener's own method stands on top of the stack of its registration."""
    entry = catalog.entries[message["h"]]
    api, delivery = entry.delivery(message["d"])
    data = delivery.data_of(message["q"]) if delivery.own else entry.data_of([], message["rq"])
    receiving = f"{without_address(str(message['c']))}.{delivery.method}(Unknown Source)"
    args = list(message["a"])
    return {"api": api, "data": list(data), "args": args, "value": message["v"], "stack": (receiving,)}


def _transform(message: Mapping[str, Any], stamp: Event, catalog: Catalog) -> Event:
    return {
        "type": "transform",
        **stamp,
        "op": message["op"],
        "algorithm": message["alg"],
        "input_b64": message["in"],
        "output_b64": message["out"],
        "stack": _frames(message, catalog),
        **transform_details(message),
    }


def _ui(message: Mapping[str, Any], stamp: Event, watcher: ConsentWatcher) -> list[Event]:
    action, texts = message["action"], [str(text) for text in message.get("texts") or ()]
    text = str(message["text"]) if "text" in message else "\n".join(texts)
    event = {"type": "ui", **stamp, "action": action, "text": text}
    if action == "tap":
        event |= {"texts": texts, "view": message.get("view")}
        if message.get("checked") is not None:
            event["checked"] = bool(message["checked"])
        return _stamped([event], watcher.on_tap(message, stamp), stamp)
    if action == "dialog_shown":
        return _stamped([event], watcher.on_dialog(message), stamp)
    return _stamped([event], watcher.on_dialog_closed(message), stamp)


def _sdk_consent(message: Mapping[str, Any], stamp: Event, catalog: Catalog, watcher: ConsentWatcher) -> list[Event]:
    """What the app told an SDK; the call itself stays readable where its value says nothing."""
    entry = catalog.entries[message["h"]]
    if entry.consent is None:
        raise ValueError("no consent in this entry")
    call = {**message, "api": entry.api}
    found = watcher.on_sdk_call(entry.consent, call, stamp)
    frames = _frames(message, catalog)
    events = [{**event, "api": entry.api, "args": list(message["a"]), "stack": frames} for event in found]
    return _stamped([], events, stamp)


def _record(message: Mapping[str, Any], stamp: Event, catalog: Catalog) -> Event:
    """A call that yields no personal data but says how something else came about."""
    entry = catalog.entries[message["h"]]
    event = {"type": "api_call", **stamp, "api": entry.api, "data": [], "args": message["a"], "threw": message.get("x")}
    if "v" in message:
        event["value"] = message["v"]
    return {**event, "stack": _frames(message, catalog)}


def _stamped(events: list[Event], derived: list[Event], stamp: Event) -> list[Event]:
    """What was derived happened at the same moment, unless it carries a stamp of its own."""
    return [*events, *({**stamp, **event} for event in derived)]
