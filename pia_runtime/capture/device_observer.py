"""What the host asks the device because of something that happened: a picture at a consent moment, the reason of an exit."""

import contextlib
import queue
import threading
import time
from typing import Any

from pia_runtime.device.app_exit import judge_exit
from pia_runtime.device.connection import Connection
from pia_runtime.device.screen import read_picture, read_tree
from pia_runtime.device.step_ca_store import CaStore
from pia_runtime.errors import PiaError
from pia_runtime.storage.writer import CaptureWriter

END_SECONDS = 30.0
MOST_WAITING = 20


class DeviceObserver:
    """Keeps screenshots and UI trees of consent moments as blobs, and says why the app's process ended.

    Everything is asked in a thread of its own: a slow device holds nothing up.

    Args:
        device: the device.
        package: the app.
        writer: keeps blobs and events.
    """

    def __init__(self, device: Connection, package: str, writer: CaptureWriter) -> None:
        self._device, self._package, self._writer = device, package, writer
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue(MOST_WAITING)
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="device-observer", daemon=True)
        self._thread.start()

    def observe(self, record: dict[str, Any]) -> None:
        """Take an event; returns at once. What would wait too long is left out, and that is said."""
        consent = record.get("type") == "consent" and record.get("scope") == "policy"
        ended = record.get("type") == "lifecycle" and record.get("state") == "process_exit"
        if not (consent or ended):
            return
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self._gap("screen_not_recorded", "too many consent moments at once; no picture was taken of this one")

    def app_started(self, certificate: CaStore | None) -> None:
        """Look whether the app's own process sees the proxy's certificate; returns at once."""
        self._started = time.monotonic()
        if certificate is not None:
            self._waiting.put({"type": "started", "store": certificate})

    def end(self) -> None:
        """Finish what waits."""
        self._waiting.put(None)
        self._thread.join(END_SECONDS)

    def _run(self) -> None:
        while (record := self._waiting.get()) is not None:
            try:
                if record["type"] == "started":
                    self._certificate(record["store"])
                elif record["type"] == "consent":
                    self._picture(str(record.get("signal")))
                else:
                    self._exit(record)
            except PiaError as error:
                kind = "screen_not_recorded" if record["type"] == "consent" else "app_exit_unknown"
                self._gap(kind, error.message)

    def _picture(self, signal: str) -> None:
        """Both show a moment between asking and receiving, after the signal."""
        for what, read in (("screenshot", read_picture), ("UI tree", read_tree)):
            asked = time.time_ns()
            content = read(self._device)
            received = time.time_ns()
            moment = {"t_ns": (asked + received) // 2, "clock": "host", "err_ns": (received - asked + 1) // 2}
            text = f"{what} after consent {signal}"
            self._writer.event({"type": "note", **moment, "text": text, "blob": self._writer.blob(content)})

    def _certificate(self, store: CaStore) -> None:
        """Root managers may unmount for single apps: what counts is what the app itself sees."""
        for process in store.lacking(self._device):
            if self._package in process:
                detail = f"process {process.strip()} does not see the proxy's certificate; its TLS will not open"
                self._gap("certificate_not_seen", detail)

    def _exit(self, record: dict[str, Any]) -> None:
        dump = self._device.shell("dumpsys", "activity", "exit-info", self._package).text
        pid = record.get("pid")
        ended = judge_exit(dump, pid if isinstance(pid, int) else None, time.monotonic() - self._started)
        self._gap(ended.kind, f"{record.get('process') or self._package}: {ended.detail}")

    def _gap(self, kind: str, detail: str) -> None:
        gap = {"type": "gap", "t_ns": time.time_ns(), "clock": "host", "kind": kind, "host": "", "detail": detail[:500]}
        with contextlib.suppress(PiaError):  # kept as the writer's failure
            self._writer.event(gap)
