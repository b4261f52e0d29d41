"""The user's last action before each detection: what a reader asks first of a call is who made it happen.

Nearness is shown, not causation: the report says how long before, and no verdict rests on it.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from pia_runtime.correlation.axis import Clocks
from pia_runtime.model.event import Events, Stamp
from pia_runtime.pipeline.placing import placed

_ACTIONS = frozenset({"tap", "text_input"})
_LONGEST_TEXT = 200


def triggers(table: pd.DataFrame, events: Events, clocks: Clocks) -> list[dict[str, Any] | None]:
    """For each row the last tap or input before it: ``event``, ``action``, ``text``, ``before_ns`` and ``err_ns``.

    None where there was none before it, or where its time and the row's lie on clocks that were never compared.
    """
    acts = sorted(_actions(events, clocks), key=lambda act: (act[0], act[2]))
    if not acts:
        return [None] * len(table)
    times = np.array([time for time, *_ in acts], dtype=np.int64)
    at = table["host_ns"].to_numpy(dtype=np.int64)
    last = np.searchsorted(times, at, side="right") - 1
    errors = table["host_err_ns"].astype(object).where(table["host_err_ns"].notna(), None).tolist()
    return [
        _trigger(acts[place], int(t_ns), err) if place >= 0 else None
        for place, t_ns, err in zip(last, at, errors, strict=True)
    ]


_Act = tuple[int, int | None, int, str, str]
"""Time, its error, event, action, text."""


def _trigger(act: _Act, t_ns: int, err_ns: int | None) -> dict[str, Any] | None:
    time, error, event, action, text = act
    if (error is None) != (err_ns is None):
        return None
    both = None if error is None or err_ns is None else error + int(err_ns)
    return {"event": event, "action": action, "text": text or None, "before_ns": t_ns - time, "err_ns": both}


def _actions(events: Events, clocks: Clocks) -> Iterator[_Act]:
    for one in events.occurrences:
        if one.type == "ui" and one.fields.get("action") in _ACTIONS:
            yield _act(one.stamp, str(one.fields["action"]), one.fields.get("text"), clocks)
    for signal in events.consents:
        if signal.source == "tap" and signal.signal != "requested":
            yield _act(signal.stamp, "tap", signal.text, clocks)


def _act(stamp: Stamp, action: str, text: object, clocks: Clocks) -> _Act:
    at = placed(stamp, clocks)
    return at.t_ns, at.err_ns, stamp.seq, action, text[:_LONGEST_TEXT] if isinstance(text, str) else ""
