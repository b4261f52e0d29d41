"""What was seen of the screen, and the state of the app at every detection."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from pia_runtime.correlation.axis import Clocks
from pia_runtime.correlation.states import ScreenHistory, states
from pia_runtime.model.event import Events
from pia_runtime.pipeline.placing import placed

_STATES = {"foreground": "foreground", "activity_resumed": "foreground", "background": "background"}
_TOUCHES = frozenset({"tap", "text_input"})


def screen_history(events: Events, clocks: Clocks) -> tuple[ScreenHistory, int, bool]:
    """The history, the largest error of its times in ns, and whether they are of a device clock that was never compared."""
    changes, touches, errors = [], [], []
    for occurrence in events.occurrences:
        word = _STATES.get(str(occurrence.fields.get("state"))) if occurrence.type == "lifecycle" else None
        touch = occurrence.type == "ui" and occurrence.fields.get("action") in _TOUCHES
        if word or touch:
            at = placed(occurrence.stamp, clocks)
            errors.append(at.err_ns)
            if word:
                changes.append((at.t_ns, word))
            else:
                touches.append(at.t_ns)
    uncompared = any(error is None for error in errors)
    history = ScreenHistory(tuple(sorted(changes)), tuple(sorted(touches)), bool(touches) or _watches_taps(events))
    return history, max((error or 0 for error in errors), default=0), uncompared


def _watches_taps(events: Events) -> bool:
    return any(
        occurrence.type == "hook_status"
        and occurrence.fields.get("hook") == "consent.tap"
        and occurrence.fields.get("status") == "installed"
        for occurrence in events.occurrences
    )


def screen_states(
    table: pd.DataFrame, calls: pd.DataFrame, events: Events, clocks: Clocks, silence_ns: int
) -> npt.NDArray[np.object_]:
    """A word for each detection (:mod:`pia_runtime.correlation.states`)."""
    history, error, uncompared = screen_history(events, clocks)
    call = table["call"].to_numpy(dtype=np.int64)
    said = calls["foreground"].fillna(-1).to_numpy(dtype=np.int8)
    shown = np.where(call >= 0, said[np.maximum(call, 0)], -1) if len(said) else np.full(len(table), -1)
    known = table["host_err_ns"].notna().to_numpy()
    own = table["host_err_ns"].fillna(0).to_numpy(dtype=np.int64) + error
    errors = np.where(known != uncompared, np.where(uncompared, 0, own), -1)
    if uncompared and not clocks.wall_orders:
        errors = np.full(len(table), -1)  # the order of a wall clock that was set means nothing
    return states(table["host_ns"].to_numpy(dtype=np.int64), errors, shown.astype(np.int8), history, silence_ns)
