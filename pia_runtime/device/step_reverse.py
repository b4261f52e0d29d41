"""A port of the device led to this machine (``adb reverse``), proved by a real connection from the device."""

import secrets
import socket
from typing import Any, ClassVar

from pia_runtime.device.connection import Connection
from pia_runtime.errors import NotReadyError

ANSWER_SECONDS = 10.0
_SEND = """printf '%s\\n' "$3" | nc -w 3 "$1" "$2" """


class Reverse:
    """Leads ``device_port`` on the device to ``host_port`` here.

    Args:
        device_port: the port that the device's proxy settings name.
        host_port: the port that the proxy will listen on; it must be free when the step is verified.
    """

    name: ClassVar[str] = "reverse"

    def __init__(self, device_port: int, host_port: int) -> None:
        self._device_port, self._host_port = device_port, host_port
        self.title = f"lead the device's port {device_port} to this machine's {host_port}"

    def check(self, device: Connection) -> bool:
        """Whether it is led there."""
        return device.reverses().get(f"tcp:{self._device_port}") == f"tcp:{self._host_port}"

    def before(self, device: Connection) -> dict[str, Any]:
        """Where the port led before."""
        return {"port": self._device_port, "led_to": device.reverses().get(f"tcp:{self._device_port}")}

    def do(self, device: Connection) -> None:
        """Lead it."""
        device.reverse(self._device_port, self._host_port)

    def verify(self, device: Connection) -> None:
        """Let the device say a word that nobody can know, and hear it here."""
        prove_path(device, "127.0.0.1", self._device_port, "127.0.0.1", self._host_port)

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Lead it where it led before, or nowhere."""
        port, led_to = int(before["port"]), before.get("led_to")
        if led_to is None:
            device.end_reverse(port)
        elif str(led_to).startswith("tcp:"):
            device.reverse(port, int(str(led_to).removeprefix("tcp:")))
        now = device.reverses().get(f"tcp:{port}")
        return "" if now == led_to else f"port {port} still leads to {now}: adb reverse --remove tcp:{port}"


def prove_path(device: Connection, device_host: str, device_port: int, host: str, port: int) -> None:
    """Connect from the device to ``device_host:device_port`` and hear it on ``host:port`` of this machine.

    Raises:
        NotReadyError: nothing arrived, or the port here is taken.
    """
    word = secrets.token_hex(8)
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise NotReadyError(f"port {port} is taken here ({error.strerror})", "choose another --port") from error
    with listener:
        listener.settimeout(ANSWER_SECONDS)
        said = device.script(_SEND, device_host, str(device_port), word)
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            reason = f" ({said.reason})" if not said.ok else ""
            raise NotReadyError(
                f"a request from the device to {device_host}:{device_port} did not arrive here{reason}",
                "check the connection; with a firewall or an emulator's own proxy, use another --network",
            ) from None
        with connection:
            connection.settimeout(ANSWER_SECONDS)
            heard = connection.recv(64)
    if heard.decode(errors="replace").strip() != word:
        raise NotReadyError(f"something else than the device answers on port {port}", "choose another --port")
