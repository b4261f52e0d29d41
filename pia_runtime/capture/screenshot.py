"""Screenshots of the device by key: taken in a thread of their own, so that a slow device holds nothing up."""

import subprocess
import threading
import time
from collections.abc import Callable

from pia_runtime.capture.status import LiveLog
from pia_runtime.errors import NotReadyError, PiaError
from pia_runtime.storage.writer import CaptureWriter

ADB_SECONDS = 20
_PNG = b"\x89PNG\r\n\x1a\n"


def read_screen(serial: str) -> bytes:
    """The device's screen as PNG.

    Raises:
        NotReadyError: adb is missing, the device does not answer, or what it answers is no picture.
    """
    try:
        done = subprocess.run(
            ["adb", "-s", serial, "exec-out", "screencap", "-p"], capture_output=True, timeout=ADB_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise NotReadyError("adb is not installed", "install platform-tools") from error
    except subprocess.TimeoutExpired as error:
        raise NotReadyError(f"no screenshot within {ADB_SECONDS} s", "look whether the device is awake") from error
    if not done.stdout.startswith(_PNG):
        told = (done.stderr or done.stdout)[:200].decode("utf-8", "replace").strip()
        raise NotReadyError(
            f"no screenshot: {told or 'the device sent no picture'}", "look whether the screen is secured"
        )
    return done.stdout


class Screenshots:
    """Takes one at a time and keeps it as a blob that a ``note`` event points to.

    Args:
        read: returns the screen as PNG, or None where there is none.
        writer: keeps picture and event.
        log: is told what came of it.
    """

    def __init__(self, read: Callable[[], bytes] | None, writer: CaptureWriter, log: LiveLog) -> None:
        self._read = read
        self._writer = writer
        self._log = log
        self._running: threading.Thread | None = None

    def take(self) -> None:
        """Begin one; returns at once."""
        if self._read is None:
            self._log.said = "no screen to take a picture of"
        elif self._running is not None and self._running.is_alive():
            self._log.said = "the last screenshot is still being taken"
        else:
            self._log.said = "taking a screenshot"
            self._running = threading.Thread(target=self._keep, args=(self._read,), name="screenshot", daemon=True)
            self._running.start()

    def end(self) -> None:
        """Wait for the one under way, for as long as adb itself would."""
        if self._running is not None:
            self._running.join(ADB_SECONDS)

    def _keep(self, read: Callable[[], bytes]) -> None:
        """The picture shows a moment between asking and receiving."""
        asked = time.time_ns()
        try:
            picture = read()
            received = time.time_ns()
            moment = {"t_ns": (asked + received) // 2, "clock": "host", "err_ns": (received - asked + 1) // 2}
            self._writer.event({"type": "note", **moment, "text": "screenshot", "blob": self._writer.blob(picture)})
            self._log.said = "screenshot kept"
        except PiaError as error:
            self._log.said = str(error)
