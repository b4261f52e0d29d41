"""The state that an emulator starts a run from: a snapshot, loaded through its console (``avd snapshot list|load NAME``)."""

import re
import time

from pia_runtime.device.connection import Connection
from pia_runtime.device.emulator_console import ask_console, has_console
from pia_runtime.errors import NotReadyError, UsageError

LOAD_SECONDS = 120.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def load_snapshot(device: Connection, name: str) -> None:
    """Put an emulator back into a state that was saved; returns when Android answers again.

    Raises:
        UsageError: the device is no emulator of the SDK, or no snapshot can have that name.
        NotReadyError: there is no such snapshot, or the emulator does not come back.
    """
    if not has_console(device.serial):
        raise UsageError(f"{device.serial} has no snapshots: it is no emulator of the SDK", "use --clear-data instead")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be a snapshot's name", "use letters, digits, '.', '_' and '-'")
    answer = ask_console(device, "avd", "snapshot", "load", name)
    if answer != "OK":
        raise NotReadyError(
            f"{device.serial}: snapshot {name!r} cannot be loaded: {answer}",
            f"make it: adb -s {device.serial} emu avd snapshot save {name}; see: adb emu avd snapshot list",
        )
    _await_android(device)


def _await_android(device: Connection) -> None:
    deadline = time.monotonic() + LOAD_SECONDS
    while time.monotonic() < deadline:
        try:
            if device.shell("getprop", "sys.boot_completed", timeout=5).text == "1":
                return
        except NotReadyError:
            pass  # its connection is new after a load
        time.sleep(0.2)
    raise NotReadyError(
        f"{device.serial}: Android did not answer after the snapshot was loaded", "restart the emulator"
    )
