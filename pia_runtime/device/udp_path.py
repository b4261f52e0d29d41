"""Whether a UDP packet from a device arrives on this machine: what a WireGuard tunnel needs before anything else."""

import secrets
import socket
import time

from pia_runtime.device.checks import Check, Status
from pia_runtime.device.connection import Connection

ANSWER_SECONDS = 2.0
_SEND = """
printf '%s\\n' "$3" | nc -u "$1" "$2" > /dev/null &
sleep 1
kill $! 2>/dev/null && exit 0
wait $!
"""
"""Some versions of ``nc`` wait for an answer for ever: it is ended."""

_NO_SUCH_COMMAND = (126, 127)
_NOT_UNDERSTOOD = ("not found", "usage", "option", "unknown")
"""What a device without ``nc -u`` says. Any other end of it, as by a refusal from the network, means that the packet went out."""

_NAME = "device.wireguard"
_UNTRIED = "a handshake is not tried: it would need a peer's keys; in a run, flows in the live view show it"


def check_udp_path(device: Connection, host: str | None, port: int) -> Check:
    """Send a word that nobody can know from the device to ``host:port`` and hear it here.

    Args:
        device: connected.
        host: this machine as the device would be told, or None where it has no network.
        port: the UDP port that WireGuard would listen on, free now.
    """
    if host is None:
        return Check(_NAME, Status.not_checked, "this machine has no address that a device could be told")
    word = secrets.token_hex(8)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as listener:
        try:
            listener.bind(("", port))
        except OSError as error:
            return Check(_NAME, Status.not_checked, f"UDP port {port}: {error.strerror}", "choose another --port")
        said = device.script(_SEND, host, str(port), word)
        if _heard(listener, word):
            return Check(_NAME, Status.ok, f"a UDP packet from the device arrives at {host}:{port}; {_UNTRIED}")
    if not said.ok and (said.code in _NO_SUCH_COMMAND or any(word in said.reason.lower() for word in _NOT_UNDERSTOOD)):
        return Check(_NAME, Status.not_checked, f"the device sends no UDP packet by command: {said.reason}", _UNTRIED)
    return Check(
        _NAME,
        Status.warning,
        f"no UDP packet from the device arrived at {host}:{port}" + ("" if said.ok else f" ({said.reason})"),
        "only --network wireguard needs it: bring both into one network and open the port in the firewall",
    )


def _heard(listener: socket.socket, word: str) -> bool:
    deadline = time.monotonic() + ANSWER_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        listener.settimeout(left)
        try:
            if listener.recv(64).decode(errors="replace").strip() == word:
                return True
        except TimeoutError:
            return False
    return False
