"""The device's clock seen from the host: ping-pong exchanges, and a clock that is wrong on purpose."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

KEPT = 3
"""Samples kept of one burst: the quickest exchanges bound the offset, slower ones add nothing."""


@dataclass(frozen=True, slots=True)
class ClockSimulation:
    """A wrong device clock, simulated where the agent reads time, for tests.

    Attributes:
        offset_ns: how far wall time is ahead from the start.
        drift_ppm: how much faster both clocks run than the real ones.
        step_ns: how far wall time jumps once, as when somebody sets the clock.
        step_after_ns: when it jumps, after the agent's start.
    """

    offset_ns: int = 0
    drift_ppm: float = 0.0
    step_ns: int = 0
    step_after_ns: int = 0

    def plan(self) -> dict[str, Any]:
        """Return it as the agent reads it: ns as strings, because a JavaScript number cannot hold them."""
        return {
            "offset_ns": str(self.offset_ns),
            "drift_ppm": self.drift_ppm,
            "step_ns": str(self.step_ns),
            "step_after_ns": str(self.step_after_ns),
        }


def read_samples(
    exchange: Callable[[], dict[str, str]], boot_id: str, rounds: int, host_clock: Callable[[], int] = time.time_ns
) -> list[dict[str, Any]]:
    """Exchange ``rounds`` messages and keep the quickest.

    Args:
        exchange: asks the agent for ``{"wall": ns, "mono": ns}``.
        boot_id: the device's boot that ``mono`` counts from.
        rounds: number of exchanges, at least 1.
        host_clock: ns since the Unix epoch.

    Returns:
        At most :data:`KEPT` samples as in ``session.json``, in the order of time.
    """
    samples = []
    for _ in range(max(1, rounds)):
        sent = host_clock()
        seen = exchange()
        received = host_clock()
        samples.append(clock_sample(sent, received, seen, boot_id))
    quickest = sorted(samples, key=lambda sample: int(sample["rtt_ns"]))[:KEPT]
    return sorted(quickest, key=lambda sample: int(sample["host_ns"]))


def clock_sample(sent_ns: int, received_ns: int, seen: dict[str, str], boot_id: str) -> dict[str, Any]:
    """One exchange as ``session.json`` records it; a host clock set back in between gives a length of 0, never less."""
    return {
        "host_ns": (sent_ns + received_ns) // 2,
        "device_ns": int(seen["wall"]),
        "rtt_ns": max(0, received_ns - sent_ns),
        "device_mono_ns": int(seen["mono"]),
        "boot_id": boot_id,
    }
