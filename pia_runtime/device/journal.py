"""What was changed on one device, written on the host before each change, so that a run that is killed can be undone.

One JSON object a line, each on the disk itself (``fsync``) before the device is touched. A step is open from its ``doing``
line to its ``undone`` line. A last line that was cut off by a power failure was never acted upon and is skipped.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import orjson

from pia_runtime.device.state_folder import state_folder
from pia_runtime.errors import NotReadyError

SUFFIX = ".journal.jsonl"


@dataclass(frozen=True, slots=True)
class OpenStep:
    """A change that may be on the device.

    Attributes:
        number: of its ``doing`` line; undoing goes from the highest to the lowest.
        step: name of the step.
        before: what the step noted for its undoing.
        remains: what an attempt to undo it left, or "".
    """

    number: int
    step: str
    before: dict[str, Any]
    remains: str = ""


class Journal:
    """The journal of one device.

    Args:
        serial: the device.
        folder: where journals are kept; default :func:`state_folder`.
    """

    def __init__(self, serial: str, folder: Path | None = None) -> None:
        self.serial = serial
        folder = folder or state_folder()
        self.path = folder / (quote(serial, safe="") + SUFFIX)

    def open_steps(self) -> list[OpenStep]:
        """The steps that are not undone, last first.

        Raises:
            NotReadyError: the journal cannot be read.
        """
        steps: dict[int, OpenStep] = {}
        for line in self._lines():
            number = line["step_number"]
            if line["state"] == "doing":
                steps[number] = OpenStep(number, line["step"], line["before"])
            elif line["state"] == "undone":
                steps.pop(number, None)
            elif line["state"] == "remains" and number in steps:
                known = steps[number]
                steps[number] = OpenStep(number, known.step, known.before, line["detail"])
        return sorted(steps.values(), key=lambda step: -step.number)

    def doing(self, step: str, before: dict[str, Any]) -> int:
        """Note that a step is about to be done, and return its number.

        Raises:
            NotReadyError: the journal cannot be written; nothing may be changed then.
        """
        number = 1 + max((line["step_number"] for line in self._lines()), default=0)
        self._append({"step_number": number, "state": "doing", "step": step, "before": before})
        return number

    def done(self, number: int) -> None:
        """Note that a step was done and verified."""
        self._append({"step_number": number, "state": "done"})

    def undone(self, number: int) -> None:
        """Note that a step was taken back and that this was verified; the last one removes the file."""
        self._append({"step_number": number, "state": "undone"})
        if not self.open_steps():
            self.path.unlink(missing_ok=True)

    def remains(self, number: int, detail: str) -> None:
        """Note what an attempt to undo a step left."""
        self._append({"step_number": number, "state": "remains", "detail": detail})

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from preparing or restoring this device meanwhile.

        Raises:
            NotReadyError: another one does.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise NotReadyError(
                f"{self.serial} is in use by another run of pia", "wait until it has ended, or choose another device"
            ) from error
        finally:
            os.close(descriptor)

    def _append(self, line: dict[str, Any]) -> None:
        record = orjson.dumps({"t_ns": time.time_ns(), "serial": self.serial, **line}) + b"\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                _end_torn_line(descriptor)
                os.write(descriptor, record)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if fresh:
                _sync_folder(self.path.parent)
        except OSError as error:
            raise self._unusable(error) from error

    def _lines(self) -> list[dict[str, Any]]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unusable(error) from error
        lines = []
        for line in content.splitlines():
            try:
                lines.append(orjson.loads(line))
            except orjson.JSONDecodeError:
                continue  # cut off while it was being written, so nothing was done on its word
        return [line for line in lines if isinstance(line, dict) and isinstance(line.get("step_number"), int)]

    def _unusable(self, error: OSError) -> NotReadyError:
        return NotReadyError(
            f"{self.path}: the journal cannot be used: {error.strerror}",
            "free space, or set PIA_STATE_DIR to a folder of yours",
        )


def journals(folder: Path | None = None) -> list[Journal]:
    """The journals that are there: one for every device that something was changed on."""
    folder = folder or state_folder()
    return [Journal(unquote(path.name.removesuffix(SUFFIX)), folder) for path in sorted(folder.glob("*" + SUFFIX))]


def _end_torn_line(descriptor: int) -> None:
    """A line that was cut off must not swallow the next one."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        os.write(descriptor, b"\n")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
