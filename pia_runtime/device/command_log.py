"""A line for everything that was run on a device: evidence of what the tool itself did there."""

import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

LOG_NAME = "device-commands.jsonl"
"""The file in a capture; ``docs/devices.md`` describes its fields."""

MAX_REASON = 300


class CommandLog:
    """Keeps lines until there is a file to write them to, then writes each at once.

    What a command printed is not kept, since it may hold a person's data: its length and SHA-256 are.
    """

    def __init__(self, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._waiting: list[bytes] = []
        self._file: int | None = None
        self._lock = threading.Lock()
        self._now_ns = now_ns
        self._count = 0

    def attach(self, folder: Path) -> None:
        """Write what was kept, and everything from now on, into :data:`LOG_NAME` of a capture (mode 0600).

        Raises:
            OSError: the file cannot be made.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        with self._lock:
            self._file = os.open(folder / LOG_NAME, flags, 0o600)
            os.write(self._file, b"".join(self._waiting))
            self._waiting.clear()

    def detach(self) -> None:
        """Close the file; lines after this are kept again."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def write(self, serial: str, action: str, command: str, started_ns: int, **result: Any) -> None:  # noqa: ANN401
        """Add one line.

        Args:
            serial: the device.
            action: ``shell``, ``push``, ``pull``, ``reverse``, ``forward``, ``root``, …
            command: exactly what was sent.
            started_ns: when it was sent.
            result: ``code``, ``out`` (bytes; length and digest are kept), ``error`` (text, cut).
        """
        out = result.pop("out", None)
        if out is not None:
            result |= {"out_bytes": len(out), "out_sha256": hashlib.sha256(out).hexdigest()}
        if result.get("error"):
            result["error"] = str(result["error"])[:MAX_REASON]
        with self._lock:
            line = {
                "n": self._count,
                "t_ns": started_ns,
                "took_ns": max(0, self._now_ns() - started_ns),
                "serial": serial,
            }
            self._count += 1
            record = orjson.dumps({**line, "action": action, "command": command, **result}) + b"\n"
            if self._file is None:
                self._waiting.append(record)
            else:
                os.write(self._file, record)
