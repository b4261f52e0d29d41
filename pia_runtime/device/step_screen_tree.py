"""The place on the device where UI Automator writes what stands on the screen: empty before a run and after it."""

from typing import Any, ClassVar

from pia_runtime.device.connection import Connection
from pia_runtime.device.screen import DUMP_PATH
from pia_runtime.errors import NotReadyError


class ScreenTree:
    """Notes the file of :func:`~pia_runtime.device.screen.read_tree`.

    A cable pulled while it is written would otherwise leave on the device what a person had on the screen.
    """

    name: ClassVar[str] = "screen_tree"
    title = "read the screen's tree"

    def check(self, device: Connection) -> bool:
        """Never: it is about what will be read."""
        return False

    def before(self, device: Connection) -> dict[str, Any]:
        """Its place: a file of this program alone."""
        return {"path": DUMP_PATH}

    def do(self, device: Connection) -> None:
        """Remove what another run left."""
        device.shell("rm", "-f", DUMP_PATH)

    def verify(self, device: Connection) -> None:
        """Look that nothing is there."""
        if device.shell("test", "-e", DUMP_PATH).ok:
            raise NotReadyError(f"{DUMP_PATH} cannot be removed", f"remove it: adb shell rm {DUMP_PATH}")

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Remove it."""
        path = str(before["path"])
        device.shell("rm", "-f", path)
        return f"{path} is still there: adb shell rm {path}" if device.shell("test", "-e", path).ok else ""
