"""What the agent says → lines of ``events.jsonl`` (without ``seq``). No I/O; a message of an unknown shape becomes a gap."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pia_runtime.instrumentation.catalog import Catalog
from pia_runtime.instrumentation.consent import ConsentWatcher
from pia_runtime.instrumentation.stack import parse_stack

Event = dict[str, Any]


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
    """Convert one agent message; a tap or dialog may give a consent event beside its own."""
    try:
        if message["k"] == "lost":
            return [_lost(message, facts)]
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
    if kind == "ui":
        return _ui(message, stamp, watcher)
    if kind == "preference":
        return _with_consent([], watcher.on_preference(message), stamp)
    if kind == "permission":
        return [{"type": "permission", **stamp, "permission": str(message["permission"]), "result": message["result"]}]
    if kind == "lifecycle":
        event = {"type": "lifecycle", **stamp, "state": message["state"], "activity": message.get("activity")}
        consent = watcher.on_screen(message) if message["state"] == "activity_resumed" else None
        return _with_consent([event], consent, stamp)
    if kind == "hook_status":
        return [{"type": "hook_status", **stamp, "status": message["status"], "reason": message["reason"]}]
    if kind == "gap":
        return [{"type": "gap", **stamp, "kind": message["kind"], "host": "", "detail": message["detail"]}]
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
    return parse_stack(
        str(message["s"]), {f"{name}.{entry.method}" for name in (*entry.classes, entry.api.rpartition(".")[0])}
    )


def _api_call(message: Mapping[str, Any], stamp: Event, catalog: Catalog) -> Event:
    entry, args = catalog.entries[message["h"]], list(message["a"])
    data = list(entry.data_of(args, message.get("q")))
    event = {"type": "api_call", **stamp, "api": entry.api, "data": data, "args": args}
    if "v" in message:
        event["value"] = message["v"]
    if "n" in message:
        event |= {"count": int(message["n"]), "until_ns": int(message["ut"]), "until_mono_ns": int(message["um"])}
    return {**event, "threw": message["x"], "stack": _frames(message, catalog)}


def _transform(message: Mapping[str, Any], stamp: Event, catalog: Catalog) -> Event:
    event = {
        "type": "transform",
        **stamp,
        "op": message["op"],
        "algorithm": message["alg"],
        "input_b64": message["in"],
        "output_b64": message["out"],
        "stack": _frames(message, catalog),
    }
    return {**event, "truncated": True} if message["cut"] else event


def _ui(message: Mapping[str, Any], stamp: Event, watcher: ConsentWatcher) -> list[Event]:
    action, texts = message["action"], [str(text) for text in message.get("texts") or ()]
    text = str(message["text"]) if "text" in message else "\n".join(texts)
    event = {"type": "ui", **stamp, "action": action, "text": text}
    if action == "tap":
        event |= {"texts": texts, "view": message.get("view")}
        return _with_consent([event], watcher.on_tap(message), stamp)
    return _with_consent([event], watcher.on_dialog(message) if action == "dialog_shown" else None, stamp)


def _with_consent(events: list[Event], consent: Event | None, stamp: Event) -> list[Event]:
    return events if consent is None else [*events, {**stamp, **consent}]
