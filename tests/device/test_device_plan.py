"""``pia inspect --plan`` from end to end over device doubles: the real command, the real captures, the real adb client.

Only the app is played (``planned_app``). ``scripts/plan-on-doubles`` runs the long one too: two devices, three apps, a device that
fails once, a run that never ends, and the plan killed in the middle.
"""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from device_steps import VERSION
from device_world import world
from test_device_run import MAIN_SCREEN, PROMPT

from pia_runtime import open_campaign
from pia_runtime.device.journal import journals

HERE = Path(__file__).parent
REFUSE = "scenarios: {x: {en: Refuse., actions: [{await: prompt}, {tap: refused, within_s: 9}, {wait_s: 0.3}]}}"
HANG = "scenarios: {x: {en: Wait., actions: [{wait_s: 600}]}}"
MAPS, LOAN, CHAT = "com.example.maps", "com.example.loan", "com.example.chatter"
IDENTIFIERS = {"identifiers": [{"id": "android_id", "value": "4f6e2a91c07d3b58"}]}


class Collector(http.server.BaseHTTPRequestHandler):
    """The server that the apps send to."""

    def do_GET(self) -> None:
        """Take it."""
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_) -> None:
        """Say nothing."""


@pytest.fixture
def collector():
    """Where the apps send to, as host:port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def stage(double, collector, listener_server, tmp_path):
    """Furnishes devices and runs ``pia`` with the played app."""
    return Stage(double, collector, listener_server(VERSION), tmp_path)


class Stage:
    """Two devices, a plan's folder, and the command."""

    def __init__(self, double, collector, server, folder: Path) -> None:
        self._double, self._server, self.folder = double, server, folder
        self.captures = folder / "campaign.captures"
        self._environment = {**os.environ, "PYTHONPATH": str(HERE / "planned_app"), "PIA_PLANNED_SENDS_TO": collector}
        (folder / "refuse.yaml").write_text(REFUSE)
        (folder / "hang.yaml").write_text(HANG)
        (folder / "known.json").write_text(json.dumps(IDENTIFIERS))

    def device(self, profile: str):
        """One with two of the apps on it, and every app asking at its first start."""
        played = self._double(profile)
        packages = played.state["packages"]
        packages |= {name: {"version": "1.0", "code": 1, "never": True} for name in (MAPS, CHAT)}
        played.set("packages", packages)
        played.set("properties", played.state["properties"] | {"double.install_package": LOAN})
        for name in ("screens", "first_screens"):
            played.set(name, [PROMPT, MAIN_SCREEN])
        return played

    def plan(self, devices, apps: list[dict], **defaults) -> None:
        """Write the plan."""
        options = [
            "--frida-server", str(self._server), "--confdir", str(self.folder / "conf"), "--clear-data",
            "--identifiers", str(self.folder / "known.json"),
        ]  # fmt: skip
        (self.folder / "conf").mkdir(exist_ok=True)
        text = {
            "devices": [device.serial for device in devices],
            "defaults": {"scenarios": ["refuse.yaml"], "options": options, **defaults},
            "apps": apps,
        }
        (self.folder / "plan.yaml").write_text(json.dumps(text))

    def pia(self, *words: str) -> subprocess.Popen:
        """The command, in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", "from pia_runtime.cli.main import main; main()", *words],
            cwd=self.folder, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def inspect(self) -> subprocess.Popen:
        """Do the plan."""
        return self.pia("inspect", "--plan", "plan.yaml", "-o", "campaign", "--quiet", "--workers", "1")

    def tries(self) -> list[dict]:
        """Every try that has ended."""
        log = self.captures / "plan-runs.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines() if line] if log.exists() else []

    def report(self) -> dict:
        """The campaign's report."""
        told = self.pia("campaign", "report", "campaign", "--format", "json")
        out, err = told.communicate(timeout=120)
        assert told.returncode == 0, err
        return json.loads(out)


