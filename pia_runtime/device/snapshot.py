"""The state that an emulator starts a run from: a snapshot, loaded through its console (``adb emu``).

Forms of the commands and answers: developer documentation of the emulator's console (``avd snapshot list|load NAME``; an answer
ends with ``OK`` or ``KO: reason``) and AOSP ``packages/modules/adb/client/console.cpp``: adb itself exits with 0 whatever the
console answers.
"""

import re
import subprocess
import time

from adbutils import adb_path

from pia_runtime.device.connection import Connection
from pia_runtime.errors import NotReadyError, UsageError

LOAD_SECONDS = 120.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def load_snapshot(device: Connection, name: str) -> None:
    """Put an emulator back into a state that was saved; returns when Android answers again.

    Raises:
        UsageError: the device is no emulator of the SDK, or no snapshot can have that name.
        NotReadyError: there is no such snapshot, or the emulator does not come back.
    """
    if not device.serial.startswith("emulator-"):
        raise UsageError(f"{device.serial} has no snapshots: it is no emulator of the SDK", "use --clear-data instead")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be a snapshot's name", "use letters, digits, '.', '_' and '-'")
    answer = _console(device, "avd", "snapshot", "load", name)
    last = answer.splitlines()[-1] if answer else "no answer"
    if last != "OK":
        raise NotReadyError(
            f"{device.serial}: snapshot {name!r} cannot be loaded: {last.removeprefix('KO: ')}",
            f"make it: adb -s {device.serial} emu avd snapshot save {name}; see: adb emu avd snapshot list",
        )
    _await_android(device)


def _console(device: Connection, *words: str) -> str:
    started = time.time_ns()
    try:
        done = subprocess.run(
            [adb_path(), "-s", device.serial, "emu", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LOAD_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        device.log.write(device.serial, "emu", " ".join(words), started, code=None, error=str(error))
        raise NotReadyError(
            f"{device.serial}: the emulator's console does not answer", "restart the emulator"
        ) from error
    said = done.stderr.decode(errors="replace").strip()
    device.log.write(device.serial, "emu", " ".join(words), started, code=done.returncode, out=done.stdout, error=said)
    return done.stdout.decode(errors="replace").strip() or said


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
