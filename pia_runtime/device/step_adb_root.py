"""adbd restarted as root, on builds for developers (emulators without Google Play)."""

from typing import Any, ClassVar

from pia_runtime.device.connection import Connection
from pia_runtime.device.root import RootKind
from pia_runtime.errors import NotReadyError


class AdbRoot:
    """``adb root``, undone by ``adb unroot``."""

    name: ClassVar[str] = "adb_root"
    title = "restart adbd as root"

    def check(self, device: Connection) -> bool:
        """Whether the daemon is root."""
        return device.shell("id", "-u").text == "0"

    def before(self, device: Connection) -> dict[str, Any]:
        """Nothing to note: it was not root."""
        return {}

    def do(self, device: Connection) -> None:
        """Restart it."""
        said = device.restart_daemon(root=True)
        if "cannot" in said:
            raise NotReadyError(f"{device.serial}: {said}", "use an emulator without Google Play, or a rooted device")
        device.root = RootKind.adb

    def verify(self, device: Connection) -> None:
        """Ask who it is."""
        if not self.check(device):
            raise NotReadyError(f"{device.serial}: adbd did not become root", "run: adb root")

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Restart it as the shell's user."""
        if device.shell("id", "-u").text == "0":
            device.restart_daemon(root=False)
            device.root = RootKind.none
        return "" if device.shell("id", "-u").text != "0" else "adbd still runs as root: adb unroot"
