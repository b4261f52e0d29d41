"""Calls that come faster than they can be told one by one: how many are told in full before they are counted."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class BurstLimits:
    """Limits for calls of one hook, thread and kind of data.

    Every call is told: in full within these limits, beyond them as part of an event with the fields ``count`` and ``until_ns``
    (``docs/hooks.md``).

    Attributes:
        full_per_second: calls told in full in each second.
        sample_ms: beyond those, one in full every so many milliseconds.
    """

    full_per_second: int = 100
    sample_ms: int = 50

    def plan(self) -> dict[str, Any]:
        """Return it as the agent reads it."""
        return {"full_per_second": self.full_per_second, "sample_ms": self.sample_ms}
