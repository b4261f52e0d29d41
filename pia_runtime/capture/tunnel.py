"""mitmproxy's WireGuard tunnel: its configuration as a picture to scan, and whether its server starts on this machine."""

import asyncio
import io

import segno
from mitmproxy.net import local_ip
from mitmproxy_rs import wireguard

from pia_runtime.errors import NotReadyError

_WHITE_ON_BLACK, _PLAIN = "\x1b[97;40m", "\x1b[0m"


def configuration_picture(configuration: str) -> str:
    """A QR code for a terminal, as the WireGuard apps scan it: white on black, whatever the terminal's own colours are."""
    out = io.StringIO()
    segno.make(configuration, error="l", micro=False).terminal(out=out, border=2, compact=True)
    return "\n".join(f"{_WHITE_ON_BLACK}{line}{_PLAIN}" for line in out.getvalue().splitlines())


def tunnel_host() -> str | None:
    """The address of this machine that a device is told, or None where there is no network."""
    return local_ip.get_local_ip() or local_ip.get_local_ip6()


def try_tunnel_server(port: int) -> None:
    """Start the server of ``--network wireguard`` with keys of the moment, and end it.

    Raises:
        NotReadyError: it does not start: the UDP port is taken.
    """
    try:
        asyncio.run(_start_and_end(port))
    except (OSError, RuntimeError, ValueError) as error:
        raise NotReadyError(f"no WireGuard server on UDP port {port}: {error}", "choose another --port") from error


async def _start_and_end(port: int) -> None:
    async def nobody(_stream: object) -> None:
        """There is no peer that knows the keys."""

    every = "0.0.0.0"  # noqa: S104 - as a run listens: the phone comes from outside
    peers = [wireguard.pubkey(wireguard.genkey())]
    server = await wireguard.start_wireguard_server(every, port, wireguard.genkey(), peers, nobody, nobody)
    server.close()
    await server.wait_closed()
