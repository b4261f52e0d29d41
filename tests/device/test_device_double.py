"""The double is a device to the real adb client and to adbutils: what every other test here stands on."""

import os
import socket
import subprocess

import adbutils
import pytest
from device_stage import free_port


def test_the_real_client_lists_an_emulator_and_a_phone_by_address(adb, double):
    """Both ways of connecting, with the names of the banner."""
    emulator, phone = double("emulator-14"), double("magisk-13")
    listed = adb.adb("devices", "-l")
    assert f"{emulator.serial}         device product:sdk_gphone64_x86_64" in listed
    assert phone.serial in listed
    assert "model:Pixel_7" in listed


def test_the_real_client_gets_exit_codes_streams_and_files(adb, double, tmp_path):
    """Shell v2 keeps the streams apart, push and pull keep every byte, reverse and forward carry connections."""
    device = double()
    shell = subprocess.run(
        ["adb", "-s", device.serial, "shell", "echo out; echo err >&2; exit 7"],
        env={**os.environ, **adb.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (shell.returncode, shell.stdout, shell.stderr) == (7, "out\n", "err\n")
    content = os.urandom(300_001)
    (tmp_path / "out").write_bytes(content)
    adb.adb("-s", device.serial, "push", str(tmp_path / "out"), "/data/local/tmp/a b'c")
    adb.adb("-s", device.serial, "pull", "/data/local/tmp/a b'c", str(tmp_path / "in"))
    assert (tmp_path / "in").read_bytes() == content
    adb.adb("-s", device.serial, "reverse", "tcp:8080", "tcp:9000")
    assert "tcp:8080 tcp:9000" in adb.adb("-s", device.serial, "reverse", "--list")


def test_adbutils_sees_the_same_device(adb, double):
    """The library that the program stands on, over the same server."""
    device = double("emulator-9")
    played = adbutils.AdbDevice(adbutils.AdbClient(), serial=device.serial)
    assert played.shell2(["getprop", "ro.build.version.sdk"], v2=True).stdout == "28\n"
    played.sync.push(b"content", "/data/local/tmp/x", 0o640)
    assert played.sync.read_bytes("/data/local/tmp/x") == b"content"
    port = free_port()
    played.reverse("tcp:7000", f"tcp:{port}")
    assert [item.remote for item in played.reverse_list()] == ["tcp:7000"]


def test_mounts_processes_and_ports_of_the_device_are_its_own(adb, double):
    """A port of the device is not this machine's, the shell may not mount, and a private mount stays where it was made."""
    device = double("emulator-14")
    with socket.create_server(("127.0.0.1", 0)) as here:
        assert f":{here.getsockname()[1]:04X} " not in device.root("cat /proc/net/tcp")
    denied = subprocess.run(
        ["adb", "-s", device.serial, "shell", "mount -t tmpfs tmpfs /system/etc"],
        env={**os.environ, **adb.environment},
        capture_output=True,
        check=False,
    )
    assert denied.returncode != 0
    device.root("mount -t tmpfs tmpfs /apex/com.android.conscrypt/cacerts")
    assert device.root("ls /apex/com.android.conscrypt/cacerts") == ""
    assert "00673b5b.0" in device.root("ls /proc/$(pidof zygote64)/root/apex/com.android.conscrypt/cacerts")


def test_a_pulled_cable_is_offline_to_the_client(adb, double):
    """What every fault test relies on."""
    device = double()
    device.ask("plug", value=False)
    with pytest.raises(AssertionError, match=r"offline|not found|closed"):
        adb.adb("-s", device.serial, "shell", "true")
