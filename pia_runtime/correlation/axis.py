"""Placing stamps on a clock: each instant is judged on its own clock, and only what stands on another is translated.

Order within one clock needs no calibration, so a device event and a device tap are compared directly, on the monotonic clock
where both have it, else on the wall clock unless that was seen to be set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pia_runtime.correlation.clock import (
    MAX_DRIFT,
    UNBOUNDED,
    DeviceClock,
    Intervals,
    Times,
    Translation,
    monotonic_clock,
    wall_clock,
)
from pia_runtime.model.event import Stamp
from pia_runtime.model.session import ClockSample

_STAMPING_NS = 2_000_000
"""How far apart the agent may have read the two clocks of one stamp, ns."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The clock on which a group of instants is judged.

    Attributes:
        kind: ``host``, ``mono`` (of ``boot_id``) or ``wall``.
    """

    kind: str
    boot_id: str = ""


HOST = Axis("host")
WALL = Axis("wall")


@dataclass(slots=True)
class Clocks:
    """All clocks of a run: the host's, the device's wall clock, and its monotonic clock by boot.

    Attributes:
        apart: wall minus monotonic time, smallest and largest seen, ns, of each boot in which the wall clock was not set.
        wall_was_set: some boot's stamps show that the wall clock was set, so its own order means nothing.
    """

    samples: tuple[ClockSample, ...]
    boots: frozenset[str] = frozenset()
    apart: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    wall_was_set: bool = False
    wall: DeviceClock = field(init=False)
    _mono: dict[str, DeviceClock] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.wall = wall_clock(self.samples)

    @classmethod
    def of(cls, samples: Sequence[ClockSample], stamps: Sequence[Stamp]) -> "Clocks":
        """Clocks of a run with these device stamps.

        Samples that carry no monotonic reading get one from the stamps, which show how far wall and monotonic time are
        apart, as long as they show the same distance throughout (no step, one boot).
        """
        device = [stamp for stamp in stamps if stamp.clock == "device" and stamp.mono_ns is not None]
        boots = frozenset(stamp.boot_id for stamp in device)
        if len(boots) == 1 and samples and all(sample.device_mono_ns is None for sample in samples):
            samples = _with_monotonic_readings(samples, device)
        by_boot = {boot: [stamp for stamp in device if stamp.boot_id == boot] for boot in sorted(boots)}
        steady = {boot: apart for boot, group in by_boot.items() if (apart := _distance(group)) is not None}
        return cls(tuple(samples), boots, steady, wall_was_set=len(steady) < len(boots))

    def mono(self, boot_id: str) -> DeviceClock:
        """The monotonic clock of one boot."""
        if boot_id not in self._mono:
            samples = self.samples
            if len(self.boots) > 1:  # a sample that does not say which boot it is of could be of any
                samples = tuple(sample for sample in samples if sample.boot_id)
            self._mono[boot_id] = monotonic_clock(samples, boot_id)
        return self._mono[boot_id]

    def axis_of(self, stamp: Stamp) -> Axis:
        """The clock a stamp is judged on."""
        if stamp.clock == "host":
            return HOST
        return WALL if stamp.mono_ns is None else Axis("mono", stamp.boot_id)

    def to_host(self, axis: Axis, instants: Times) -> Intervals:
        """Instants of one axis on the host's clock."""
        if axis.kind == "host":
            return Intervals(instants, instants)
        return self._device(axis).to_host.intervals(instants)

    def place(self, stamp: Stamp, error: int, axis: Axis) -> tuple[int, int, int]:
        """A stamp on an axis: (low, high, middle) in ns, its own error included."""
        low, high, middle = self._place(stamp, error, axis)
        return max(low, -UNBOUNDED), min(high, UNBOUNDED), middle

    def _place(self, stamp: Stamp, error: int, axis: Axis) -> tuple[int, int, int]:
        if (
            axis.kind == "mono"
            and stamp.clock == "device"
            and stamp.mono_ns is not None
            and stamp.boot_id == axis.boot_id
        ):
            return stamp.mono_ns - error, stamp.mono_ns + error, stamp.mono_ns
        if axis.kind == "wall" and stamp.clock == "device" and not (self.wall.to_host.steps or self.wall_was_set):
            return stamp.t_ns - error, stamp.t_ns + error, stamp.t_ns
        return self._through_host(stamp, error, axis)

    def _through_host(self, stamp: Stamp, error: int, axis: Axis) -> tuple[int, int, int]:
        own = self.axis_of(stamp)
        reading = stamp.mono_ns if own.kind == "mono" and stamp.mono_ns is not None else stamp.t_ns
        if own.kind == "mono" and not len(self._device(own).to_host):
            own, reading = WALL, stamp.t_ns  # samples without monotonic readings still calibrate the wall clock
        host = self.to_host(own, np.array([reading], dtype=np.int64))
        low, high = int(host.low[0]), int(host.high[0])
        if axis.kind != "host" and low > -UNBOUNDED and high < UNBOUNDED:
            ends = self._device(axis).from_host.intervals(np.array([low, high], dtype=np.int64))
            low, high = int(ends.low.min()), int(ends.high.max())
        if low <= -UNBOUNDED or high >= UNBOUNDED:
            return self._through_wall(stamp, error, axis) or (-UNBOUNDED, UNBOUNDED, reading)
        return low - error, high + error, (low + high) // 2

    def _through_wall(self, stamp: Stamp, error: int, axis: Axis) -> tuple[int, int, int] | None:
        """Where no sample leads to a monotonic clock: by the wall time that events of its boot carry beside it."""
        if axis.kind != "mono" or axis.boot_id not in self.apart or self.wall_was_set or self.wall.to_host.steps:
            return None
        low = high = stamp.t_ns
        if stamp.clock == "host":
            wall = self.wall.from_host.intervals(np.array([stamp.t_ns], dtype=np.int64))
            low, high = int(wall.low[0]), int(wall.high[0])
            if low <= -UNBOUNDED or high >= UNBOUNDED:
                return None
        smallest, largest = self.apart[axis.boot_id]
        low, high = low - largest, high - smallest
        return low - error, high + error, (low + high) // 2

    def _device(self, axis: Axis) -> DeviceClock:
        return self.wall if axis.kind == "wall" else self.mono(axis.boot_id)

    def translation(self, axis: Axis) -> Translation:
        """How an axis of the device is translated to the host's clock."""
        return self._device(axis).to_host


