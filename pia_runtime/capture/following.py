"""What leaves the device, told while the run goes on.

The proxy's event loop only records. A process of its own, at low priority, follows the files that the recorder writes
(:mod:`pia_runtime.capture.follow`) and scans them with everything the analysis knows, values that APIs returned a moment ago
included; nothing waits for it, nothing is queued in memory, and where it falls behind it passes over flows and says so. What it
tells is for the eye: the analysis reads the whole capture again.
"""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

import orjson

STOP_SECONDS = 2.0
"""How long the end of a run waits for the last flows to be scanned."""


class Follower:
    """Starts and ends the process. Whatever happens to it, the recording goes on.

    Args:
        capture: folder of the recording, already made.
        on_sent: told taxonomy ids and host of every flow in which something was found; called from a thread.

    Attributes:
        skipped: flows that were passed over because scanning fell behind.
    """

    def __init__(self, capture: Path, on_sent: Callable[[tuple[str, ...], str], None]) -> None:
        self.skipped = 0
        self._capture = capture
        self._on_sent = on_sent
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to follow; returns at once. Where no process can be started, nothing is told."""
        command = [sys.executable, "-m", "pia_runtime.capture.follow", str(self._capture)]
        with contextlib.suppress(OSError):
            # Ctrl-C is the recorder's to handle: the follower ends with its standard input.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            stdout = self._process.stdout
            assert stdout is not None  # noqa: S101 - asked for above
            self._thread = threading.Thread(target=self._read, args=(stdout,), name="follower", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Let the last flows be scanned, for a moment, and end."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _read(self, stdout: IO[bytes]) -> None:
        for line in stdout:
            told = orjson.loads(line)
            if "skipped" in told:
                self.skipped += told["skipped"]
            else:
                self._on_sent(tuple(told["data"]), told["host"])
        stdout.close()

    def __enter__(self) -> "Follower":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
