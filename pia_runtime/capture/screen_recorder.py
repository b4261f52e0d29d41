"""The device's screen recorded beside a run, in segments, each kept as a blob with its time on the device's clock."""

import contextlib
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pia_runtime.device.command import Answer
from pia_runtime.device.connection import Connection
from pia_runtime.device.step_screen_recording import finish_segment, record_segment, take_segment
from pia_runtime.errors import PiaError
from pia_runtime.storage.writer import CaptureWriter

MOST_FAILURES = 3
FINISH_SECONDS = 30.0
START_SECONDS = 2.0
"""What a recorder is given to begin; one that is ended within it leaves no file."""

_ASK_AGAIN_SECONDS = 0.5
_INSTANTS = re.compile(rb"\A(\d{19})\s(?:.*\s)?(\d{19})\s*\Z", re.DOTALL)
_BOX = b"ftyp"
"""Every MP4 file begins with this box (ISO/IEC 14496-12)."""


class ScreenRecorder:
    """Records until it is stopped. Whatever goes wrong is a blind spot of the capture and never ends the run.

    Args:
        device: the device, its folder for recordings made (:class:`ScreenRecording`).
        writer: keeps files and events.
    """

    def __init__(self, device: Connection, writer: CaptureWriter) -> None:
        self._device, self._writer = device, writer
        self._stopped = threading.Event()
        # A file is fetched while the next is recorded, so that nothing but the recorder's own start lies between them.
        self._fetching = ThreadPoolExecutor(1, "screen-fetch")
        self._thread = threading.Thread(target=self._run, name="screen-recorder", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Let the file that is being recorded be finished, and return when the capture has it."""
        self._stopped.set()
        if self._thread.ident is None:
            return
        deadline = time.monotonic() + FINISH_SECONDS
        with contextlib.suppress(PiaError):  # a device that has gone ends the thread by itself
            while self._thread.is_alive() and time.monotonic() < deadline:
                finish_segment(self._device)
                self._thread.join(_ASK_AGAIN_SECONDS)
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            self._gap(f"the recorder did not finish its file in {FINISH_SECONDS:.0f} s; that file is missing")
        self._fetching.shutdown()

    def _run(self) -> None:
        number = failures = 0
        while not self._stopped.is_set() and failures < MOST_FAILURES:
            number += 1
            name, begun = f"{number:04}.mp4", time.monotonic()
            try:
                answer = record_segment(self._device, name)
            except PiaError as error:
                self._gap(f"recording {number}: {error.message}")
                return
            if self._stopped.is_set() and not answer.ok and time.monotonic() - begun < START_SECONDS:
                break  # ended before the recorder had begun: nothing of the run is missing
            failures = 0 if answer.ok else failures + 1
            if not answer.ok:
                self._gap(f"recording {number}: screenrecord: {answer.reason}")
            self._fetching.submit(self._keep, number, name, answer)
        if failures == MOST_FAILURES:
            self._gap("the screen is not recorded any further")

    def _keep(self, number: int, name: str, answer: Answer) -> None:
        received = time.time_ns()
        try:
            content = take_segment(self._device, name)
            if content[4:8] != _BOX:
                if answer.ok:
                    self._gap(f"recording {number}: {len(content)} bytes that are no MP4 file were not kept")
                return
            self._writer.event({**_described(number, answer, received), "blob": self._writer.blob(content)})
        except PiaError as error:
            if answer.ok:  # else it was told already that there is none
                self._gap(f"recording {number}: {error.message}")

    def _gap(self, detail: str) -> None:
        gap = {
            "type": "gap",
            "t_ns": time.time_ns(),
            "clock": "host",
            "kind": "screen_recording_incomplete",
            "host": "",
        }
        with contextlib.suppress(PiaError):  # kept as the writer's failure
            self._writer.event({**gap, "detail": detail[:500]})


def _described(number: int, answer: Answer, received_ns: int) -> dict[str, Any]:
    """The note of one recording: the device's clock just before the recorder was started and just after it ended."""
    text = f"screen recording {number} (MP4)" + ("" if answer.ok else ", perhaps not finished")
    if (found := _INSTANTS.match(answer.out)) is None:  # a device without nanoseconds: known only to have ended by now
        return {"type": "note", "t_ns": received_ns, "clock": "host", "text": f"{text}: ended before this moment"}
    return {"type": "note", "t_ns": int(found[1]), "clock": "device", "until_ns": int(found[2]), "text": text}
