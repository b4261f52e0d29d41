"""The whole way with real parts: adb, the double, Frida's own server class, the real agent, mitmproxy. Only Android is missing.

What Linux cannot give (listing applications, spawning by package) goes through the narrow ``Target``: the app is the practice app on a
JVM that runs inside the double, started by its path.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import frida
import orjson
import pytest
from device_stage import PROJECT, free_port
from device_world import world
from frida_stand_in import CONTROL_SERVICE, write_server

from pia_runtime.capture.authority import ensure_authority
from pia_runtime.capture.device_plan import DevicePlan
from pia_runtime.capture.device_run import DeviceRun
from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.host import FridaHost
from pia_runtime.instrumentation.server_probe import probe_server
from pia_runtime.instrumentation.target import DeviceTarget
from pia_runtime.practice.app import PracticeApp, Scenario
from pia_runtime.practice.identity import OWN_PACKAGE

pytestmark = pytest.mark.live


class AppOnDouble(DeviceTarget):
    """The practice app as a process of the double."""

    follows_children = False

    def __init__(self, app: PracticeApp, serial: str, address: str) -> None:
        super().__init__(OWN_PACKAGE, serial, address)
        self._app = app

    def spawn(self, device) -> int:
        """By path, because there is no package manager that could start it."""
        return device.spawn(self._app.argv, env={"PATH": "/usr/bin", **self._app.environment}, stdio="pipe")


@pytest.fixture
def shared():
    """A folder that this machine and the double both see."""
    folder = Path(tempfile.mkdtemp(prefix="pia-l", dir=PROJECT / ".cache"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_the_app_in_the_device_is_hooked_and_its_traffic_comes_to_the_proxy(connect, shared, tmp_path, monkeypatch):
    """Pushed, started, spawned, attached, hooked, recorded, ended, restored."""
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        played, _ = connect("magisk-13")
        packages = played.state["packages"]
        packages[OWN_PACKAGE] = {"version": "1.8.50", "code": 18500, "never": True}
        played.set("packages", packages)
        before = world(played)
        server = write_server(shared / "server", CONTROL_SERVICE, frida.__version__)
        plan = DevicePlan(OWN_PACKAGE, frida_server=server, frida_port=27043, port=free_port(), confdir=shared / "conf")
        app = PracticeApp.prepare(Scenario.REFUSE, shared).behind(
            ("127.0.0.1", plan.port), ensure_authority(plan.confdir)
        )

        def connect_to(address: str):
            def make(on_event, on_detached) -> FridaHost:
                target = AppOnDouble(app, played.serial, address)
                return FridaHost(target, load_catalog(), on_event=on_event, on_detached=on_detached)

            return make

        folder, result = DeviceRun(played.serial, plan, connect_to, probe_server, None, print).record(
            out=tmp_path / "capture", duration_s=60
        )
    events = [orjson.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    assert result.reason == "target_exit"
    assert any(event["type"] == "api_call" and "imei" in event["data"] for event in events)
    assert {event["signal"] for event in events if event["type"] == "consent"} >= {"requested", "refused"}
    # The made-up hosts have no servers here: that the proxy could not reach them shows that the app's connections came to it.
    reached = {event["host"] for event in events if event["type"] == "gap" and event["kind"] == "connect_failed"}
    assert reached, [event for event in events if event["type"] == "gap"]
    assert orjson.loads((folder / "session.json").read_bytes())["clock_samples"]
    assert world(played) == before
