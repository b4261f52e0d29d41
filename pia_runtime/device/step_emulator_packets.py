"""The packets of an SDK emulator, recorded by the emulator itself on the machine that it runs on.

Developer documentation of the emulator's console: ``network capture start FILE`` writes the libpcap form and ends a capture in
progress, ``network capture stop`` ends it. Sources of some versions of the emulator have the command and refuse it, so the file
counts and not the answer.
"""

import time
from pathlib import Path
from typing import Any, ClassVar

from pia_runtime.device.connection import Connection
from pia_runtime.device.emulator_console import ask_console, require_console
from pia_runtime.errors import NotReadyError

APPEARS_SECONDS = 3.0
HEADER_BYTES = 24
_MAGICS = frozenset({b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d"})
"""Beginnings of a libpcap file: both byte orders, micro- and nanoseconds (pcap-savefile(5))."""
_FIX = "this emulator does not record packets by its console: start it with -tcpdump FILE, then pia import FILE"


class EmulatorPackets:
    """Lets the emulator write its packets into a file of this machine.

    Args:
        target: the file, which must not exist yet.

    Raises:
        UsageError: the path holds what a console command cannot.
    """

    name: ClassVar[str] = "emulator_packets"

    def __init__(self, target: Path) -> None:
        self._target = target.absolute()
        self.title = f"let the emulator record its packets into {target.name}"

    def check(self, device: Connection) -> bool:
        """Never: which file a capture in progress goes to cannot be asked."""
        return False

    def before(self, device: Connection) -> dict[str, Any]:
        """Where they go.

        Raises:
            UsageError: the device is no emulator of the SDK.
        """
        require_console(device.serial)
        return {"file": str(self._target)}

    def do(self, device: Connection) -> None:
        """Start."""
        answer = ask_console(device, "network", "capture", "start", str(self._target))
        if answer != "OK":
            raise NotReadyError(f"{device.serial}: network capture start: {answer}", _FIX)

    def verify(self, device: Connection) -> None:
        """The file is here: the emulator may still hold its first bytes back."""
        deadline = time.monotonic() + APPEARS_SECONDS
        while not self._target.exists():
            if time.monotonic() > deadline:
                raise NotReadyError(f"{device.serial}: the emulator says OK and writes no {self._target}", _FIX)
            time.sleep(0.05)

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Stop. The file is the run's and stays, for its owner's eyes only."""
        answer = ask_console(device, "network", "capture", "stop")
        target = Path(str(before["file"]))
        if not target.exists():  # an emulator that refuses to start refuses to stop, too
            return ""
        target.chmod(0o600)
        return "" if answer == "OK" else f"the emulator still records packets into {target}: {answer}"


def stop_packets(device: Connection, target: Path) -> str:
    """End the recording and return what is wrong with its file, or "".

    Raises:
        NotReadyError: the console does not answer.
    """
    if left := EmulatorPackets.undo(device, {"file": str(target.absolute())}):
        return left
    size = target.stat().st_size if target.exists() else 0
    if size <= HEADER_BYTES:
        return f"the emulator wrote no packet ({size} bytes)"
    with target.open("rb") as file:
        return "" if file.read(4) in _MAGICS else "what the emulator wrote is no libpcap file"
