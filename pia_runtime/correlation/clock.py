"""Device time against host time: what every calibration sample allows, and nothing tighter.

A sample says that the device read ``device_ns`` at some moment of an exchange whose middle was ``host_ns`` and whose length was
``rtt_ns``: the two clocks agree there to within half the length. Away from a sample the clocks may have drifted by up to
:data:`MAX_DRIFT`. Each sample therefore bounds the translation at every instant by a cone, and the truth lies in the
intersection of all cones. Where two samples contradict each other, the clock was set in between (a *step*): the samples on either
side are then kept apart and an instant near the step gets the hull of what both sides allow.

A meeting bounds one side only: a hook saw a connection being opened and the proxy saw it arrive, so the opening was no later.
Where a meeting contradicts the samples, one of them is wrong and nobody knows which: it is left out, and all samples count as
uncertain by as much as they are contradicted.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MAX_DRIFT = 500e-6
"""Largest assumed rate difference of two clocks where samples do not bound it (capture format, ``session.json``)."""

UNBOUNDED = 2**62
"""Stands for "any time at all" in an interval (ns)."""

Times = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Intervals:
    """Instants known to within an interval, ns, both ends possible. ``±UNBOUNDED`` where nothing is known."""

    low: Times
    high: Times

    @property
    def bounded(self) -> npt.NDArray[np.bool_]:
        """Which of them are finite."""
        return (self.low > -UNBOUNDED) & (self.high < UNBOUNDED)

    def meet(self, other: "Intervals") -> "Intervals":
        """What both allow; where they exclude each other, what either allows."""
        low, high = np.maximum(self.low, other.low), np.minimum(self.high, other.high)
        apart = low > high
        return Intervals(
            np.where(apart, np.minimum(self.low, other.low), low),
            np.where(apart, np.maximum(self.high, other.high), high),
        )

    def widened(self, by: int | Times) -> "Intervals":
        """With an error added on both sides; what is unbounded stays so."""
        return Intervals(
            np.where(self.low > -UNBOUNDED, np.maximum(self.low, by - UNBOUNDED) - by, self.low),
            np.where(self.high < UNBOUNDED, np.minimum(self.high, UNBOUNDED - by) + by, self.high),
        )


def exactly(instants: Times) -> Intervals:
    """Instants known to the nanosecond."""
    return Intervals(instants, instants)


def anywhen(length: int) -> Intervals:
    """Instants of which nothing is known."""
    return Intervals(np.full(length, -UNBOUNDED, dtype=np.int64), np.full(length, UNBOUNDED, dtype=np.int64))


class _Envelope:
    """The lowest of many cones: min over i of ``height_i + drift(|x − at_i|)``, by running minima on either side."""

    def __init__(self, at: Floats, height: Floats) -> None:
        order = np.argsort(at, kind="stable")
        self._at, height = at[order], height[order]
        reach = _drift(1.0)
        self._left = np.minimum.accumulate(height - reach * self._at)
        self._right = np.minimum.accumulate((height + reach * self._at)[::-1])[::-1]

    def at(self, x: Floats) -> Floats:
        """Its height at each place; infinite without cones."""
        if not len(self._at):
            return np.full(len(x), np.inf)
        reach, last = _drift(1.0), len(self._at) - 1
        left = np.searchsorted(self._at, x, side="right") - 1
        from_left = np.where(left >= 0, self._left[np.maximum(left, 0)] + reach * x, np.inf)
        from_right = np.where(left < last, self._right[np.minimum(left + 1, last)] - reach * x, np.inf)
        result: Floats = np.minimum(from_left, from_right)
        return result


Bounds = tuple[Times, Times]
"""Readings of the source clock, and what the target clock showed then at most, or at least."""

_NO_BOUNDS: Bounds = (np.array([], dtype=np.int64), np.array([], dtype=np.int64))


class _Segment:
    """Samples between two settings of the clock, and the bounds that hold there. Distances are kept small for precision."""

    def __init__(self, upper: Bounds, lower: Bounds, never: Intervals) -> None:
        source, target = upper if len(upper[0]) else lower
        self._origin, self._shift = int(source[0]), int(target[0] - source[0])
        self._never = never
        self._upper = self._envelope(upper, 1)
        self._lower = self._envelope(lower, -1)

    def _envelope(self, bounds: Bounds, side: int) -> _Envelope:
        source, target = bounds
        gap = side * ((target - source) - self._shift)
        return _Envelope((source - self._origin).astype(np.float64), gap.astype(np.float64))

    def spans(self, instants: Intervals) -> Intervals:
        low = np.where(instants.low > -UNBOUNDED, self._ends(instants.low, self._lower, -1), -UNBOUNDED)
        high = np.where(instants.high < UNBOUNDED, self._ends(instants.high, self._upper, 1), UNBOUNDED)
        return Intervals(np.maximum(low, self._never.low), np.minimum(high, self._never.high))

    def _ends(self, instants: Times, envelope: _Envelope, side: int) -> Times:
        height = np.ceil(envelope.at((instants - self._origin).astype(np.float64)))
        known = np.isfinite(height)
        ends: Times = instants + self._shift + side * np.where(known, height, 0).astype(np.int64)
        return np.where(known, ends, side * UNBOUNDED)


class Translation:
    """Maps instants of one clock to intervals of another.

    Args:
        source: readings of the clock translated from, ns.
        target: the other clock's time at the middle of each exchange, ns.
        rtt: length of each exchange, ns.
        most: one-sided bounds from above; not used where the samples show a step, since nobody knows on which side they stand.
        least: the same from below.
    """

    def __init__(
        self,
        source: npt.ArrayLike,
        target: npt.ArrayLike,
        rtt: npt.ArrayLike,
        *,
        most: Bounds = _NO_BOUNDS,
        least: Bounds = _NO_BOUNDS,
    ) -> None:
        self._most, self._least = most, least
        order = np.argsort(np.asarray(target, dtype=np.int64), kind="stable")
        self._source = np.asarray(source, dtype=np.int64)[order]
        self._target = np.asarray(target, dtype=np.int64)[order]
        half = np.asarray(rtt, dtype=np.int64)[order] / 2
        # The clocks part during the exchange too, and a nanosecond on top pays for every rounding below.
        self._half = np.ceil(half + _drift(half)).astype(np.int64) + 1
        self._segments = self._split_at_steps()

    @property
    def steps(self) -> int:
        """How often the clock was seen to be set."""
        return max(0, len(self._segments) - 1)

    def __len__(self) -> int:
        """Number of samples."""
        return len(self._source)

    def _split_at_steps(self) -> list[_Segment]:
        if not len(self):
            return [self._segment(0, 0)] if len(self._most[0]) or len(self._least[0]) else []
        gap = self._target - self._source
        apart = np.abs(np.diff(gap).astype(np.float64))
        reach = self._half[1:] + self._half[:-1] + _drift(np.abs(np.diff(self._target)))
        cuts = [0, *(np.flatnonzero(apart > reach) + 1).tolist(), len(self)]
        return [self._segment(start, stop) for start, stop in itertools.pairwise(cuts)]

    def _segment(self, start: int, stop: int) -> _Segment:
        """A segment holds from the last sample before the step to the first after it."""
        low = self._target[start - 1] - self._half[start - 1] if start else -UNBOUNDED
        high = self._target[stop] + self._half[stop] if stop < len(self) else UNBOUNDED
        part = slice(start, stop)
        within = Intervals(np.array([low], dtype=np.int64), np.array([high], dtype=np.int64))
        upper = self._source[part], self._target[part] + self._half[part]
        lower = self._source[part], self._target[part] - self._half[part]
        if stop - start == len(self):
            upper, lower = _joined(upper, self._most), _joined(lower, self._least)
        return _Segment(upper, lower, within)

    def intervals(self, instants: Times) -> Intervals:
        """Where each instant of the source clock lies on the target clock."""
        return self.spans(exactly(instants))

    def spans(self, instants: Intervals) -> Intervals:
        """Where instants known to within intervals lie: what any segment allows. An end that is unbounded stays so."""
        low = np.full(len(instants.low), UNBOUNDED, dtype=np.int64)
        high = np.full(len(instants.low), -UNBOUNDED, dtype=np.int64)
        for segment in self._segments:
            one = segment.spans(instants)
            possible = one.low <= one.high
            low = np.where(possible, np.minimum(low, one.low), low)
            high = np.where(possible, np.maximum(high, one.high), high)
        unknown = low > high
        return Intervals(np.where(unknown, -UNBOUNDED, low), np.where(unknown, UNBOUNDED, high))


def _drift(length: npt.ArrayLike) -> Floats:
    """How far two clocks may part over ``length``, seen from either of them."""
    return np.asarray(length, dtype=np.float64) * (MAX_DRIFT / (1 - MAX_DRIFT))


def stretched(length: int) -> int:
    """How long a stretch of one clock may be on another, ns."""
    return length + math.ceil(float(_drift(length)))


def _joined(one: Bounds, two: Bounds) -> Bounds:
    return np.append(one[0], two[0]), np.append(one[1], two[1])


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """One clock of the device, translated to the host's and back.

    Attributes:
        met: how many meetings were used.
        disputed: how many meetings the samples contradict.
    """

    to_host: Translation
    from_host: Translation
    met: int = 0
    disputed: int = 0

    @classmethod
    def of(
        cls, device: npt.ArrayLike, host: npt.ArrayLike, rtt: npt.ArrayLike, met: Bounds = _NO_BOUNDS
    ) -> "DeviceClock":
        """From readings of the device, the host's time at the middle of each exchange, and its length.

        Args:
            device: readings of the device, ns.
            host: the host's time at the middle of each exchange, ns.
            rtt: length of each exchange, ns.
            met: readings of the device, and host times at which each of them was past.
        """
        to_host = Translation(device, host, rtt)
        if not len(met[0]) or to_host.steps:
            return cls(to_host, Translation(host, device, rtt))
        doubt = to_host.intervals(met[0]).low - met[1]
        disputed = int((doubt > 0).sum())
        if disputed:
            wider = np.asarray(rtt, dtype=np.int64) + 2 * int(doubt.max())
            return cls(Translation(device, host, wider), Translation(host, device, wider), disputed=disputed)
        from_host = Translation(host, device, rtt, least=(met[1], met[0]))
        return cls(Translation(device, host, rtt, most=met), from_host, met=len(met[0]))
