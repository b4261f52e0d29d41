"""What was observed on the device: one line of ``events.jsonl`` each.

API calls come by the million, so they are kept in columns (:data:`API_CALL_COLUMNS`); every other type is rare and is kept
as one small frozen record per line.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

Clock = Literal["host", "device"]
Signal = Literal["requested", "given", "refused", "withdrawn"]

API_CALL_COLUMNS: dict[str, str] = {
    "seq": "int64",  # unique; order of arrival, never of happening
    "t_ns": "int64",  # ns since the Unix epoch by the clock named in `clock`
    "clock": "category",  # "host" | "device"
    "mono_ns": "Int64",  # CLOCK_BOOTTIME of the device, ns; <NA> where unknown
    "boot_id": "category",  # which boot mono_ns counts from; "" where unknown
    "process": "category",  # "" where unknown
    "foreground": "Int8",  # 1, 0, <NA>
    "hook": "category",  # catalog id
    "api": "category",  # public SDK name, class.method
    "data": "category",  # taxonomy ids joined by "," (codes stand for the list)
    "args": "object",  # decoded JSON, bounded
    "value": "object",  # what the app received; see has_value
    "has_value": "bool",  # False where the line has no `value` field at all
    "threw": "category",  # exception class, "" where it returned
    "stack": "category",  # frames joined by "\n", innermost first
    "count": "int64",  # how many calls the line stands for; 1 unless it says otherwise
}
"""Columns and dtypes of :attr:`Events.api_calls`."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When one event happened, as recorded.

    Attributes:
        seq: unique number of the line; order of arrival, never of happening.
        t_ns: ns since the Unix epoch, by ``clock``.
        mono_ns: CLOCK_BOOTTIME of the device in ns, or None.
    """

    seq: int
    t_ns: int
    clock: Clock = "host"
    mono_ns: int | None = None
    boot_id: str = ""


@dataclass(frozen=True, slots=True)
class Transform:
    """A digest, cipher or encoding that the app computed; input and output as bytes."""

    stamp: Stamp
    op: str
    algorithm: str
    input: bytes
    output: bytes
    stack: tuple[str, ...] = ()


def scope_key(scope: str) -> str:
    """What a consent scope is told apart by: a permission is the same one by its full name and by the last part of it."""
    kind, colon, name = scope.partition(":")
    return f"permission:{name.rsplit('.', 1)[-1]}" if kind == "permission" else f"{kind}{colon}{name}"


@dataclass(frozen=True, slots=True)
class ConsentSignal:
    """Evidence about consent (capture format, event type ``consent``).

    Attributes:
        scope: ``policy``, ``permission:<name>``, ``sdk:<id>`` or ``data:<taxonomy id>``.
        source: ``tap``, ``preference``, ``sdk_call``, ``permission_result``, ``ui_tree`` or ``tester``.
        err_ns: the line's own uncertainty in ns, or None where the source's default applies.
        blob: SHA-256 of the screenshot or UI tree it rests on, "" without one.
        purposes: numbers of the TCF purposes consented to, or None where the signal is about no TCF string.
    """

    stamp: Stamp
    signal: Signal
    scope: str
    source: str
    text: str = ""
    err_ns: int | None = None
    purposes: tuple[int, ...] | None = None
    blob: str = ""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Any other event (permission, lifecycle, ui, hook_status, gap, note): its stamp and its fields as read."""

    stamp: Stamp
    type: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Events:
    """All events of a capture, by kind."""

    api_calls: pd.DataFrame
    transforms: tuple[Transform, ...] = ()
    consents: tuple[ConsentSignal, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()
    count: int = field(default=0)
