"""A run on a device: what adb says goes into the session, and what is not ready is one line."""

import shlex
import socket
import sys
from pathlib import Path

import orjson
import pytest
from capture_stage import events
from test_capture_live import Program, consent

from pia_runtime.capture.device_facts import parse_app, parse_device, parse_first_launch
from pia_runtime.capture.run import capture_device, session_id
from pia_runtime.errors import InputError, NotReadyError

GETPROP = """[ro.boot.qemu]: [1]
[ro.build.version.release]: [14]
[ro.build.version.sdk]: [34]
[ro.product.model]: [sdk_gphone64_x86_64]
"""
DUMPSYS = """Packages:
  Package [com.example.loan] (8f2d1e0):
    versionCode=18500 minSdk=24 targetSdk=34
    versionName=1.8.50 (beta)
    User 0: ceDataInode=0 installed=true hidden=false suspended=false stopped=true notLaunched=true enabled=0
"""


@pytest.fixture
def adb(tmp_path, monkeypatch):
    """A program named adb that answers as a device does."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = f"""#!/bin/sh
[ "$2" = emulator-5554 ] || {{ echo "adb: device '$2' not found" >&2; exit 1; }}
case "$4" in
getprop) printf %s {shlex.quote(GETPROP)};;
dumpsys) [ "$6" = com.example.loan ] && printf %s {shlex.quote(DUMPSYS)}; exit 0;;
esac
"""
    (folder / "adb").write_text(script)
    (folder / "adb").chmod(0o700)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setattr(sys, "stdin", Path("/dev/null").open())  # noqa: SIM115 - closed with the process


def test_a_device_is_described_by_its_properties():
    """Model, Android version, level and whether it is an emulator."""
    assert parse_device("emulator-5554", GETPROP) == {
        "serial": "emulator-5554",
        "model": "sdk_gphone64_x86_64",
        "android": "14",
        "api_level": 34,
        "emulator": True,
    }


def test_what_a_device_does_not_say_is_left_out():
    """Nothing is made up."""
    assert parse_device("x", "") == {"serial": "x"}
    assert parse_app("com.example.loan", "") == {"package": "com.example.loan"}


def test_only_an_app_that_was_never_started_is_known_to_start_for_the_first_time():
    """Cleared data leave no trace, so that "no" is not claimed."""
    assert parse_first_launch(DUMPSYS) is True
    assert parse_first_launch(DUMPSYS.replace("notLaunched=true", "notLaunched=false")) is None


def test_a_session_is_named_by_start_and_package():
    """The name of the documented example."""
    assert session_id("com.example.loan", 1763884800_000000000) == "2025-11-23T080000Z-com.example.loan"


@pytest.mark.usefixtures("adb")
def test_a_run_on_a_device_fills_the_session_and_the_streams(tmp_path, confdir, capsys):
    """App, device and tool versions, times and samples; the app's plain traffic went through the proxy."""
    told: list[str] = []

    def app(program) -> None:
        program.on_event(consent("requested"))
        program.on_detached("process-terminated")

    folder, result = capture_device(
        "com.example.loan",
        serial="emulator-5554",
        connect=lambda *callbacks: Program(*callbacks, app),
        confdir=confdir,
        out=tmp_path / "capture",
        port=0,
        categories=(12,),
        say=told.append,
    )
    written = orjson.loads((folder / "session.json").read_bytes())
    assert result.reason == "target_exit"
    assert written["app"] == {
        "package": "com.example.loan",
        "version_name": "1.8.50 (beta)",
        "version_code": 18500,
        "categories": [12],
    }
    assert written["device"]["api_level"] == 34
    assert written["first_launch"] is True
    assert set(written["tools"]) == {"pia_runtime", "mitmproxy", "frida", "agent_sha256", "clock_simulation"}
    assert [line["signal"] for line in events(folder, "consent")] == ["requested"]
    assert "not a terminal" in told[1]
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("adb")
def test_a_device_that_is_not_there_is_one_line_and_leaves_no_folder(tmp_path, confdir):
    """What adb says is passed on."""
    with pytest.raises(NotReadyError, match="device 'gone' not found; see `adb devices`"):
        capture_device("com.example.loan", serial="gone", connect=Program, confdir=confdir, out=tmp_path / "c")
    assert not (tmp_path / "c").exists()


@pytest.mark.usefixtures("adb")
def test_a_taken_port_leaves_no_folder(tmp_path, confdir):
    """The same command works once the port is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(NotReadyError, match="is taken"):
        capture_device(
            "com.example.loan",
            serial="emulator-5554",
            connect=Program,
            confdir=confdir,
            out=tmp_path / "c",
            port=taken.getsockname()[1],
        )
    assert not (tmp_path / "c").exists()


@pytest.mark.usefixtures("adb")
@pytest.mark.parametrize(("package", "told"), [("com.absent", "not installed"), ("a; reboot", "not a package name")])
def test_an_app_that_is_not_there_is_one_line(tmp_path, confdir, package, told):
    """Nothing but a package name reaches the device's shell."""
    with pytest.raises(InputError, match=told):
        capture_device(package, serial="emulator-5554", connect=Program, confdir=confdir, out=tmp_path / "c")


def test_a_machine_without_adb_is_one_line(tmp_path, confdir, monkeypatch):
    """The fix says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotReadyError, match="adb is not on PATH; install"):
        capture_device("com.example.loan", serial="x", connect=Program, confdir=confdir, out=tmp_path / "c")
