"""What adb says of a device and an app, as the fields of ``session.json``.

Property names and the layout of ``dumpsys package`` are those of the Android Open Source Project (``SystemProperties``,
``com.android.server.pm.Settings.dumpPackageLPr``), which is licensed under Apache-2.0.
"""

import re
import subprocess
from typing import Any

from pia_runtime.errors import NotReadyError

ADB_SECONDS = 20
_PROPERTY = re.compile(r"^\[([^\]]+)\]: \[(.*)\]\r?$", re.MULTILINE)
_EMULATOR_FLAGS = ("ro.kernel.qemu", "ro.boot.qemu")


def parse_device(serial: str, getprop: str) -> dict[str, Any]:
    """The ``device`` object from the output of ``getprop``; what it does not say is left out."""
    properties = dict(_PROPERTY.findall(getprop))
    facts: dict[str, Any] = {"serial": serial}
    if model := properties.get("ro.product.model"):
        facts["model"] = model
    if android := properties.get("ro.build.version.release"):
        facts["android"] = android
    if (level := properties.get("ro.build.version.sdk", "")).isdigit():
        facts["api_level"] = int(level)
    if properties:
        facts["emulator"] = any(properties.get(flag) == "1" for flag in _EMULATOR_FLAGS)
    return facts


def parse_app(package: str, dumpsys: str) -> dict[str, Any]:
    """The ``app`` object from the output of ``dumpsys package PACKAGE``; what it does not say is left out."""
    facts: dict[str, Any] = {"package": package}
    if found := re.search(r"^\s*versionName=(\S.*?)\s*$", dumpsys, re.MULTILINE):
        facts["version_name"] = found[1]
    if found := re.search(r"\bversionCode=(\d+)", dumpsys):
        facts["version_code"] = int(found[1])
    found = re.search(r"^\s*installerPackageName=([A-Za-z0-9._]+)\s*$", dumpsys, re.MULTILINE)
    if found and found[1] != "null":
        facts["installer"] = found[1]
    return facts


def parse_first_launch(dumpsys: str) -> bool | None:
    """True where Android says that the app was never started since it was installed, else None.

    An app whose data were cleared starts as if for the first time and is not marked so: "no" cannot be told.
    """
    return True if re.search(r"\bUser 0:.*\bnotLaunched=true\b", dumpsys) else None


def read_adb(serial: str, *command: str) -> str:
    """Run a command in the device's shell.

    Raises:
        NotReadyError: adb is not installed, or the device does not answer.
    """
    try:
        done = subprocess.run(
            ["adb", "-s", serial, "shell", *command], capture_output=True, timeout=ADB_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise NotReadyError("adb is not on PATH", "install Android's platform tools") from error
    except subprocess.TimeoutExpired as error:
        raise NotReadyError(f"{serial}: adb did not answer in {ADB_SECONDS} s", "reconnect the device") from error
    if done.returncode:
        reason = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise NotReadyError(f"adb: {reason[-1] if reason else 'failed'}", "see `adb devices` for what is connected")
    return done.stdout.decode(errors="replace")
