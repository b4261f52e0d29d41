"""The events of a capture as one flat table, values masked: what ``--table events`` writes."""

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from pia_runtime.detection.masking import Secrets, canonical, mask, mask_tokens
from pia_runtime.model.event import ConsentSignal, Events, Occurrence, Stamp, Transform
from pia_runtime.reports.columns import EVENTS
from pia_runtime.reports.frames import frame

_LONGEST_ARGUMENTS = 2_000
_TEXTS = ("text",)


def events_frame(events: Events, secrets: Secrets, *, reveal: bool = False) -> pd.DataFrame:
    """One row an event, by arrival. What is not a column of its own stands under ``detail``."""
    masking = _Masking(secrets, reveal=reveal)
    rows = [*_calls(events.api_calls, masking)]
    rows += [_consent(one, masking) for one in events.consents]
    rows += [_transform(one, masking) for one in events.transforms]
    rows += [_occurrence(one, masking) for one in events.occurrences]
    return frame(sorted(rows, key=lambda row: row["seq"]), EVENTS)


class _Masking:
    """What may be shown of values and texts."""

    def __init__(self, secrets: Secrets, *, reveal: bool) -> None:
        self._secrets, self._reveal = secrets, reveal

    def value(self, value: object) -> str | None:
        return (None if value is None else canonical(value)) if self._reveal else mask(value)

    def text(self, text: object) -> str | None:
        if text is None or text == "":
            return None
        return str(text) if self._reveal else self._secrets.mask_within(str(text))

    def structure(self, value: object) -> str | None:
        if value in (None, [], {}, ""):
            return None
        text = json.dumps(value, ensure_ascii=False, default=str)[:_LONGEST_ARGUMENTS]
        return text if self._reveal else self._secrets.mask_within(mask_tokens(text))


def _calls(calls: pd.DataFrame, masking: _Masking) -> Iterator[dict[str, Any]]:
    names = (
        "seq",
        "t_ns",
        "clock",
        "mono_ns",
        "process",
        "foreground",
        "hook",
        "api",
        "data",
        "args",
        "value",
        "threw",
        "count",
    )
    columns = [calls[name].astype(object).tolist() for name in (*names, "stack")]
    for values in zip(*columns, strict=True):
        row = dict(zip((*names, "stack"), values, strict=True))
        yield {
            **row,
            "type": "api_call",
            "mono_ns": None if pd.isna(row["mono_ns"]) else int(row["mono_ns"]),
            "foreground": None if pd.isna(row["foreground"]) else bool(row["foreground"]),
            "args": masking.structure(row["args"]),
            "masked": masking.value(row["value"]),
            "stack": masking.text(row["stack"]),
            "process": masking.text(row["process"]),
            "threw": row["threw"] or None,
        }


def _stamp(stamp: Stamp, kind: str) -> dict[str, Any]:
    return {"seq": stamp.seq, "type": kind, "t_ns": stamp.t_ns, "clock": stamp.clock, "mono_ns": stamp.mono_ns}


def _consent(one: ConsentSignal, masking: _Masking) -> dict[str, Any]:
    told = {
        "signal": one.signal,
        "scope": masking.text(one.scope),
        "source": one.source,
        "text": masking.text(one.text),
    }
    return {**_stamp(one.stamp, "consent"), **told}


def _transform(one: Transform, masking: _Masking) -> dict[str, Any]:
    sizes = {"op": one.op, "algorithm": one.algorithm, "input_bytes": len(one.input), "output_bytes": len(one.output)}
    return {
        **_stamp(one.stamp, "transform"),
        "stack": masking.text("\n".join(one.stack)),
        "detail": json.dumps(sizes, ensure_ascii=False),
    }


def _occurrence(one: Occurrence, masking: _Masking) -> dict[str, Any]:
    own = ("process", "foreground", "hook", *_TEXTS)
    rest = {name: value for name, value in one.fields.items() if name not in (*own, "seq", "type", "t_ns", "clock")}
    foreground = one.fields.get("foreground")
    return {
        **_stamp(one.stamp, one.type),
        "process": masking.text(one.fields.get("process")),
        "foreground": foreground if isinstance(foreground, bool) else None,
        "hook": masking.text(one.fields.get("hook")),
        "text": masking.text(one.fields.get("text")),
        "detail": masking.structure(rest),
    }
