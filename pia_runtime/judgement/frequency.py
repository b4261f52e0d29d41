"""How often: numbers of one group of instants, and the table of reads by actor, data and state."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from pia_runtime.judgement.facts import Columns, gravest, only
from pia_runtime.model.finding import Frequency

_SECOND_NS = 1_000_000_000

Integers = npt.NDArray[np.int64]

COLUMNS = ("act", "data", "group", "actor", "actor_kind", "state", "background_declared")
"""Columns of the detections that the rows of one group share."""


def frequency_of(times: Integers, counts: Integers) -> Frequency:
    """Numbers of one group.

    Args:
        times: ns, ascending, not empty.
        counts: how many calls each instant stands for.
    """
    gaps = np.diff(times)
    repeated = bool((counts > 1).any())
    smallest = 0 if repeated else int(gaps.min()) if len(gaps) else None
    return Frequency(
        count=int(counts.sum()),
        min_interval_ns=smallest,
        per_second=_most_within(times, counts, _SECOND_NS),
        period_ns=int(np.median(gaps)) if len(gaps) > 1 else None,
    )


def _most_within(times: Integers, counts: Integers, span: int) -> int:
    """Most calls within any half-open span of time."""
    total = np.concatenate([[0], np.cumsum(counts)])
    ends = np.searchsorted(times, times + span, side="left")
    return int((total[ends] - total[: len(times)]).max())


def most_per_minute(times: Integers) -> int:
    """Most instants within any minute; 0 for none. ``times`` in ns, ascending."""
    return _most_within(times, np.ones(len(times), dtype=np.int64), 60 * _SECOND_NS) if len(times) else 0


def frequency_table(detections: pd.DataFrame) -> pd.DataFrame:
    """Reads, and attempts apart from them, by data, actor and state, with their numbers.

    Args:
        detections: in the order of time, with the columns of :data:`COLUMNS`, ``act``, ``count``, ``host_ns``, ``phase`` and
            ``verdict``.

    Returns:
        One row a group: the facts of the vocabulary's table ``frequency``, ``host_ns`` and ``members``.
    """
    columns = Columns(detections)
    called = np.flatnonzero(np.asarray(detections["act"].isin(["access", "attempt"])))
    keys = [columns[name].astype(np.int64)[called] for name in ("act", "data", "actor", "state")]
    rows = [_row(columns, members) for members in grouped(called, keys)]
    names = [*COLUMNS, "verdict", "phase", "host_ns", "members", "count", "per_second", "intervals", "period", "spread"]
    table = pd.DataFrame(rows, columns=names)
    wordy = ("act", "data", "group", "actor_kind", "state", "background_declared", "verdict", "phase")
    numbers = dict.fromkeys(("count", "per_second", "intervals", "period", "spread"), "float64")
    return table.astype(dict.fromkeys(wordy, "category") | numbers | {"actor": "int64", "host_ns": "int64"})


def grouped(positions: Integers, keys: list[Integers]) -> Iterator[Integers]:
    """The positions parted where any key differs; order kept inside, groups in the order of their first row."""
    if not len(positions):
        return
    combined = np.zeros(len(positions), dtype=np.int64)
    for key in keys:
        _, dense = np.unique(key, return_inverse=True)
        _, combined = np.unique(combined * (int(dense.max()) + 1) + dense, return_inverse=True)
    order = np.argsort(combined, kind="stable")
    starts = np.flatnonzero(np.diff(combined[order])) + 1
    parts = np.split(positions[order], starts)
    yield from sorted(parts, key=lambda part: int(part[0]))


def _row(columns: Columns, members: Integers) -> list[object]:
    times, counts = columns["host_ns"][members], columns["count"][members]
    numbers = frequency_of(times, counts)
    gaps = np.diff(times)
    first = int(members[0])
    shared = [int(columns[name][first]) if name == "actor" else columns.word(name, first) for name in COLUMNS]
    return [
        *shared,
        gravest(columns.words("verdict", members)),
        only(columns.words("phase", members), "unknown"),
        int(times[0]),
        members,
        numbers.count,
        numbers.per_second,
        len(gaps),
        np.nan if numbers.period_ns is None else numbers.period_ns,
        _spread(gaps),
    ]


def _spread(gaps: Integers) -> float:
    """Distance of the 10th to the 90th percentile in percent of the median; NaN without gaps."""
    if not len(gaps) or not np.median(gaps):
        return float("nan")
    low, high = np.percentile(gaps, [10, 90])
    return float(100 * (high - low) / np.median(gaps))
