"""What the agent says of C functions → lines of ``events.jsonl``. No I/O."""

from collections.abc import Mapping
from typing import Any

from pia_runtime.instrumentation.native_entry import NativeEntry
from pia_runtime.instrumentation.stack import parse_stack

Event = dict[str, Any]


def native_call(message: Mapping[str, Any], stamp: Event, entry: NativeEntry) -> Event:
    """Convert the message about one call; its ``api`` names the library that the function was found in."""
    value = message.get("v")
    event: Event = {
        "type": "api_call",
        **stamp,
        "api": str(message["api"]),
        "data": list(entry.data_of(list(message["q"]), value)),
        "args": list(message["a"]),
    }
    if "v" in message:
        event["value"] = value
    return {**event, "threw": None, **_stacks(message)}


def native_transform(message: Mapping[str, Any], stamp: Event) -> Event:
    """Convert the message about one computation."""
    return {
        "type": "transform",
        **stamp,
        "op": message["op"],
        "algorithm": message["alg"],
        "input_b64": message["in"],
        "output_b64": message["out"],
        **_stacks(message),
        **transform_details(message),
    }


def transform_details(message: Mapping[str, Any]) -> Event:
    """Fields that only some transforms have: ``truncated``, ``key_commitment``, and ``repeated`` for a count of further ones."""
    details: Event = {"truncated": True} if message["cut"] else {}
    if message.get("kc"):
        details["key_commitment"] = str(message["kc"])
    if message.get("n"):
        details["repeated"] = int(message["n"])
    return details


def _stacks(message: Mapping[str, Any]) -> Event:
    """Native frames, then Java's; all native frames but the first were found by scanning the stack."""
    native = [str(frame) for frame in message["nf"]]
    return {"stack": [*native, *parse_stack(str(message["s"]), ())], "native_frames": len(native)}
