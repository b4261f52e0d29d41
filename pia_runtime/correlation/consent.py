"""What follows from the consent signals: per scope, which transitions happened when, on whichever clock is asked about."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pia_runtime.correlation.clock import Times
from pia_runtime.model.event import ConsentSignal, Events, Signal, Stamp, scope_key

SOURCE_ERROR_NS = {
    "tap": 0,
    "sdk_call": 0,
    "permission_result": 0,
    "preference": 1_000_000_000,
    "ui_tree": 2_000_000_000,
    "tester": 1_500_000_000,
}
"""Half-width in ns assumed where a signal gives no ``err_ns`` of its own: configuration, printed with the document.

A tap handler and an SDK or permission call are the moment itself. A preference is written behind by a background thread, a UI
tree is polled, a tester's hand follows the eye.
"""

UNKNOWN_SOURCE_ERROR_NS = 2_000_000_000
"""For a source that is not in :data:`SOURCE_ERROR_NS`."""

_PERMISSION_SIGNALS: dict[str, Signal] = {"requested": "requested", "granted": "given", "denied": "refused"}


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of a scope's state, placed on some clock.

    Attributes:
        low: earliest possible instant, ns; ``high`` the latest; ``middle`` the best estimate.
        seqs: the signals that say so, in order of their number.
    """

    signal: Signal
    low: int
    high: int
    middle: int
    exact: bool
    seqs: tuple[int, ...]
    sources: frozenset[str] = frozenset()


Placing = Callable[[Stamp, int], tuple[int, int, int]]
"""Places a stamp with its own error on a clock: (low, high, middle) in ns."""


def own_error(signal: ConsentSignal) -> int:
    """The signal's own half-width in ns: what the line says, else the default of its source."""
    if signal.err_ns is not None:
        return signal.err_ns
    return SOURCE_ERROR_NS.get(signal.source, UNKNOWN_SOURCE_ERROR_NS)


def signals_by_scope(events: Events) -> dict[str, tuple[ConsentSignal, ...]]:
    """All signals by scope, ``permission`` events among them as answers about ``permission:<name>``.

    A scope is named as the capture names it; where it does so in two ways (``READ_SMS``, ``android.permission.READ_SMS``), by
    the longer one.
    """
    scopes: dict[str, list[ConsentSignal]] = defaultdict(list)
    for signal in (*events.consents, *_permission_signals(events)):
        scopes[scope_key(signal.scope)].append(signal)
    ordered = sorted(scopes, key=lambda key: (key != "policy", key))
    return {
        max((one.scope for one in scopes[key]), key=lambda name: (len(name), name)): tuple(scopes[key])
        for key in ordered
    }


def _permission_signals(events: Events) -> Iterable[ConsentSignal]:
    for occurrence in events.occurrences:
        if occurrence.type == "permission":
            signal = _PERMISSION_SIGNALS.get(str(occurrence.fields.get("result")))
            name = str(occurrence.fields.get("permission") or "")
            if signal and name:
                yield ConsentSignal(occurrence.stamp, signal, f"permission:{name}", "permission_result")


def transitions(signals: Sequence[ConsentSignal], place: Placing) -> tuple[Transition, ...]:
    """The signals of one scope as transitions on one clock, signals that describe the same moment taken together."""
    placed = []
    for signal in signals:
        low, high, middle = place(signal.stamp, own_error(signal))
        exact = signal.source in ("tap", "sdk_call", "permission_result")
        source = frozenset({signal.source})
        placed.append(Transition(signal.signal, low, high, middle, exact, (signal.stamp.seq,), source))
    placed.sort(key=lambda item: (item.middle, item.low, item.high, item.signal, item.seqs))
    return _agreeing(placed)


def _agreeing(placed: list[Transition]) -> tuple[Transition, ...]:
    """Join signals of one kind whose intervals overlap, unless a signal of another kind may lie among them.

    Two exact moments, or two signals of one source, are two acts and stay apart; a late or human signal beside one of another
    source is a second witness of the same act.
    """
    joined: list[Transition] = []
    lows, highs = np.zeros(len(placed), dtype=np.int64), np.zeros(len(placed), dtype=np.int64)
    signals = np.zeros(len(placed), dtype=object)
    others = _Others(placed)
    for item in placed:
        size = len(joined)
        near = (signals[:size] == item.signal) & (lows[:size] <= item.high) & (item.low <= highs[:size])
        match = next((i for i in np.flatnonzero(near).tolist() if _same_act(joined[i], item, others)), None)
        if match is None:
            match = size
            joined.append(item)
        else:
            joined[match] = _intersection(joined[match], item)
        lows[match], highs[match], signals[match] = joined[match].low, joined[match].high, item.signal
    return tuple(joined)


class _Others:
    """Whether a signal of another kind, questions aside, may lie in a stretch: those that end before or begin after do not."""

    def __init__(self, placed: Sequence[Transition]) -> None:
        self._ends: dict[str, tuple[Times, ...]] = {}
        for signal in {item.signal for item in placed}:
            rest = [item for item in placed if item.signal not in (signal, "requested")]
            ends = ([item.low for item in rest], [item.high for item in rest])
            self._ends[signal] = tuple(np.sort(np.array(end, dtype=np.int64)) for end in ends)

    def among(self, signal: str, low: int, high: int) -> bool:
        """Whether one other than ``signal`` may lie between ``low`` and ``high``."""
        lows, highs = self._ends[signal]
        return bool(np.searchsorted(lows, high, side="right") > np.searchsorted(highs, low, side="left"))


def _same_act(one: Transition, two: Transition, others: _Others) -> bool:
    """Whether two overlapping signals of one kind witness one act."""
    if (one.exact and two.exact) or one.sources & two.sources:
        return False
    return not others.among(one.signal, min(one.low, two.low), max(one.high, two.high))


def _intersection(one: Transition, two: Transition) -> Transition:
    low, high = max(one.low, two.low), min(one.high, two.high)
    witness = one if one.exact or not two.exact else two
    return Transition(
        one.signal,
        low,
        high,
        min(max(witness.middle, low), high),
        one.exact or two.exact,
        tuple(sorted({*one.seqs, *two.seqs})),
        one.sources | two.sources,
    )