BOTH = {("transmission_before_consent", "without_consent"), ("access_before_consent", "without_consent")}
"""What every run of the played app shows: it reads and sends before it asks."""


def test_a_plan_becomes_captures_and_these_a_campaign(stage):
    """A device that fails once is tried again, both devices are as before, and what the apps sent is in the campaign."""
    devices = [stage.device("magisk-13"), stage.device("emulator-14")]
    before = [world(device) for device in devices]
    devices[0].fault("mkdir -p /data/local/tmp/pia", "fail", text="No space left on device")
    apk = str(HERE / "data/loan.apk")
    stage.plan(devices, [{"package": MAPS, "categories": [1]}, {"package": LOAN, "categories": [12], "install": [apk]}])
    process = stage.inspect()
    _, told = process.communicate(timeout=240)
    assert process.returncode == 0, told
    assert sorted((one["ended"], one["attempt"]) for one in stage.tries()) == [("failed", 1), ("well", 1), ("well", 2)]
    assert all(one["restored"] for one in stage.tries())
    assert [world(device) for device in devices] == before
    assert journals() == []
    findings = open_campaign(stage.folder / "campaign").findings()
    for app, version in ((LOAN, "1.8.50"), (MAPS, "1.0")):
        found = findings[findings.app == app]
        assert set(zip(found.rule, found.verdict, strict=True)) == BOTH
        assert set(found.version) == {version}


@pytest.mark.skipif("PIA_PLAN_LONG" not in os.environ, reason="minutes long: scripts/plan-on-doubles")
def test_a_plan_that_is_killed_goes_on_and_a_run_that_hangs_is_ended(stage):
    """Nothing that ended well is run again, the killed plan's own run lets go of its device, every device is as before."""
    devices = [stage.device("magisk-13"), stage.device("emulator-14")]
    before = [world(device) for device in devices]
    devices[1].fault("settings put global http_proxy", "fail", text="Security exception: Permission denial", code=255)
    apps = [
        {"package": LOAN, "categories": [12], "install": [str(HERE / "data/loan.apk")]},
        {"package": MAPS, "categories": [1]},
        {"package": CHAT, "scenarios": ["hang.yaml"], "repetitions": 1, "retries": 0, "timeout_s": 40},
    ]
    stage.plan(devices, apps, repetitions=2)
    process = stage.inspect()
    while not any(one["ended"] == "well" for one in stage.tries()):
        assert process.poll() is None, process.communicate()
        time.sleep(0.2)
    _until(lambda: len(journals()) == 2, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    well = {one["run"] for one in stage.tries() if one["ended"] == "well"}
    process = stage.inspect()
    _, told = process.communicate(timeout=900)
    assert process.returncode == 4, told
    assert f"{CHAT}/hang-1: timeout on " in told
    tries = stage.tries()
    ended = [one["run"] for one in tries if one["ended"] == "well"]
    assert sorted(ended) == [f"{app}/refuse-{number}" for app in (LOAN, MAPS) for number in (1, 2)]
    assert well < set(ended)
    assert "failed" in {one["ended"] for one in tries}
    assert {one["device"] for one in tries if one["ended"] == "well"} == {device.serial for device in devices}
    assert all(one["restored"] for one in tries)
    assert [world(device) for device in devices] == before
    assert journals() == []
    apps = {app["app"]: app for app in stage.report()["apps"]}
    for app in (LOAN, MAPS):
        assert {(one["rule"], one["verdict"]) for one in apps[app]["findings"]} >= BOTH  # more where a run was killed
        assert {f"{app}/refuse-1", f"{app}/refuse-2"} <= set(apps[app]["runs"])
    assert f"{CHAT}/hang-1" in apps[CHAT]["runs"], "what a run recorded before its time-out stays"
    for one in tries:
        print(f"{one['run']}: try {one['attempt']} on {one['device']}: {one['ended']} in {one['seconds']} s")  # noqa: T201


def _until(holds, process: subprocess.Popen) -> None:
    while not holds():
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
