"""The consent intervals of the document: per scope, which state held from when to when on the host's clock."""

from collections.abc import Sequence
from typing import Any

from pia_runtime.correlation.axis import HOST, Clocks
from pia_runtime.correlation.clock import UNBOUNDED
from pia_runtime.correlation.consent import Transition, transitions
from pia_runtime.correlation.verdict import Scopes
from pia_runtime.model.event import ConsentSignal


def consent_intervals(scopes: Scopes, clocks: Clocks) -> list[dict[str, Any]]:
    """One object per interval, scopes in order (the policy first), intervals in the order of time."""
    document: list[dict[str, Any]] = []
    for scope, signals in scopes.signals.items():
        placed = transitions(signals, lambda stamp, error: clocks.place(stamp, error, HOST))
        document += _intervals(scope, placed, {signal.stamp.seq: signal for signal in signals})
    return document


def _intervals(scope: str, placed: Sequence[Transition], by_seq: dict[int, ConsentSignal]) -> list[dict[str, Any]]:
    ordered = sorted(placed, key=lambda t: (t.middle, t.seqs))
    found = []
    for number, transition in enumerate(ordered):
        after = next((other for other in ordered[number + 1 :] if _ends(transition, other)), None)
        signals = [by_seq[seq] for seq in transition.seqs]
        found.append(
            {
                "scope": scope,
                "state": transition.signal,
                "from_ns": transition.middle,
                "from_err_ns": _half_width(transition),
                "until_ns": after.middle if after else None,
                "until_err_ns": _half_width(after) if after else None,
                "signals": list(transition.seqs),
                "sources": sorted({signal.source for signal in signals}),
                "texts": sorted({signal.text for signal in signals if signal.text}),
                "agreement": _agreement(transition, ordered),
            }
        )
    return found


def _ends(one: Transition, later: Transition) -> bool:
    """Whether a later signal ends a state: a question ends no answer, and times of clocks never compared have no order."""
    comparable = (_half_width(one) is None) == (_half_width(later) is None)
    return comparable and (later.signal != "requested" or one.signal == "requested")


def _agreement(one: Transition, everything: Sequence[Transition]) -> dict[str, Any]:
    """Which independent sources say the same of this moment, and which signals say something else of it.

    Two answers contradict where they differ, come from different sources and may lie at the same moment.
    """
    answers = [other for other in everything if other.signal != "requested" and one.signal != "requested"]
    against = [
        other
        for other in answers
        if other.signal != one.signal
        and not other.sources & one.sources
        and other.low <= one.high
        and one.low <= other.high
    ]
    return {
        "agreeing_sources": sorted(one.sources) if len(one.sources) > 1 else [],
        "contradicting": [
            {"state": other.signal, "sources": sorted(other.sources), "signals": list(other.seqs)} for other in against
        ],
    }


def _half_width(transition: Transition) -> int | None:
    if transition.low <= -UNBOUNDED or transition.high >= UNBOUNDED:
        return None
    return max(transition.high - transition.middle, transition.middle - transition.low)
