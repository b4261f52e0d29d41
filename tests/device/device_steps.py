"""The steps of a preparation as ``pia capture`` puts them together, with a stand-in for frida-server that only listens."""

from pathlib import Path

from device_stage import Double, free_port

from pia_runtime.device.certificate import StoreCertificate
from pia_runtime.device.frida_binary import load_frida_server
from pia_runtime.device.step_adb_root import AdbRoot
from pia_runtime.device.step_app import BatteryOptimisationOff, RevokePermissions
from pia_runtime.device.step_ca_store import CaStore
from pia_runtime.device.step_frida_server import FridaServer
from pia_runtime.device.step_reverse import Reverse
from pia_runtime.device.step_screen_recording import ScreenRecording
from pia_runtime.device.step_settings import GlobalProxy, Setting
from pia_runtime.device.step_udp_block import UdpBlock

APP = "com.example.chat"
VERSION = "17.26.2"


def furnish(double: Double) -> None:
    """An app that runs, holds a permission and has had a proxy set by hand."""
    packages = double.state["packages"]
    packages[APP] = {
        "version": "2.0",
        "code": 20,
        "granted": ["android.permission.READ_CONTACTS"],
        "asks": ["android.permission.READ_CONTACTS"],
    }
    double.set("packages", packages)
    double.ask("start app", APP)


def all_steps(profile: str, server: Path, certificate: StoreCertificate, host_port: int | None = None) -> list:
    """Every step that can be undone, in the order of a run."""
    first = [AdbRoot()] if profile.startswith("emulator") else []
    return [
        *first,
        FridaServer(load_frida_server(server, "x86_64", VERSION), lambda *_: None, VERSION),
        CaStore(certificate),
        Reverse(8080, host_port or free_port()),
        GlobalProxy("127.0.0.1", 8080),
        UdpBlock(),
        Setting("global", "verifier_verify_adb_installs", "0", "let adb install without Play Protect"),
        RevokePermissions(APP),
        BatteryOptimisationOff(APP),
        ScreenRecording(),
    ]
