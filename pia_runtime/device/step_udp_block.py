"""UDP to port 443 refused on the whole device, so that apps fall back from QUIC to TCP, which the proxy sees."""

from typing import Any, ClassVar

from pia_runtime.device.connection import Connection, expect
from pia_runtime.errors import NotReadyError

TABLES = ("iptables", "ip6tables")

# Every one of su's answers costs a device some tenth of a second, so one command asks or changes both tables.
# Each prints the tables that hold the rule when it is done; $1, $2 are those to change.
_THERE = """
for t in iptables ip6tables; do
  "$t" -w -C OUTPUT -p udp --dport 443 -j REJECT 2>/dev/null && echo "$t"
done
true
"""
_ADD = """
for t in "$@"; do
  "$t" -w -I OUTPUT -p udp --dport 443 -j REJECT || { echo "$t takes no rule" >&2; exit 1; }
done
"""
_REMOVE = (
    """
for t in "$@"; do
  "$t" -w -C OUTPUT -p udp --dport 443 -j REJECT 2>/dev/null && "$t" -w -D OUTPUT -p udp --dport 443 -j REJECT
done
"""
    + _THERE
)


class UdpBlock:
    """One rule in each of the two tables."""

    name: ClassVar[str] = "udp_block"
    title = "refuse UDP to port 443 (QUIC)"

    def check(self, device: Connection) -> bool:
        """Whether both rules are there."""
        return _there(device) == [*TABLES]

    def before(self, device: Connection) -> dict[str, Any]:
        """Which tables had the rule already."""
        return {"had": _there(device)}

    def do(self, device: Connection) -> None:
        """Add what is missing."""
        had = _there(device)
        expect(
            device.script(_ADD, *(table for table in TABLES if table not in had), root=True),
            "the device does not take the rule against QUIC",
            "run with --no-udp-block; QUIC is then refused inside the app only",
        )

    def verify(self, device: Connection) -> None:
        """Ask for both."""
        if not self.check(device):
            raise NotReadyError("the rule against QUIC is not in force", "run with --no-udp-block")

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Remove what was added."""
        added = [table for table in TABLES if table not in before["had"]]
        left = [table for table in device.script(_REMOVE, *added, root=True).text.split() if table in added]
        return f"{', '.join(left)} still refuses UDP 443: restart the device" if left else ""


def _there(device: Connection) -> list[str]:
    """The tables that hold the rule."""
    return [table for table in device.script(_THERE, root=True).text.split() if table in TABLES]
