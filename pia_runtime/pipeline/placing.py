"""Rare events on the host's clock; where nothing leads to it, on their own, and then only beside events of that clock."""

from dataclasses import dataclass

from pia_runtime.correlation.axis import HOST, Clocks
from pia_runtime.correlation.clock import UNBOUNDED
from pia_runtime.model.event import Stamp


@dataclass(frozen=True, slots=True)
class Placed:
    """When an event happened.

    Attributes:
        t_ns: best estimate; of the device's own clock where ``err_ns`` is None.
        err_ns: half-width, or None where the clocks were never compared.
    """

    t_ns: int
    err_ns: int | None

    def certainly_after(self, other: "Placed") -> bool:
        """Whether this lies after the other beyond both errors; two events of one uncompared clock have no error."""
        if (self.err_ns is None) != (other.err_ns is None):
            return False
        return self.t_ns - (self.err_ns or 0) > other.t_ns + (other.err_ns or 0)


def placed(stamp: Stamp, clocks: Clocks, error: int = 0) -> Placed:
    """A stamp with an error of its own (ns) on the host's clock."""
    low, high, middle = clocks.place(stamp, error, HOST)
    if low <= -UNBOUNDED or high >= UNBOUNDED:
        return Placed(stamp.t_ns, None)
    return Placed(middle, max(high - middle, middle - low))