def _distance(stamps: Sequence[Stamp]) -> tuple[int, int] | None:
    """Smallest and largest of wall minus monotonic time in one boot, or None where the wall clock was set in between."""
    apart = [stamp.t_ns - (stamp.mono_ns or 0) for stamp in stamps]
    walls = [stamp.t_ns for stamp in stamps]
    slewed = MAX_DRIFT * (max(walls) - min(walls))
    if max(apart) - min(apart) > slewed + _STAMPING_NS:
        return None
    return min(apart), max(apart)


def _with_monotonic_readings(samples: Sequence[ClockSample], stamps: Sequence[Stamp]) -> Sequence[ClockSample]:
    mono = [stamp.mono_ns or 0 for stamp in stamps]
    apart = [stamp.t_ns - reading for stamp, reading in zip(stamps, mono, strict=True)]
    spread, middle = max(apart) - min(apart), (max(apart) + min(apart)) // 2
    walls = [stamp.t_ns for stamp in stamps] + [sample.device_ns for sample in samples]
    slewed = MAX_DRIFT * (max(walls) - min(walls))
    if spread > slewed + _STAMPING_NS:
        return samples  # the wall clock was set: which side of the step a sample lies on cannot be told
    return [
        sample.model_copy(
            update={
                "device_mono_ns": sample.device_ns - middle,
                "rtt_ns": sample.rtt_ns + spread + 2 * int(slewed),
            }
        )
        for sample in samples
    ]
