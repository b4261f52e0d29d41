"""Every fault that can strike, before every single action of a run: the device is as before, or the journal says what remains.

A run is the preparation with every step that can be undone, and its undoing; or, in a second table, a whole recorded run from the
moment when it records: the app observed, the scenario driven, the device given back. The double counts what the client does
(commands, pushes, reversed ports, restarts of adbd) and lets the fault happen at the n-th. ``PIA_FAULT_STRIDE=1`` tries every fault
at every n and prints the tables; the suite strikes where mistakes were found.
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from device_stage import free_port
from device_steps import APP, VERSION, all_steps, furnish
from device_world import world
from test_device_run import MAIN_SCREEN, PROMPT, PlayedApp

from pia_runtime.capture.device_plan import DevicePlan
from pia_runtime.capture.device_run import DeviceRun
from pia_runtime.device.connection import Connection
from pia_runtime.device.journal import Journal
from pia_runtime.device.preparation import prepared
from pia_runtime.device.restoring import restore
from pia_runtime.device.root import find_root
from pia_runtime.device.scenario import load_scenario
from pia_runtime.errors import NotReadyError

STRIDE = int(os.environ.get("PIA_FAULT_STRIDE", "0"))
"""Every how many actions each fault strikes; 0: only at those of :data:`FEW`."""


@dataclass(frozen=True)
class Fault:
    """One fault: what happens on the device, how it is put right by a person, and on which device it is tried."""

    strikes: str
    lifted: str = "true"
    profile: str = "magisk-13"


_TAKE = "(nc -l -p {0} -s 127.0.0.1 > /dev/null 2>&1 &); sleep 0.2"
FAULTS = {
    "unplugged before": Fault("unplug"),
    "unplugged after, unheard": Fault("unplug after"),
    "emulator gone": Fault("unplug after", profile="emulator-14"),
    "su denied": Fault('set su "deny"'),
    "store read-only": Fault("set weak_root true", profile="emulator-14"),
    "proxy's port taken": Fault(_TAKE.format(8080), "kill -9 $(pidof nc)"),
    "frida's port taken": Fault(_TAKE.format(27042), "kill -9 $(pidof nc)"),
    "disk full": Fault("dd if=/dev/zero of=/data/filler bs=1M count=80", "rm -f /data/filler"),
    "zygote restarted": Fault("restart zygote", profile="emulator-14"),
    "frida-server killed": Fault("pkill -9 -f 127.0.0.1:27042"),
}


class Trial:
    """One double, on which a fault strikes again and again."""

    def __init__(self, played, profile: str, folder, server, certificate) -> None:
        self.played, self.profile, self.folder = played, profile, folder
        self._server, self._certificate = server, certificate
        self.planned: dict = {}
        furnish(played)
        self.before = world(played)

    def run(self, fault: Fault | None, at: int = 0) -> tuple[NotReadyError | None, int]:
        """Prepare and give back with the fault at one action; what was said, and how many actions it took."""
        self.played.set("planned", {"at": at, "do": fault.strikes} if fault else {})
        self.played.set("actions", 0)
        said = None
        try:
            device = Connection(self.played.serial)
            device.root = find_root(device)
            steps = all_steps(self.profile, self._server, self._certificate, free_port())
            with prepared(device, steps, self.journal, lambda _: None):
                pass
        except NotReadyError as error:
            said = error
        return said, self.played.state["actions"]

    @property
    def journal(self) -> Journal:
        """Of this device."""
        return Journal(self.played.serial, self.folder / "state")

    def lift(self, fault: Fault) -> Connection:
        """A person puts the fault right."""
        self.played.set("planned", {})
        self.played.root(fault.lifted)
        if fault.strikes.startswith("unplug"):
            self.played.ask("plug", value=True)
            self.played._connect(self.profile)
        self.played.set("su", "magisk" if self.profile.startswith("magisk") else "adb")
        self.played.set("weak_root", to=False)
        if not self.played.ask("pid", APP):
            self.played.ask("start app", APP)
        device = Connection(self.played.serial)
        for _ in range(100):
            with contextlib.suppress(NotReadyError):
                if device.shell("true", timeout=3).ok:
                    break
        return device


class RecordedTrial(Trial):
    """The same with a whole run: what it recorded must be there, closed, whatever struck."""

    def run(self, fault: Fault | None, at: int = 0) -> tuple[NotReadyError | None, int]:
        """Prepare, record, drive, give back; actions count from the beginning of the recording."""
        self.planned = {"at": at, "do": fault.strikes} if fault else {}
        self.played.set("planned", {})
        self.played.set("screens", [PROMPT, MAIN_SCREEN])
        scenario = self.folder / "refuse.yaml"
        scenario.write_text(
            "scenarios: {x: {en: Refuse., actions: [{await: prompt, within_s: 2}, {tap: refused, within_s: 2}, {wait_s: 0.2}]}}"
        )
        confdir = self.folder / "conf"
        confdir.mkdir(exist_ok=True)
        plan = DevicePlan(APP, frida_server=self._server, port=free_port(), revoke=True, confdir=confdir)
        out = self.folder / f"capture-{len(list(self.folder.glob('capture-*')))}"
        said = None
        try:
            DeviceRun(
                self.played.serial, plan, lambda _: PlayedApp, lambda *_: None, load_scenario(str(scenario)), self._hear
            ).record(out=out, duration_s=15)
        except NotReadyError as error:
            said = error
        assert_closed(out, where=f"action {at}: {said}")
        return said, self.played.state["actions"]

    def _hear(self, line: str) -> None:
        if line.startswith("recording into"):
            self.played.set("actions", 0)
            self.played.set("planned", self.planned)


def assert_closed(capture: Path, where: str) -> None:
    """Whole lines, an end, and a consent that was asked."""
    session = orjson.loads((capture / "session.json").read_bytes())
    events = [orjson.loads(line) for line in (capture / "events.jsonl").read_bytes().splitlines()]
    assert session["ended_ns"] >= session["started_ns"], where
    assert any(event["type"] == "consent" for event in events), where
    refused = any(event.get("signal") == "refused" for event in events)
    assert refused or any(event["type"] == "gap" for event in events), (
        f"{where}: nothing was done and nothing is missing"
    )


def judge(trial: Trial, fault: Fault, at: int) -> str:
    """Let it strike once and say what became of it; raises where the promise does not hold."""
    said, _ = trial.run(fault, at)
    left = trial.journal.open_steps()
    device = trial.lift(fault)
    where = f"action {at}: {said}"
    if said is not None:
        assert len(said.message) > 20, where
        assert said.fix, where
    if left:
        assert said is not None, f"{where}: nothing was said of {left}"
        assert all(step.step in said.message or (step.remains and step.remains in said.message) for step in left), (
            f"{where} (left: {left})"
        )
        assert "pia restore" in said.fix, where
        assert restore(device, trial.journal, lambda _: None) == [], where
    differs = {name for name, value in world(trial.played).items() if value != trial.before[name]}
    assert not differs, f"{where}: {differs}\n{world(trial.played)}"
    assert not trial.journal.path.exists(), where
    return "journal" if left else "restored" if said is not None else "survived"


KINDS = {"preparation": Trial, "recording": RecordedTrial}
FEW = {
    ("preparation", "su denied"): (31,),
    ("preparation", "store read-only"): (54,),
    ("preparation", "unplugged after, unheard"): (22,),
    ("recording", "unplugged before"): (4,),
}
ALL = [(kind, name) for kind in KINDS for name in FAULTS]


@pytest.mark.parametrize(("kind", "name"), ALL if STRIDE else FEW)
def test_whatever_strikes_whenever_the_device_is_as_before_or_the_journal_says_what_remains(
    double, tmp_path, listener_server, certificate, kind, name, capsys, monkeypatch
):
    """Once the fault is put right, ``pia restore`` ends with the device as it was."""
    fault = FAULTS[name]
    monkeypatch.setenv("PIA_STATE_DIR", str(tmp_path / "state"))

    def start(folder) -> Trial:
        folder.mkdir(exist_ok=True)
        monkeypatch.setenv("PIA_STATE_DIR", str(folder / "state"))
        return KINDS[kind](double(fault.profile), fault.profile, folder, listener_server(VERSION), certificate)

    trial = start(tmp_path)
    strikes = FEW.get((kind, name), ())
    if STRIDE:
        length = trial.run(None)[1]
        strikes = range(1 + sum(name.encode()) % STRIDE, length + 1, STRIDE)
    broken, became = [], []
    for at in strikes:
        try:
            became.append(judge(trial, fault, at))
        except Exception as error:  # noqa: BLE001 - whatever breaks is a line of the table
            broken.append(f"{name}, {type(error).__name__}: {error}")
            trial = start(tmp_path / str(at))
    if STRIDE:
        counts = {what: became.count(what) for what in ("survived", "restored", "journal")}
        with capsys.disabled():
            print(f"\n{kind}, {name}: {length} actions, {len(strikes)} strikes, {counts}, {len(broken)} broken")  # noqa: T201
    assert not broken, "\n".join(broken)
    assert became
