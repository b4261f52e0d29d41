"""The instrument of a run on a prepared device, with everything that goes on beside it: observer, scenario, screen, packets."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from pia_runtime.capture.device_observer import DeviceObserver
from pia_runtime.capture.instrument import Connect, Instrument, OnDetached, OnEvent
from pia_runtime.capture.scenario_run import ScenarioRun
from pia_runtime.capture.screen_recorder import ScreenRecorder
from pia_runtime.device.connection import Connection, DeviceLostError
from pia_runtime.device.journal import Journal
from pia_runtime.device.preparation import do_step
from pia_runtime.device.scenario import Scenario
from pia_runtime.device.step import Step
from pia_runtime.device.step_ca_store import CaStore
from pia_runtime.device.step_emulator_packets import stop_packets
from pia_runtime.device.step_screen_recording import ScreenRecording
from pia_runtime.errors import PiaError
from pia_runtime.storage.writer import CaptureWriter

PACKETS = "emulator.pcap"
"""The emulator's own packets in a capture; ``pia import`` reads it."""


class Beside(Protocol):
    """What goes on beside the app's run."""

    def start(self) -> None:
        """Begin, before the app does; returns at once."""

    def stop(self) -> None:
        """End, after the app, while the capture can still be written."""


def screen_recording(device: Connection, journal: Journal, writer: CaptureWriter, say: Callable[[str], None]) -> Beside:
    """Make ready for recordings of the screen; a device that cannot is a blind spot and no reason not to run.

    Raises:
        DeviceLostError: the device does not answer.
    """
    try:
        do_step(device, ScreenRecording(), journal, say)
    except DeviceLostError:
        raise
    except PiaError as error:
        say(f"  ! the screen is not recorded: {error}")
        return _Missing(writer, "screen_recording_incomplete", error.message)
    return ScreenRecorder(device, writer)


class _Missing:
    """A blind spot of the whole run, told when there is a run."""

    def __init__(self, writer: CaptureWriter, kind: str, detail: str) -> None:
        self._writer, self._kind, self._detail = writer, kind, detail

    def start(self) -> None:
        """Say so."""
        _gap(self._writer, self._kind, self._detail)

    def stop(self) -> None:
        """Nothing goes on."""


def _gap(writer: CaptureWriter, kind: str, detail: str) -> None:
    gap = {"type": "gap", "t_ns": time.time_ns(), "clock": "host", "kind": kind, "host": ""}
    with contextlib.suppress(PiaError):  # kept as the writer's failure
        writer.event({**gap, "detail": detail[:500]})


class Packets:
    """The emulator's recording, begun as a step: at its end the file is looked at."""

    def __init__(self, device: Connection, writer: CaptureWriter) -> None:
        self._device, self._writer = device, writer

    def start(self) -> None:
        """It runs already."""

    def stop(self) -> None:
        """End it, and say in the capture what is wrong with its file."""
        try:
            wrong = stop_packets(self._device, self._writer.path / PACKETS)
        except PiaError as error:
            wrong = error.message
        if wrong:
            _gap(self._writer, "emulator_packets_missing", wrong)


class Observed:
    """Makes the instrument of a run, with the device's observer and the scenario beside it."""

    def __init__(
        self,
        device: Connection,
        package: str,
        connect: Connect,
        steps: list[Step],
        scenario: Scenario | None,
        say: Callable[[str], None],
    ) -> None:
        self.writer: CaptureWriter | None = None
        self.beside: list[Beside] = []
        self._device, self._package, self._connect = device, package, connect
        self._store = next((step for step in steps if isinstance(step, CaStore)), None)
        self._scenario, self._say = scenario, say
        self._run: ScenarioRun | None = None
        self._started = threading.Event()

    def is_over(self) -> bool:
        """Whether the scenario was begun and has ended."""
        return self._started.is_set() and self._run is not None and self._run.is_over()

    def connect(self, on_event: OnEvent, on_detached: OnDetached) -> Instrument:
        """Make the instrument; what it tells is seen here on its way."""
        assert self.writer is not None  # noqa: S101 - the writer is told before anything is started
        observer = DeviceObserver(self._device, self._package, self.writer)
        if self._scenario is not None:
            self._run = ScenarioRun(self._device, self._scenario, on_event, self._say)

        def seen(record: dict[str, Any]) -> None:
            on_event(record)
            observer.observe(record)
            if self._run is not None:
                self._run.observe(record)

        def ended(reason: str) -> None:
            observer.observe({"type": "lifecycle", "state": "process_exit", "process": self._package, "reason": reason})
            on_detached(reason)

        return _Instrument(self._connect(seen, ended), observer, self._run, self._store, self._started, self.beside)


class _Instrument:
    def __init__(
        self,
        inner: Instrument,
        observer: DeviceObserver,
        run: ScenarioRun | None,
        store: CaStore | None,
        started: threading.Event,
        beside: list[Beside],
    ) -> None:
        self._beside = beside
        self._inner, self._observer, self._run, self._store, self._started = inner, observer, run, store, started

    @property
    def dropped(self) -> int:
        return self._inner.dropped

    @property
    def tools(self) -> dict[str, Any]:
        return self._inner.tools

    def start(self) -> None:
        for one in self._beside:
            one.start()
        self._inner.start()
        self._observer.app_started(self._store)
        if self._run is not None:
            self._run.start()
        self._started.set()

    def calibrate(self, rounds: int) -> list[dict[str, Any]]:
        return self._inner.calibrate(rounds)

    def stop(self) -> None:
        if self._run is not None:
            self._run.stop()
        try:
            self._inner.stop()
        finally:
            for one in self._beside:
                one.stop()
            self._observer.end()
