"""Phase and verdict of every instant, in columns: a table look-up per scope, no loop over rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from pia_runtime.correlation.axis import HOST, WALL, Axis, Clocks
from pia_runtime.correlation.clock import UNBOUNDED, Intervals, Times, exactly
from pia_runtime.correlation.consent import Transition, transitions
from pia_runtime.correlation.phase import (
    AFTER_GRANT,
    AFTER_REFUSAL,
    AFTER_WITHDRAWAL,
    BEFORE_CHOICE,
    NOT_ASKED,
    PHASES,
    WITHOUT,
    Bits,
    possible_phases,
)
from pia_runtime.model.detection import Phase, Verdict
from pia_runtime.model.event import ConsentSignal, scope_key

INSTANT_COLUMNS: dict[str, str] = {
    "t_ns": "int64",  # by the clock named in `clock`
    "err_ns": "int64",  # the instant's own half-width on that clock (a flow's microsecond)
    "clock": "category",  # "host" | "device"
    "mono_ns": "Int64",
    "boot_id": "category",
    "data": "category",  # taxonomy id
    "sdk": "category",  # knowledge id of the acting SDK, "" where the actor is none
}
"""Columns that :func:`judge_instants` needs."""

VERDICT_COLUMNS: dict[str, str] = {
    "host_ns": "int64",  # best estimate on the host's clock; the device's own time where nothing translates it
    "host_err_ns": "Int64",  # half-width; <NA> where the clocks were never compared
    "phase": "category",
    "verdict": "category",
    "margin_ns": "Int64",  # distance to the nearest consent boundary, <NA> without one
    "margin_err_ns": "Int64",  # uncertainty of that distance
    "permission": "category",  # what was said by then about the permissions of this data: a word of TOLD
    "sdk_told": "category",  # what the acting SDK had been told
    "data_told": "category",  # what was said about this kind of data
}
"""Columns that :func:`judge_instants` gives, with the same index."""

TOLD = ("unasked", "asked", "given", "refused", "withdrawn", "unknown")
"""What was said about a narrower scope by some instant; ``unknown`` where the order leaves several possible."""

_TOLD_BY_BITS = {
    0: "unasked",
    NOT_ASKED: "unasked",
    BEFORE_CHOICE: "asked",
    AFTER_GRANT: "given",
    AFTER_REFUSAL: "refused",
    AFTER_WITHDRAWAL: "withdrawn",
}

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scopes:
    """The consent signals by scope, and which data each permission speaks about."""

    signals: Mapping[str, Sequence[ConsentSignal]]
    permission_data: Mapping[str, frozenset[str]]

    def rows_of(self, scope: str, instants: pd.DataFrame) -> Mask:
        """Which instants a narrower scope matches."""
        kind, _, name = scope_key(scope).partition(":")
        if kind == "sdk":
            return _equals(instants["sdk"], {name})
        wanted = {name} if kind == "data" else self.permission_data.get(name, frozenset())
        return _equals(instants["data"], wanted)


def _equals(column: pd.Series, wanted: frozenset[str] | set[str]) -> Mask:
    return np.asarray(column.isin(list(wanted)), dtype=np.bool_)


def judge_instants(instants: pd.DataFrame, scopes: Scopes, clocks: Clocks) -> pd.DataFrame:
    """Phase, verdict and margin of each instant.

    Args:
        instants: columns of :data:`INSTANT_COLUMNS`, any index.
        scopes: what was said about consent.
        clocks: how the clocks of the run translate.

    Returns:
        Columns of :data:`VERDICT_COLUMNS` on the same index.
    """
    parts = [
        _judge_on(axis, instants.loc[rows], scopes, clocks) for axis, rows in _axes(instants, clocks) if rows.any()
    ]
    if not parts:
        return pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in VERDICT_COLUMNS.items()})
    return parts[0] if len(parts) == 1 else pd.concat(parts).reindex(instants.index)


def _axes(instants: pd.DataFrame, clocks: Clocks) -> list[tuple[Axis, Mask]]:
    """The instants grouped by the clock they are judged on."""
    on_device = _equals(instants["clock"], {"device"})
    mono = on_device & np.asarray(instants["mono_ns"].notna(), dtype=np.bool_)
    groups = [(HOST, ~on_device)]
    for boot in instants["boot_id"].cat.categories:
        rows = mono & np.asarray(instants["boot_id"] == boot, dtype=np.bool_)
        if clocks.has_mono(str(boot)):
            groups.append((Axis("mono", str(boot)), rows))
        else:
            mono &= ~rows
    return [*groups, (WALL, on_device & ~mono)]


def _judge_on(axis: Axis, instants: pd.DataFrame, scopes: Scopes, clocks: Clocks) -> pd.DataFrame:
    wall = instants["t_ns"].to_numpy(dtype=np.int64)
    mono = instants["mono_ns"].to_numpy(dtype=np.int64, na_value=0)
    error = instants["err_ns"].to_numpy(dtype=np.int64)
    host = clocks.to_host(axis, wall, mono)
    at, own = (mono, exactly(mono)) if axis.kind == "mono" else (wall, exactly(wall))
    if axis.kind == "wall" and not clocks.wall_orders:
        # The wall clock was set during the run: its own order means nothing, only its translation does.
        axis, own = HOST, host
        at = np.where(own.bounded, own.low + (own.high - own.low) // 2, at)
    own = own.widened(error)
    combined = _Combined(at, error, own.bounded)
    for scope, signals in scopes.signals.items():
        placed = transitions(signals, lambda stamp, err: clocks.place(stamp, err, axis))
        if scope == "policy":
            combined.policy(possible_phases(own, placed, narrower=False), placed)
        else:
            rows = scopes.rows_of(scope, instants)
            if rows.any():
                some = Intervals(own.low[rows], own.high[rows])
                bits = possible_phases(some, placed, narrower=True)
                combined.narrower(scope.partition(":")[0], rows, bits, placed)
    host_ns, host_err = _on_host(own if axis.kind == "host" else host, wall)
    return combined.frame(instants.index, host_ns, host_err)


def _on_host(host: Intervals, wall: Times) -> tuple[Times, pd.arrays.IntegerArray]:
    """Middle and half-width; the own time and no width where nothing translates it."""
    known = host.bounded
    width = np.where(known, host.high - host.low, 0)
    return np.where(known, host.low + width // 2, wall), pd.arrays.IntegerArray((width + 1) // 2, ~known)


def _boundaries(placed: Sequence[Transition]) -> list[Transition]:
    """What a margin is measured to: answers, or questions where none was given, unless another tells more exactly."""
    answers = [t for t in placed if t.signal != "requested"] or list(placed)
    lows, highs = (np.array([getattr(t, end) for t in answers], dtype=np.int64) for end in ("low", "high"))
    kinds = np.array([t.signal for t in answers], dtype=object)
    widths = [t.high - t.low for t in answers]
    narrow = np.array([min(width, UNBOUNDED) for width in widths], dtype=np.int64)
    return [
        t
        for t, width in zip(answers, widths, strict=True)
        if t.low > -UNBOUNDED
        and t.high < UNBOUNDED
        and not ((kinds == t.signal) & (t.low <= lows) & (highs <= t.high) & (narrow < width)).any()
    ]


def _told(bits: Bits) -> "pd.Categorical[str]":
    codes = np.full(256, TOLD.index("unknown"), dtype=np.int8)
    for value, word in _TOLD_BY_BITS.items():
        codes[value] = TOLD.index(word)
    return _words(codes[bits], TOLD)


def _words(codes: npt.NDArray[np.int8], names: Sequence[str]) -> "pd.Categorical[str]":
    return pd.Categorical.from_codes(codes, categories=pd.Index(np.array(names, dtype=object), dtype=object))


class _Combined:
    """Phases, verdicts and margins while the scopes are added one by one."""

    def __init__(self, at: Times, error: Times, measurable: Mask) -> None:
        length = len(at)
        self._at, self._error, self._measurable = at, error, measurable
        self.policy_bits: Bits = np.zeros(length, dtype=np.uint8)
        self.refused_by_narrower = np.zeros(length, dtype=np.bool_)
        self.undecided_by_narrower = np.zeros(length, dtype=np.bool_)
        self.denied, self.granted = np.zeros(length, dtype=np.bool_), np.zeros(length, dtype=np.bool_)
        self.narrower_phase: Bits = np.zeros(length, dtype=np.uint8)
        self.margin = np.full(length, UNBOUNDED, dtype=np.int64)
        self.margin_error = np.zeros(length, dtype=np.int64)
        self.told: dict[str, Bits] = {kind: np.zeros(length, dtype=np.uint8) for kind in ("permission", "sdk", "data")}

    def policy(self, bits: Bits, placed: Sequence[Transition]) -> None:
        self.policy_bits = bits
        self._measure(np.ones(len(bits), dtype=np.bool_), placed)

    def narrower(self, kind: str, rows: Mask, bits: Bits, placed: Sequence[Transition]) -> None:
        """Take in what one narrower scope says of the instants it matches."""
        self.told[kind][rows] |= bits  # several scopes of a kind that differ leave several words possible
        without, free = (bits & WITHOUT) > 0, (bits & (AFTER_GRANT | NOT_ASKED)) > 0
        certain, undecided = np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.bool_)
        certain[rows], undecided[rows] = without & ~free, without & free
        if kind == "permission":
            self.granted[rows] |= (bits & AFTER_GRANT) > 0
            self.denied |= certain
        else:
            self.refused_by_narrower |= certain
        self.narrower_phase[rows] = np.where(
            certain[rows] & (self.narrower_phase[rows] == 0), bits, self.narrower_phase[rows]
        )
        self.undecided_by_narrower |= undecided
        self._measure(rows, placed)

    def _measure(self, rows: Mask, placed: Sequence[Transition]) -> None:
        """Distance to the nearest boundary; of two as near, the earlier."""
        boundaries = sorted(_boundaries(placed), key=lambda boundary: boundary.middle)
        if not boundaries:
            return
        middles = np.array([t.middle for t in boundaries], dtype=np.int64)
        halves = np.array([max(t.high - t.middle, t.middle - t.low) for t in boundaries], dtype=np.int64)
        after = np.searchsorted(middles, self._at, side="left")
        before = np.searchsorted(middles, middles[np.maximum(after - 1, 0)], side="left")
        after = np.minimum(after, len(middles) - 1)
        earlier = np.abs(self._at - middles[before]) <= np.abs(middles[after] - self._at)
        nearest = np.where(earlier, before, after)
        distance = np.abs(self._at - middles[nearest])
        nearer = rows & self._measurable & (distance < self.margin)
        self.margin = np.where(nearer, distance, self.margin)
        self.margin_error = np.where(nearer, self._error + halves[nearest], self.margin_error)

    def _close_permissions(self) -> None:
        """One permission denied and another granted, either of which opens this data: no record tells which one opened it."""
        self.undecided_by_narrower |= self.denied & self.granted
        self.refused_by_narrower |= self.denied & ~self.granted

    def frame(self, index: pd.Index, host_ns: Times, host_err: pd.arrays.IntegerArray) -> pd.DataFrame:
        self._close_permissions()
        without, given = (self.policy_bits & WITHOUT) > 0, (self.policy_bits & AFTER_GRANT) > 0
        certain = (without & ~given) | self.refused_by_narrower
        consented = given & ~without & ~self.refused_by_narrower & ~self.undecided_by_narrower
        measured = self.margin < UNBOUNDED
        return pd.DataFrame(
            {
                "host_ns": host_ns,
                "host_err_ns": host_err,
                "phase": self._phase(without & ~given, given & ~without),
                "verdict": _words(np.where(certain, 0, np.where(consented, 2, 1)).astype(np.int8), get_args(Verdict)),
                "margin_ns": pd.arrays.IntegerArray(np.where(measured, self.margin, 0), ~measured),
                "margin_err_ns": pd.arrays.IntegerArray(self.margin_error, ~measured),
                "permission": _told(self.told["permission"]),
                "sdk_told": _told(self.told["sdk"]),
                "data_told": _told(self.told["data"]),
            },
            index=index,
        )

    def _phase(self, certainly_without: Mask, certainly_given: Mask) -> "pd.Categorical[str]":
        """The policy's phase while it stands in the way; once it is given, that of the narrower scope that does."""
        names = get_args(Phase)
        unknown = names.index("unknown")
        codes = np.full(256, unknown, dtype=np.int8)
        for bit, name in PHASES.items():
            codes[bit] = names.index(name)
        free = certainly_given | (self.policy_bits == 0)
        phase = np.where(self.refused_by_narrower & free, codes[self.narrower_phase], codes[self.policy_bits])
        undecided = ~certainly_without & self.undecided_by_narrower & ~self.refused_by_narrower
        return _words(np.where(undecided, unknown, phase).astype(np.int8), names)
