"""Placing stamps on a clock: each instant is judged on its own clock, and only what stands on another is translated.

Order within one clock needs no calibration, so a device event and a device tap are compared directly, on the monotonic clock
where both have it, else on the wall clock unless that was seen to be set. Between clocks every road that the run offers is taken,
and what all of them allow is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pia_runtime.correlation.clock import (
    UNBOUNDED,
    Bounds,
    DeviceClock,
    Intervals,
    Times,
    Translation,
    anywhen,
    exactly,
    stretched,
)
from pia_runtime.model.event import Stamp
from pia_runtime.model.session import ClockSample

_STAMPING_NS = 100_000_000
"""How far apart a busy phone may have read the two clocks of one stamp, ns: only more than that is a clock that was set."""

_FRESH_NS = 3_600_000_000_000
"""A boot that has lasted longer began before the run."""

Readings = Mapping[str, tuple[Times, Times]]
"""Boot → wall and monotonic time of every stamp that carries both."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Something that a hook and the proxy both saw: what ``stamp`` tells had happened by ``host_ns``.

    Attributes:
        stamp: of the device.
        host_ns: the host's time, its own error included.
    """

    stamp: Stamp
    host_ns: int


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


@dataclass(frozen=True, slots=True)
class _Boot:
    """One boot of the device, as its own stamps show it.

    Attributes:
        mono: its monotonic clock.
        to_mono: wall time to monotonic time.
        apart: wall minus monotonic time, smallest and largest seen, ns.
    """

    mono: DeviceClock
    to_mono: Translation
    apart: tuple[int, int]

    @property
    def spread(self) -> int:
        """By how much wall minus monotonic time varied: what the wall time of a stamp is uncertain by."""
        return self.apart[1] - self.apart[0]

    def from_wall(self, wall: Intervals) -> Intervals:
        """Monotonic time by the wall time that stands beside it; only where the wall clock was not set."""
        return Intervals(
            np.where(wall.low > -UNBOUNDED, wall.low - self.apart[1], -UNBOUNDED),
            np.where(wall.high < UNBOUNDED, wall.high - self.apart[0], UNBOUNDED),
        )


@dataclass(frozen=True, slots=True)
class Clocks:
    """All clocks of a run: the host's, the device's wall clock, and its monotonic clock by boot.

    Attributes:
        boots: what each boot's stamps show.
        jumps: how often the wall clock was seen to jump against monotonic time.
        nameless_orders: stamps that name no boot may be ordered by their monotonic time. Where that jumped against the wall
            clock on a device that had just started, nobody can say whether the clock was set or the device started again.
    """

    wall: DeviceClock
    boots: Mapping[str, _Boot]
    jumps: int = 0
    nameless_orders: bool = True

    @classmethod
    def of(cls, samples: Sequence[ClockSample], readings: Readings, meetings: Sequence[Meeting] = ()) -> "Clocks":
        """Clocks of a run with these samples, readings of its stamps, and meetings of hooks and proxy."""
        exchanges = _columns([(s.device_ns, s.host_ns, s.rtt_ns) for s in samples])
        wall = DeviceClock.of(*exchanges, _bounds([(met.stamp.t_ns, met.host_ns) for met in meetings]))
        known = {boot: pair for boot, pair in sorted(readings.items()) if len(pair[0])}
        taken, strays = _by_boot(samples, known)
        if strays:  # the wall clock was set at some time, so that alone it leads nowhere
            taken = {boot: [one for one in own if one.device_mono_ns is not None] for boot, own in taken.items()}
        boots = {boot: _boot(pair, taken[boot], _met_on_mono(meetings, boot)) for boot, pair in known.items()}
        # A sample whose clocks stood apart like those of no boot: the wall clock may have been set.
        jumps = sum(boot.to_mono.steps for boot in boots.values()) + (len(known) > 0 and bool(strays))
        nameless = "" not in boots or not boots[""].to_mono.steps or int(known[""][1].min()) > _FRESH_NS
        return cls(wall, boots, jumps, nameless)

    @property
    def steps(self) -> int:
        """How often the wall clock was seen to be set."""
        return max(self.jumps, self.wall.to_host.steps)

    @property
    def met(self) -> int:
        """How many meetings of hook and proxy bound some clock."""
        return max(self.wall.met, sum(boot.mono.met for boot in self.boots.values()))

    @property
    def disputed(self) -> int:
        """How many meetings the samples contradict: these count as that much less certain."""
        return max(self.wall.disputed, sum(boot.mono.disputed for boot in self.boots.values()))

    @property
    def wall_orders(self) -> bool:
        """Whether two wall times of the device can be compared."""
        return not self.steps

    def has_mono(self, boot_id: str) -> bool:
        """Whether monotonic times of this boot can be compared."""
        return bool(boot_id) or self.nameless_orders

    def axis_of(self, stamp: Stamp) -> Axis:
        """The clock a stamp is judged on."""
        if stamp.clock == "host":
            return HOST
        return WALL if stamp.mono_ns is None or not self.has_mono(stamp.boot_id) else Axis("mono", stamp.boot_id)

    def to_host(self, axis: Axis, wall: Times, mono: Times) -> Intervals:
        """Instants of one axis on the host's clock.

        Args:
            axis: theirs.
            wall: their time by the clock that their line names.
            mono: their monotonic time; read on a monotonic axis only.
        """
        if axis.kind == "host":
            return exactly(wall)
        by_wall = self._wall_to_host(wall)
        boot = self.boots.get(axis.boot_id) if axis.kind == "mono" else None
        return by_wall if boot is None else boot.mono.to_host.intervals(mono).meet(by_wall.widened(boot.spread))

    def _wall_to_host(self, wall: Times) -> Intervals:
        """By the samples, which may part at a step; nothing where monotonic time shows jumps, since they may show fewer."""
        return anywhen(len(wall)) if self.jumps else self.wall.to_host.intervals(wall)

    def place(self, stamp: Stamp, error: int, axis: Axis) -> tuple[int, int, int]:
        """A stamp on an axis: (low, high, middle) in ns, its own error included.

        Where nothing leads to the axis, ``low`` and ``high`` are unbounded and ``middle`` is the stamp's own time.
        """
        if error and (axis.kind != "host" or stamp.clock != "host"):
            error = stretched(error)  # nobody says by which of the two clocks an error was measured
        found = self._placed(stamp, axis).widened(error)
        low, high = int(found.low[0]), int(found.high[0])
        if low > -UNBOUNDED and high < UNBOUNDED:
            return low, high, (low + high) // 2
        return low, high, stamp.t_ns

    def _placed(self, stamp: Stamp, axis: Axis) -> Intervals:
        own, wall = self.axis_of(stamp), np.array([stamp.t_ns], dtype=np.int64)
        mono = np.array([stamp.mono_ns or 0], dtype=np.int64)
        if own == axis and own.kind == "mono":
            return exactly(mono)
        if axis.kind == "wall" and own.kind != "host" and self.wall_orders:
            return exactly(wall)
        host = self.to_host(own, wall, mono)
        if axis.kind == "host":
            return host
        if axis.kind == "wall":
            return self.wall.from_host.spans(host)
        return self._on_mono(self.boots.get(axis.boot_id), host, exactly(wall) if own.kind != "host" else None)

    def _on_mono(self, boot: _Boot | None, host: Intervals, wall: Intervals | None) -> Intervals:
        if boot is None:
            return anywhen(1)
        found = boot.mono.from_host.spans(host)
        if self.wall_orders:
            found = found.meet(boot.from_wall(self.wall.from_host.spans(host) if wall is None else wall))
        return found


def _columns(rows: Sequence[tuple[int, int, int]]) -> tuple[list[int], list[int], list[int]]:
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


def _bounds(rows: Sequence[tuple[int, int]]) -> Bounds:
    return np.array([row[0] for row in rows], dtype=np.int64), np.array([row[1] for row in rows], dtype=np.int64)


def _met_on_mono(meetings: Sequence[Meeting], boot_id: str) -> Bounds:
    own = [met for met in meetings if met.stamp.boot_id == boot_id]
    return _bounds([(met.stamp.mono_ns, met.host_ns) for met in own if met.stamp.mono_ns is not None])


def _to_mono(wall: Sequence[int] | Times, mono: Sequence[int] | Times) -> Translation:
    """Wall to monotonic time by what carries both; each jump of one against the other parts it."""
    return Translation(wall, mono, [_STAMPING_NS] * len(wall))


def _boot(readings: tuple[Times, Times], samples: Sequence[ClockSample], met: Bounds) -> _Boot:
    """A boot by its stamps and the samples taken in it; these tell both clocks too, unless they lack the monotonic one."""
    both = [(sample.device_ns, sample.device_mono_ns) for sample in samples if sample.device_mono_ns is not None]
    wall = np.append(readings[0], np.array([pair[0] for pair in both], dtype=np.int64))
    mono = np.append(readings[1], np.array([pair[1] for pair in both], dtype=np.int64))
    to_mono = _to_mono(wall, mono)
    exchanges = [_on_mono_clock(sample, to_mono) for sample in samples]
    return _Boot(
        DeviceClock.of(*_columns(exchanges), met), to_mono, (int((wall - mono).min()), int((wall - mono).max()))
    )


def _on_mono_clock(sample: ClockSample, to_mono: Translation) -> tuple[int, int, int]:
    """Monotonic time, host time and length of an exchange; what stands for a missing reading makes it longer."""
    if sample.device_mono_ns is not None:
        return sample.device_mono_ns, sample.host_ns, sample.rtt_ns
    place = to_mono.intervals(np.array([sample.device_ns], dtype=np.int64))
    low, high = int(place.low[0]), int(place.high[0])
    return (low + high) // 2, sample.host_ns, sample.rtt_ns + high - low + 1


def _by_boot(
    samples: Sequence[ClockSample], readings: Readings
) -> tuple[dict[str, list[ClockSample]], list[ClockSample]]:
    """The samples of each boot, and those that fit none.

    A sample belongs to the boot it names, or to the only one whose clocks stood as far apart. In a run of one boot the wall clock
    may also have been set in between; a boot that no stamp knows is ruled out by :func:`_same_boot`.
    """
    stamped = {boot: _to_mono(*pair) for boot, pair in readings.items()}
    taken: dict[str, list[ClockSample]] = {boot: [] for boot in readings}
    strays = []
    for sample in samples:
        if sample.boot_id:
            fitting = [sample.boot_id] if sample.boot_id in taken else []
        else:
            fitting = [boot for boot, to_mono in stamped.items() if _fits(sample, to_mono)]
            fitting = fitting or ([*taken] if len(taken) == 1 and _same_boot(sample, *readings.values()) else [])
        if len(fitting) == 1:
            taken[fitting[0]].append(sample)
        elif not sample.boot_id and sample.device_mono_ns is not None:
            strays.append(sample)
    return taken, strays


def _same_boot(sample: ClockSample, readings: tuple[Times, Times]) -> bool:
    """Whether the stamps, whose clocks stood otherwise apart, are of the sample's boot: the device had not just started."""
    at = sample.device_mono_ns
    return at is None or (at <= int(readings[1].max()) and min(at, int(readings[1].min())) > _FRESH_NS)


def _fits(sample: ClockSample, to_mono: Translation) -> bool:
    if sample.device_mono_ns is None:
        return False
    place = to_mono.intervals(np.array([sample.device_ns], dtype=np.int64))
    return bool(place.low[0] - _STAMPING_NS <= sample.device_mono_ns <= place.high[0] + _STAMPING_NS)
