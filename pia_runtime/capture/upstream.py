"""Sends the proxy's connections for chosen hosts elsewhere; name, SNI and Host header stay as the app meant them."""

from mitmproxy.connection import Address, Server
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

MAX_REMEMBERED = 20_000
"""Connections whose meant address is kept; one is forgotten only when as many newer ones were opened."""


class UpstreamMap:
    """A mitmproxy addon that rewrites the address of new server connections.

    Args:
        targets: host name, lower case, to the address that plays it.
    """

    def __init__(self, targets: dict[str, tuple[str, int]]) -> None:
        self._targets = {host.lower(): address for host, address in targets.items()}
        self._meant: dict[str, Address] = {}

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Rewrite the address before the connection is opened (mitmproxy hook)."""
        address = data.server.address
        target = self._targets.get(address[0].lower()) if address else None
        if address and target:
            if len(self._meant) >= MAX_REMEMBERED:
                del self._meant[next(iter(self._meant))]
            self._meant[data.server.id] = address
            data.server.address = target

    def meant(self, server: Server) -> Address | None:
        """The address the app asked for, whether or not the connection was sent elsewhere."""
        return self._meant.get(server.id, server.address)
