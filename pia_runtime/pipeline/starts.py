"""Starts of processes, by whom, and how often the app asks to be woken."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pia_runtime.correlation.axis import Clocks
from pia_runtime.judgement.frequency import most_per_minute
from pia_runtime.model.event import Events
from pia_runtime.pipeline.placing import placed
from pia_runtime.pipeline.signals import typed

_BY_USER_NS = 5_000_000_000
"""A process that starts this soon after a touch was started by the user."""

_USER_STARTERS = ("launcher", "systemui", "adb", "shell", "pia")
_COLUMNS = ["seq", "actor", "host_ns", "scope", "phase", "verdict", "kind", "started_by", "per_minute"]


def starts_table(
    events: Events, clocks: Clocks, package: str, wake_calls: tuple[npt.NDArray[np.int64], ...]
) -> pd.DataFrame:
    """One row a start of a process or a call that asks to be woken.

    Args:
        events: with the starts and touches.
        clocks: of the run.
        package: the app's own package; "" where unknown.
        wake_calls: ``seq``, host time and actor of the calls that ask to be woken, in the order of time.
    """
    rows = [*_process_rows(events, clocks, package), *_wakeup_rows(*wake_calls)]
    return typed(pd.DataFrame(rows, columns=_COLUMNS), "starts")


def _process_rows(events: Events, clocks: Clocks, package: str) -> list[dict[str, Any]]:
    touches = np.sort(
        np.array(
            [
                placed(o.stamp, clocks).t_ns
                for o in events.occurrences
                if o.type == "ui" and o.fields.get("action") == "tap"
            ],
            dtype=np.int64,
        )
    )
    by_process: dict[str, list[dict[str, Any]]] = defaultdict(list)
    starts = [o for o in events.occurrences if o.type == "lifecycle" and o.fields.get("state") == "process_start"]
    times = [placed(start.stamp, clocks).t_ns for start in starts]
    for number, (t_ns, start) in enumerate(sorted(zip(times, starts, strict=True), key=lambda pair: pair[0])):
        who = _started_by(start.fields, package, t_ns, touches, first=number == 0)
        row = _row(start.stamp.seq, -1, t_ns, "process", who)
        by_process[str(start.fields.get("process") or "")].append(row)
    for rows in by_process.values():
        _count_per_minute([row for row in rows if row["started_by"] in ("self", "unknown")])
        for word in ("user", "other_app"):
            _count_per_minute([row for row in rows if row["started_by"] == word])
    return [row for rows in by_process.values() for row in rows]


def _count_per_minute(rows: list[dict[str, Any]]) -> None:
    most = most_per_minute(np.array([row["host_ns"] for row in rows], dtype=np.int64))
    for row in rows:
        row["per_minute"] = most


def _started_by(
    fields: Mapping[str, Any], package: str, t_ns: int, touches: Sequence[int] | npt.NDArray[np.int64], *, first: bool
) -> str:
    """``user``, ``self``, ``other_app`` or ``unknown``: what the event says, else whether a touch led to it."""
    said = fields.get("started_by")
    if isinstance(said, str) and said:
        if said == "user" or any(word in said.lower() for word in _USER_STARTERS):
            return "user"
        return "self" if said in ("self", package) else "other_app"
    place = int(np.searchsorted(np.asarray(touches, dtype=np.int64), t_ns, side="right"))
    touched = place > 0 and t_ns - int(touches[place - 1]) <= _BY_USER_NS
    return "user" if first or touched else "unknown"


def _wakeup_rows(
    seqs: npt.NDArray[np.int64], times: npt.NDArray[np.int64], actors: npt.NDArray[np.int64]
) -> list[dict[str, Any]]:
    """One row an actor: who asked, first when, and most within a minute."""
    rows = []
    for actor in np.unique(actors):
        own = actors == actor
        rows.append(
            _row(int(seqs[own][0]), int(actor), int(times[own][0]), "wakeup", "self")
            | {"per_minute": most_per_minute(times[own])}
        )
    return rows


def _row(seq: int, actor: int, t_ns: int, kind: str, started_by: str) -> dict[str, Any]:
    words = {"scope": "", "phase": "unknown", "verdict": "indeterminate", "kind": kind, "started_by": started_by}
    return {"seq": seq, "actor": actor, "host_ns": t_ns, "per_minute": np.nan, **words}
