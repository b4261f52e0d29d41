"""A run that makes the device ready itself, drives and observes the app, and gives the device back as it was."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pia_runtime.capture.device_instrument import PACKETS, Observed, Packets, screen_recording
from pia_runtime.capture.device_plan import EMULATOR_HOST, DevicePlan, Network, plan_steps
from pia_runtime.capture.instrument import Connect
from pia_runtime.capture.live import LiveResult
from pia_runtime.capture.run import capture_device
from pia_runtime.device.apk import read_apk
from pia_runtime.device.command_log import CommandLog
from pia_runtime.device.connection import Connection, expect
from pia_runtime.device.emulator_console import require_console
from pia_runtime.device.forwarding import forwarded
from pia_runtime.device.journal import Journal
from pia_runtime.device.preparation import do_step, prepared
from pia_runtime.device.scenario import Scenario
from pia_runtime.device.screen import read_picture
from pia_runtime.device.snapshot import load_snapshot
from pia_runtime.device.step import Step
from pia_runtime.device.step_app import InstallApp
from pia_runtime.device.step_emulator_packets import EmulatorPackets
from pia_runtime.device.step_frida_server import Probe
from pia_runtime.device.step_reverse import prove_path
from pia_runtime.errors import NotReadyError, PiaError
from pia_runtime.knowledge.sdks import load_sdks
from pia_runtime.storage.writer import CaptureWriter

ConnectTo = Callable[[str], Connect]
"""Makes the way to the instrument, given the address where frida-server is reached."""

LISTEN = {Network.wireguard: ""}
"""The phone's packets come from outside; with every address listened on, mitmproxy tells the phone this machine's own."""
MODES = {Network.wireguard: ("wireguard",)}


class NotGivenBackError(NotReadyError):
    """The recording is whole, but something remains on the device (exit code 4).

    Attributes:
        path: the capture's folder.
        result: how the run ended.
    """

    def __init__(self, left: NotReadyError, path: Path, result: LiveResult) -> None:
        super().__init__(left.message, left.fix)
        self.path, self.result = path, result


@dataclass(frozen=True, slots=True)
class DeviceRun:
    """One run on a prepared device.

    Attributes:
        serial: the device.
        plan: what it is to be.
        connect_to: makes the instrument.
        probe: asks frida-server.
        scenario: what is done to the app, or None where a person does it.
        say: takes lines for people.
        snapshot: what an emulator is put back to before anything else, or "".
    """

    serial: str
    plan: DevicePlan
    connect_to: ConnectTo
    probe: Probe
    scenario: Scenario | None
    say: Callable[[str], None]
    snapshot: str = ""

    def record(self, **options: Any) -> tuple[Path, LiveResult]:  # noqa: ANN401 - those of capture_device
        """Prepare, record, restore. Options are those of :func:`pia_runtime.capture.run.capture_device`.

        Raises:
            UsageError: what only an emulator of the SDK can do is asked of another device.
            NotReadyError: the device cannot be made ready, or something remains on it; the message says which.
            NotGivenBackError: the same after a whole recording, which it names.
        """
        recorded: tuple[Path, LiveResult] | None = None
        log = CommandLog()
        device = Connection(self.serial, log)
        plan = self.plan.with_port()
        if plan.emulator_packets:
            require_console(self.serial)
        if self.snapshot:
            load_snapshot(device, self.snapshot)
            self.say(f"{self.serial} is as in snapshot {self.snapshot}")
        steps = plan_steps(device, plan, self.probe)
        journal = Journal(self.serial)
        self.say(f"preparing {self.serial} (root: {device.root.value})")
        try:
            with prepared(device, steps, journal, self.say):
                if plan.network is Network.emulator:
                    prove_path(device, EMULATOR_HOST, plan.port, "127.0.0.1", plan.port)
                with forwarded(device, plan.frida_port) as port:
                    recorded = self._record(device, plan, steps, journal, f"127.0.0.1:{port}", options)
        except NotReadyError as left:
            if recorded is None:
                raise
            raise NotGivenBackError(left, *recorded) from left
        finally:
            log.detach()
        return recorded

    def _record(
        self,
        device: Connection,
        plan: DevicePlan,
        steps: list[Step],
        journal: Journal,
        address: str,
        options: dict[str, Any],
    ) -> tuple[Path, LiveResult]:
        observed = Observed(device, plan.package, self.connect_to(address), steps, self.scenario, self.say)

        def on_writer(writer: CaptureWriter) -> None:
            device.log.attach(writer.path)
            done: dict[str, Any] = {
                "root": device.root.value,
                "network": plan.network.value,
                "steps": [step.name for step in steps],
            }
            if self.snapshot:
                done["snapshot"] = self.snapshot
            for name in ("record_screen", "emulator_packets"):
                if getattr(plan, name):
                    done[name] = True
            writer.update_session(tools={"preparation": done}, **_app_facts(device, plan, steps, self.say))
            observed.writer = writer
            if plan.emulator_packets:
                do_step(device, EmulatorPackets(writer.path / PACKETS), journal, self.say)
                observed.beside.append(Packets(device, writer))
            if plan.record_screen:
                observed.beside.append(screen_recording(device, journal, writer, self.say))

        return capture_device(
            plan.package,
            serial=self.serial,
            connect=observed.connect,
            confdir=plan.confdir,
            port=plan.port,
            listen_host=LISTEN.get(plan.network, "127.0.0.1"),
            mode=MODES.get(plan.network, ("regular",)),
            read=lambda _serial, *command: (
                expect(device.shell(*command), f"{command[0]} failed", "see pia doctor").text + "\n"
            ),
            take_screenshot=lambda: read_picture(device),
            on_writer=on_writer,
            is_over=observed.is_over if self.scenario else None,
            say=self.say,
            **options,
        )


def _app_facts(device: Connection, plan: DevicePlan, steps: list[Step], say: Callable[[str], None]) -> dict[str, Any]:
    """What the app's APK says, read from the device itself: what was run is what is described. And the files it came from."""
    source: dict[str, Any] = {}
    if any(isinstance(step, InstallApp) for step in steps):
        source = {"source": ", ".join(file.name for file in plan.install)}
    paths = device.shell("pm", "path", plan.package).text.splitlines()
    base = next((line.removeprefix("package:") for line in paths if line.endswith("base.apk")), None)
    try:
        if base is None:
            raise NotReadyError("the device does not say where it is", "")
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "base.apk"
            copy.write_bytes(device.pull(base))
            return {"app": {**read_apk(copy, load_sdks()).document(), **source}}
    except PiaError as error:
        say(f"the app's APK is not described: {error.message}")
        return {"app": source} if source else {}
