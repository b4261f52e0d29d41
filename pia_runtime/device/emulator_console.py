"""The console of the SDK's emulator, reached by ``adb emu``.

Forms of commands and answers: developer documentation of the emulator's console (an answer ends with ``OK`` or ``KO: reason``),
and AOSP ``packages/modules/adb/client/console.cpp``: adb connects to the console's port itself, sends the token of
``~/.emulator_console_auth_token`` first, and exits with 0 whatever the console answers.
"""

import subprocess
import time

from adbutils import adb_path

from pia_runtime.device.connection import Connection
from pia_runtime.errors import NotReadyError, UsageError

CONSOLE_SECONDS = 120.0
_PREFIX = "emulator-"


def has_console(serial: str) -> bool:
    """Whether a device is an emulator of the SDK, by the serial that adb gives only to those."""
    return serial.startswith(_PREFIX)


def require_console(serial: str) -> None:
    """Refuse a device that has none.

    Raises:
        UsageError: it is no emulator of the SDK.
    """
    if not has_console(serial):
        raise UsageError(f"{serial} records no packets: it is no emulator of the SDK", "use --network reverse")


def ask_console(device: Connection, *words: str) -> str:
    """Send one command and return the last line of the answer: ``OK``, or why not, without ``KO:``.

    Raises:
        UsageError: a word holds a line end or another control character; the console would take the rest as a command.
        NotReadyError: the console does not answer.
    """
    if any(ord(letter) < 32 or ord(letter) == 127 for word in words for letter in word):
        raise UsageError(f"{' '.join(words)!r} holds a control character", "choose another name or folder")
    started = time.time_ns()
    try:
        done = subprocess.run(
            [adb_path(), "-s", device.serial, "emu", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CONSOLE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        device.log.write(device.serial, "emu", " ".join(words), started, code=None, error=str(error))
        raise NotReadyError(
            f"{device.serial}: the emulator's console does not answer", "restart the emulator"
        ) from error
    said = done.stderr.decode(errors="replace").strip()
    device.log.write(device.serial, "emu", " ".join(words), started, code=done.returncode, out=done.stdout, error=said)
    lines = (done.stdout.decode(errors="replace").strip() or said).splitlines()
    return lines[-1].removeprefix("KO:").strip()[:300] if lines else "no answer"
