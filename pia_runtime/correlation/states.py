"""Foreground, silent and background: what the app was doing on the screen at each instant.

Silent means on the screen and not touched (静默); background is a third state. A state is said only where it is certain: within
the error of a change, or where nothing tells, it is ``unknown``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.object_]

_LONG_AGO = -(2**62)


@dataclass(frozen=True, slots=True)
class ScreenHistory:
    """What was seen of the screen, all times on the host's clock in ns.

    Attributes:
        changes: (time, ``foreground`` or ``background``), ascending.
        touches: taps and typing, ascending.
        touches_watched: taps would have been seen; without that nobody can call an app silent.
    """

    changes: Sequence[tuple[int, str]] = ()
    touches: Sequence[int] = ()
    touches_watched: bool = False


def states(
    times: Integers, errors: Integers, shown: npt.NDArray[np.int8], history: ScreenHistory, silence_ns: int
) -> Words:
    """The state at each instant.

    Args:
        times: host time, ns.
        errors: half-width of its uncertainty, ns; negative where it cannot be compared with the history.
        shown: 1 the event itself says foreground, 0 it says background, -1 it says nothing.
        history: what was seen of the screen.
        silence_ns: how long without a touch makes an app silent.
    """
    at = np.array([time for time, _ in history.changes], dtype=np.int64)
    front = np.array([word == "foreground" for _, word in history.changes], dtype=np.bool_)
    comparable = errors >= 0
    width = np.maximum(errors, 0)
    before = np.searchsorted(at, times - width, side="left") - 1
    until = np.searchsorted(at, times + width, side="right") - 1
    certain = comparable & (before == until) & (before >= 0)
    by_history = np.where(certain, front[np.maximum(before, 0)] if len(front) else False, False)
    foreground = np.where(shown >= 0, shown == 1, certain & by_history)
    background = np.where(shown >= 0, shown == 0, certain & ~by_history)
    silent = foreground & comparable & _untouched(times - width, times + width, at, front, history, silence_ns)
    words = np.full(len(times), "unknown", dtype=object)
    words[foreground] = "foreground"
    words[background] = "background"
    words[silent] = "silent"
    return words


def _untouched(
    earliest: Integers,
    latest: Integers,
    at: Integers,
    front: npt.NDArray[np.bool_],
    history: ScreenHistory,
    silence_ns: int,
) -> npt.NDArray[np.bool_]:
    """Whether the last touch, or coming to the front, certainly lies longer ago than the silence.

    A touch between ``earliest`` and ``latest`` may have come just before.
    """
    if not history.touches_watched:
        return np.zeros(len(earliest), dtype=np.bool_)
    acts = np.sort(np.concatenate([np.array(history.touches, dtype=np.int64), at[front]]))
    if not len(acts):
        return np.zeros(len(earliest), dtype=np.bool_)
    place = np.searchsorted(acts, latest, side="right") - 1
    last = np.where(place >= 0, acts[np.maximum(place, 0)], _LONG_AGO)
    return (place >= 0) & (earliest - last > silence_ns)
