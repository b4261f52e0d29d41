"""Device time against host time: what every calibration sample allows, and nothing tighter.

A sample says that the device read ``device_ns`` at some moment of an exchange whose middle was ``host_ns`` and whose length was
``rtt_ns``: the two clocks agree there to within half the length. Away from a sample the clocks may have drifted by up to
:data:`MAX_DRIFT`. Each sample therefore bounds the translation at every instant by a cone, and the truth lies in the
intersection of all cones. Where two samples contradict each other, the clock was set in between (a *step*): the samples on either
side are then kept apart and an instant near the step gets the hull of what both sides allow.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pia_runtime.model.session import ClockSample

MAX_DRIFT = 500e-6
"""Largest assumed rate difference of two clocks where samples do not bound it (capture format, ``session.json``)."""

UNBOUNDED = 2**62
"""Stands for "any time at all" in an interval (ns)."""

Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Intervals:
    """Instants known to within an interval, ns, both ends possible. ``±UNBOUNDED`` where nothing is known."""

    low: Times
    high: Times

    @property
    def bounded(self) -> npt.NDArray[np.bool_]:
        """Which of them are finite."""
        return (self.low > -UNBOUNDED) & (self.high < UNBOUNDED)


class Translation:
    """Maps instants of one clock to intervals of another.

    Args:
        source: readings of the clock translated from, ns.
        target: the other clock's time at the middle of each exchange, ns.
        rtt: length of each exchange, ns.
    """

    def __init__(self, source: Sequence[int], target: Sequence[int], rtt: Sequence[int]) -> None:
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

    def _split_at_steps(self) -> list[slice]:
        if not len(self):
            return []
        gap = self._target - self._source
        apart = np.abs(np.diff(gap).astype(np.float64))
        reach = self._half[1:] + self._half[:-1] + _drift(np.abs(np.diff(self._target)))
        cuts = [0, *(np.flatnonzero(apart > reach) + 1).tolist(), len(self)]
        return [slice(start, stop) for start, stop in itertools.pairwise(cuts)]

    def intervals(self, instants: Times) -> Intervals:
        """Where each instant of the source clock lies on the target clock."""
        low = np.full(len(instants), UNBOUNDED, dtype=np.int64)
        high = np.full(len(instants), -UNBOUNDED, dtype=np.int64)
        for number, segment in enumerate(self._segments):
            one_low, one_high = self._within(segment, instants)
            if len(self._segments) > 1:
                one_low, one_high = self._clipped(number, one_low, one_high)
            possible = one_low <= one_high
            low = np.where(possible, np.minimum(low, one_low), low)
            high = np.where(possible, np.maximum(high, one_high), high)
        unknown = low > high
        return Intervals(np.where(unknown, -UNBOUNDED, low), np.where(unknown, UNBOUNDED, high))

    def _within(self, segment: slice, instants: Times) -> tuple[Times, Times]:
        """Intersection of the cones of one segment's samples, by running extremes over the sorted samples."""
        order = np.argsort(self._source[segment], kind="stable")
        source, target = self._source[segment][order], self._target[segment][order]
        half = self._half[segment][order].astype(np.float64)
        origin, shift = int(source[0]), int(target[0] - source[0])
        at = (source - origin).astype(np.float64)
        gap = ((target - source) - shift).astype(np.float64)
        reach = _drift(1.0)
        # min over i of gap_i + half_i + reach*|x - at_i|: samples left and right of x each by one running minimum
        upper_left = np.minimum.accumulate(gap + half - reach * at)
        upper_right = np.minimum.accumulate((gap + half + reach * at)[::-1])[::-1]
        lower_left = np.maximum.accumulate(gap - half + reach * at)
        lower_right = np.maximum.accumulate((gap - half - reach * at)[::-1])[::-1]
        x = (instants - origin).astype(np.float64)
        left = np.searchsorted(at, x, side="right") - 1
        right = np.minimum(left + 1, len(at) - 1)
        has_left, has_right = left >= 0, left + 1 < len(at)
        left = np.maximum(left, 0)
        upper = np.minimum(
            np.where(has_left, upper_left[left] + reach * x, np.inf),
            np.where(has_right, upper_right[right] - reach * x, np.inf),
        )
        lower = np.maximum(
            np.where(has_left, lower_left[left] - reach * x, -np.inf),
            np.where(has_right, lower_right[right] + reach * x, -np.inf),
        )
        base = instants + shift
        return base + np.floor(lower).astype(np.int64), base + np.ceil(upper).astype(np.int64)

    def _clipped(self, number: int, low: Times, high: Times) -> tuple[Times, Times]:
        """A segment holds from the last sample before the step to the first after it."""
        if number:
            before = self._segments[number].start - 1
            low = np.maximum(low, self._target[before] - self._half[before])
        if number + 1 < len(self._segments):
            after = self._segments[number].stop
            high = np.minimum(high, self._target[after] + self._half[after])
        return low, high


def _drift(length: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """How far two clocks may part over ``length``, seen from either of them."""
    return np.asarray(length, dtype=np.float64) * (MAX_DRIFT / (1 - MAX_DRIFT))


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """One clock of the device, translated both ways. ``name`` is ``wall`` or ``mono``."""

    name: str
    to_host: Translation
    from_host: Translation


def wall_clock(samples: Sequence[ClockSample]) -> DeviceClock:
    """The device's wall clock, which users and NTP may set."""
    return _device_clock("wall", [(s.device_ns, s.host_ns, s.rtt_ns) for s in samples])


def monotonic_clock(samples: Sequence[ClockSample], boot_id: str) -> DeviceClock:
    """CLOCK_BOOTTIME of one boot: immune to settings. A sample without a boot id counts for every boot."""
    return _device_clock(
        "mono",
        [
            (s.device_mono_ns, s.host_ns, s.rtt_ns)
            for s in samples
            if s.device_mono_ns is not None and (not s.boot_id or not boot_id or s.boot_id == boot_id)
        ],
    )


def _device_clock(name: str, readings: Sequence[tuple[int, int, int]]) -> DeviceClock:
    device, host, rtt = ([reading[column] for reading in readings] for column in range(3))
    return DeviceClock(name, Translation(device, host, rtt), Translation(host, device, rtt))
