"""UDP to port 443 refused on the whole device, so that apps fall back from QUIC to TCP, which the proxy sees."""

from typing import Any, ClassVar

from pia_runtime.device.connection import Connection, expect
from pia_runtime.errors import NotReadyError

RULE = ("OUTPUT", "-p", "udp", "--dport", "443", "-j", "REJECT")
TABLES = ("iptables", "ip6tables")


class UdpBlock:
    """One rule in each of the two tables."""

    name: ClassVar[str] = "udp_block"
    title = "refuse UDP to port 443 (QUIC)"

    def check(self, device: Connection) -> bool:
        """Whether both rules are there."""
        return all(_there(device, table) for table in TABLES)

    def before(self, device: Connection) -> dict[str, Any]:
        """Which tables had the rule already."""
        return {"had": [table for table in TABLES if _there(device, table)]}

    def do(self, device: Connection) -> None:
        """Add what is missing."""
        for table in TABLES:
            if not _there(device, table):
                expect(
                    device.shell(table, "-w", "-I", *RULE, root=True),
                    f"{table} does not take the rule against QUIC",
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
        for table in added:
            if _there(device, table):
                device.shell(table, "-w", "-D", *RULE, root=True)
        left = [table for table in added if _there(device, table)]
        return f"{', '.join(left)} still refuses UDP 443: restart the device" if left else ""


def _there(device: Connection, table: str) -> bool:
    return device.shell(table, "-w", "-C", *RULE, root=True).ok
