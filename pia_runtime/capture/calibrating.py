"""Reads the device's clocks before, during and after a run without ever holding the run up."""

import threading
import time
from dataclasses import dataclass
from typing import Any

from pia_runtime.capture.gaps import GapLog
from pia_runtime.capture.instrument import Instrument
from pia_runtime.errors import PiaError
from pia_runtime.storage.writer import CaptureWriter

EDGE_ROUNDS = 10
"""Exchanges before and after the run: the shortest of ten is close to the channel's best."""

PERIODIC_ROUNDS = 3
"""Exchanges each time during the run: enough to skip one that a burst of events delayed."""

PATIENCE_SECONDS = 3.0
"""How long an exchange at the edge of a run is waited for; a frozen app never answers."""


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far the device's clock is ahead of the host's: ``offset_ns`` ± ``err_ns``."""

    offset_ns: int
    err_ns: int


class Calibrator:
    """Runs exchanges in a thread of their own, one at a time, and puts the samples into ``session.json`` at once.

    Args:
        instrument: answers the exchanges.
        writer: takes the samples.
        gaps: takes failures.
        every_s: seconds between exchanges during the run.

    Attributes:
        offset: the newest measured offset, or None.
    """

    def __init__(self, instrument: Instrument, writer: CaptureWriter, gaps: GapLog, every_s: float) -> None:
        self.offset: ClockOffset | None = None
        self._instrument = instrument
        self._writer = writer
        self._gaps = gaps
        self._every_s = every_s
        self._next = time.monotonic() + every_s
        self._running: threading.Thread | None = None
        self._over = False

    def tick(self) -> None:
        """Begin an exchange if one is due and none is under way; returns at once."""
        if time.monotonic() >= self._next and not self._busy():
            self._begin(PERIODIC_ROUNDS)

    def measure(self) -> None:
        """Exchange now and wait for it, within bounds; at the edges of a run."""
        if self._busy() and not self._joined():
            self._gaps.report("calibration_failed", "", "the device clock was not answered in time")
            return
        self._begin(EDGE_ROUNDS)
        if not self._joined():
            self._gaps.report("calibration_failed", "", "the device clock was not answered in time")

    def end(self) -> None:
        """An answer that comes from now on is too late and is not written."""
        self._over = True

    def _begin(self, rounds: int) -> None:
        self._next = time.monotonic() + self._every_s
        self._running = threading.Thread(target=self._exchange, args=(rounds,), name="calibration", daemon=True)
        self._running.start()

    def _exchange(self, rounds: int) -> None:
        try:
            samples = self._instrument.calibrate(rounds)
            if not self._over and samples:
                self._writer.add_clock_samples(samples)
                self.offset = offset_of(samples)
        except PiaError:
            pass  # the writer keeps it as its `failure`, which ends the run
        except Exception as fault:  # noqa: BLE001 - the app may die at any moment of an exchange; the run goes on without
            if not self._over:
                self._gaps.report("calibration_failed", "", f"{type(fault).__name__}: {fault}")

    def _busy(self) -> bool:
        return self._running is not None and self._running.is_alive()

    def _joined(self) -> bool:
        if self._running is not None:
            self._running.join(PATIENCE_SECONDS)
        return not self._busy()


def offset_of(samples: list[dict[str, Any]]) -> ClockOffset:
    """The offset that the fastest of some exchanges gives."""
    best = min(samples, key=lambda sample: int(sample["rtt_ns"]))
    return ClockOffset(best["device_ns"] - best["host_ns"], -(-best["rtt_ns"] // 2))
