"""``pia doctor`` says of every point how it is and what helps, and leaves the device as it found it."""

import contextlib
import socket
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from device_stage import free_port
from device_steps import APP
from device_world import world

from pia_runtime.capture.doctor import apply_fixes, examine, restore_all
from pia_runtime.device.checks import Status, is_ready
from pia_runtime.device.device_checks import DEVICE_CHECKS
from pia_runtime.device.preparation import prepared
from pia_runtime.device.step_settings import GlobalProxy
from pia_runtime.errors import NotReadyError


@pytest.fixture
def look(adb, tmp_path):
    """Looks at everything; frida-server is said to answer nobody."""

    def examined(serial=None, port=None) -> dict:
        checks = examine(
            serial, confdir=tmp_path / "conf", port=port or free_port(), frida_port=27042, probe=lambda *_: "nobody"
        )
        return {check.id: check for check in checks}

    return examined


@pytest.mark.parametrize(
    ("profile", "root", "abi"),
    [
        ("emulator-9", "adb root is possible", "no translation"),
        ("emulator-16", "adb root is possible", "apps for ARM run through libndk_translation.so"),
        ("magisk-13", "Magisk", "no translation"),
    ],
)
def test_a_device_that_can_be_used_is_ready(double, look, profile, root, abi):
    """Warnings name what the run itself will do; nothing on the device has changed."""
    played = double(profile)
    before = world(played)
    seen = look(played.serial)
    assert set(DEVICE_CHECKS) <= set(seen)
    assert is_ready(list(seen.values())), [check for check in seen.values() if check.status is Status.not_ready]
    assert root in seen["device.root"].detail
    assert abi in seen["device.abi"].detail
    assert seen["device.path"].detail.startswith("a request from the device arrives here")
    assert seen["device.play_protect"].status is Status.warning
    assert world(played) == before


def test_a_device_without_root_is_not_ready_and_the_fix_says_how(double, look):
    """Everything else is looked at all the same."""
    seen = look(double("unrooted-14").serial)
    assert seen["device.root"].status is Status.not_ready
    assert "Magisk" in seen["device.root"].fix
    assert seen["device.clock"].status is Status.ok


def test_what_is_wrong_is_found(double, look):
    """Clock, private DNS, a proxy that leads nowhere, battery saver."""
    played = double("magisk-13")
    played.set("clock_offset_ns", 3_600_000_000_000)
    settings = played.state["settings"]
    settings["global"] |= {
        "http_proxy": "127.0.0.1:9",
        "private_dns_mode": "hostname",
        "private_dns_specifier": "dns.example",
        "low_power": "1",
    }
    played.set("settings", settings)
    seen = look(played.serial)
    assert "+3600" in seen["device.clock"].detail
    assert "nobody answers" in seen["device.proxy"].detail
    assert "dns.example" in seen["device.dns"].detail
    assert {seen[name].status for name in ("device.clock", "device.proxy", "device.dns", "device.battery")} == {
        Status.warning
    }


def test_a_udp_packet_from_the_device_says_whether_a_tunnel_could_begin(double, look, monkeypatch):
    """Through the emulator's 10.0.2.2 it arrives, to an address without a way it does not; a taken port is told."""
    played, port = double("emulator-14"), free_port()
    played.ask("host alias", port)
    monkeypatch.setattr("pia_runtime.capture.doctor.tunnel_host", lambda: "10.0.2.2")
    assert look(played.serial, port)["host.wireguard"].status is Status.ok
    seen = look(played.serial, port)["device.wireguard"]
    assert (seen.status, "a handshake is not tried" in seen.detail) == (Status.ok, True)
    monkeypatch.setattr("pia_runtime.capture.doctor.tunnel_host", lambda: "127.0.0.1")
    assert look(played.serial, port)["device.wireguard"].status is Status.warning
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", port))
        seen = look(played.serial, port)
        assert {seen[name].status for name in ("host.wireguard", "device.wireguard")} == {
            Status.warning,
            Status.not_checked,
        }


def test_without_a_device_this_machine_is_still_looked_at(look):
    """Its points are not checked, and that is not the same as ready."""
    seen = look()
    assert seen["device.connected"].status is Status.not_ready
    assert {seen[name].status for name in DEVICE_CHECKS[1:]} == {Status.not_checked}
    assert seen["host.adb"].status is Status.ok


def test_the_safe_fixes_are_applied(connect, look, journal_of):
    """An authority is made; what a killed run left is undone."""
    played, device = connect("magisk-13")
    journal = journal_of(device)
    journal.doing("global_proxy", GlobalProxy("127.0.0.1", 8080).before(device))
    device.shell("settings", "put", "global", "http_proxy", "127.0.0.1:8080")
    seen = look(played.serial)
    assert seen["device.leftovers"].status is Status.not_ready
    told: list[str] = []
    assert apply_fixes(list(seen.values()), told.append) == 2
    seen = look(played.serial)
    assert seen["host.ca"].status is Status.ok
    assert seen["device.leftovers"].status is Status.ok
    assert "http_proxy" not in played.state["settings"]["global"]


def test_the_command_prints_its_json_and_exits_with_4_when_something_is_not_ready(adb, tmp_path):
    """And so does restore while a device that something was changed on is away."""
    pia = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()"]
    done = subprocess.run([*pia, "doctor", "--json"], capture_output=True, check=False, cwd=tmp_path)
    assert done.returncode == 4
    checks = orjson.loads(done.stdout)["checks"]
    assert all(set(check) == {"id", "status", "detail", "fix"} for check in checks)
    away = subprocess.run([*pia, "restore"], capture_output=True, check=False, cwd=tmp_path)
    assert (away.returncode, away.stdout) == (0, b"")


def test_a_device_that_cannot_be_spoken_to_is_named_with_its_state_and_the_way_out(adb, double, look):
    """Unauthorized, offline, one of two, unknown, none: told before anything is done, with exit code 4."""
    pia = str(Path(sys.executable).with_name("pia"))

    def refused(*more: str) -> str:
        done = subprocess.run(
            [pia, "capture", APP, *more], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 4, done.stderr
        assert done.stderr.count("\n") == 1
        return done.stderr

    assert "no device is connected" in refused()
    phone = double("magisk-13")
    emulator = double("emulator-14")
    assert "2 devices are connected" in refused()
    assert "'nobody' not found" in refused("--device", "nobody")
    phone.ask("plug", value=False)
    phone._until(lambda: f"{phone.serial}\tdevice" not in adb.adb("devices"))
    assert refused("--device", phone.serial).startswith(f"pia: device {phone.serial} is offline; reconnect")
    emulator.set("authorised", to=False)
    adb.adb("-s", emulator.serial, "reconnect", check=False)
    emulator._until(lambda: f"{emulator.serial}\tunauthorized" in adb.adb("devices"))
    assert "is unauthorized; accept the debugging key" in refused("--device", emulator.serial)
    seen = look(emulator.serial)
    assert seen["device.connected"].status is Status.not_ready
    assert "accept the debugging key" in seen["device.connected"].fix


def test_a_device_that_is_away_keeps_its_journal(connect, journal_of):
    """``pia restore`` names what waits for it."""
    played, device = connect("magisk-13")
    with (
        contextlib.suppress(NotReadyError),
        prepared(device, [GlobalProxy("127.0.0.1", 8080)], journal_of(device), print),
    ):
        played.ask("plug", value=False)
    assert restore_all(None, print) == {played.serial: ["global_proxy (the device is not connected)"]}
