"""Which phases an instant may lie in, given transitions that are themselves known only to within intervals.

Possible phases are kept as bits, so that millions of instants are judged by a table look-up. A transition can be the last one
before an instant unless another certainly lies between them; two equal instants cannot be ordered.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pia_runtime.correlation.clock import UNBOUNDED, Intervals, Times
from pia_runtime.correlation.consent import Transition
from pia_runtime.model.detection import Phase

BEFORE_PROMPT, BEFORE_CHOICE, AFTER_GRANT, AFTER_REFUSAL, AFTER_WITHDRAWAL, NOT_ASKED = (1 << bit for bit in range(6))
WITHOUT = BEFORE_PROMPT | BEFORE_CHOICE | AFTER_REFUSAL | AFTER_WITHDRAWAL
"""Phases without consent."""

PHASES: dict[int, Phase] = {
    BEFORE_PROMPT: "before_prompt",
    BEFORE_CHOICE: "before_choice",
    AFTER_GRANT: "after_grant",
    AFTER_REFUSAL: "after_refusal",
    AFTER_WITHDRAWAL: "after_withdrawal",
}

_AFTER = {"given": AFTER_GRANT, "refused": AFTER_REFUSAL, "withdrawn": AFTER_WITHDRAWAL}

Bits = npt.NDArray[np.uint8]

_MANY = 10_000


def possible_phases(instants: Intervals, transitions: Sequence[Transition], *, narrower: bool) -> Bits:
    """The phases each instant may lie in, as bits.

    Args:
        instants: when, as intervals on the clock the transitions are placed on.
        transitions: of one scope.
        narrower: the scope is a permission, an SDK or a kind of data: before anything was asked about it, it stands in
            nobody's way (``NOT_ASKED``), while before the policy was shown nothing was consented to (``BEFORE_PROMPT``).
    """
    choices = [t for t in transitions if t.signal != "requested"]
    requests = [t for t in transitions if t.signal == "requested"]
    counts = [*_before(instants, choices), *_before(instants, requests)]
    code = np.zeros(len(instants.low), dtype=np.int64)
    for column in counts:
        if len(transitions) > _MANY:
            code = np.unique(code, return_inverse=True)[1].reshape(
                -1
            )  # small again, so that the next step does not overflow
        code = code * (len(transitions) + 1) + column
    combinations, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    table = np.zeros(len(combinations), dtype=np.uint8)
    last = _Last(choices)
    for place, row in enumerate(first.tolist()):
        certain, possible, asked, maybe_asked = (int(column[row]) for column in counts)
        table[place] = last.bits(certain, possible)
        if not certain:
            table[place] |= _unanswered(choices, requests, asked, maybe_asked, narrower=narrower)
    bits: Bits = table[inverse.reshape(-1)]
    return bits


def _before(instants: Intervals, transitions: Sequence[Transition]) -> tuple[npt.NDArray[np.int64], ...]:
    """How many transitions certainly lie before each instant, and how many possibly do."""
    highs = np.sort(np.array([t.high for t in transitions], dtype=np.int64))
    lows = np.sort(np.array([t.low for t in transitions], dtype=np.int64))
    return np.searchsorted(highs, instants.low, side="left"), np.searchsorted(lows, instants.high, side="right")


class _Last:
    """Which answer may be the last before an instant: any that began by then, unless another certainly followed it by then."""

    def __init__(self, choices: Sequence[Transition]) -> None:
        self._latest = np.maximum.accumulate(_times([t.low for t in sorted(choices, key=lambda t: t.high)]))
        by_low = sorted(choices, key=lambda t: t.low)
        self._ends = {
            bit: np.maximum.accumulate(_times([t.high if _AFTER[t.signal] == bit else -UNBOUNDED - 1 for t in by_low]))
            for bit in {_AFTER[t.signal] for t in choices}
        }

    def bits(self, certain: int, possible: int) -> int:
        """Phases after so many answers that certainly lie before, of so many that may."""
        latest = int(self._latest[certain - 1]) if certain else -UNBOUNDED
        return sum(bit for bit, ends in self._ends.items() if possible and ends[possible - 1] >= latest)


def _times(of: list[int]) -> Times:
    return np.array(of, dtype=np.int64)


def _unanswered(
    choices: Sequence[Transition], requests: Sequence[Transition], asked: int, maybe_asked: int, *, narrower: bool
) -> int:
    """Phases before the first answer. A question belongs to it only where it may precede it."""
    first = min((choice.high for choice in choices), default=UNBOUNDED)
    leading = [request for request in requests if request.low < first]
    asked_by = min((request.high for request in leading), default=UNBOUNDED)
    certainly_led = any(asked_by < choice.low for choice in choices) or not choices
    if narrower:
        return BEFORE_CHOICE if asked else NOT_ASKED | (BEFORE_CHOICE if maybe_asked else 0)
    if any(choice.signal == "withdrawn" and choice.low <= first for choice in choices):
        return AFTER_GRANT | BEFORE_CHOICE  # what is withdrawn was given once, and nobody saw when
    if asked or not leading:
        return BEFORE_CHOICE
    return BEFORE_PROMPT | (BEFORE_CHOICE if maybe_asked or not certainly_led else 0)
