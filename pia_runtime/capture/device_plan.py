"""What a run wants of a device, as the steps that make it so."""

import socket
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

from pia_runtime.capture.authority import ensure_authority
from pia_runtime.device.app_files import find_parts
from pia_runtime.device.certificate import StoreCertificate, load_certificate
from pia_runtime.device.connection import Connection
from pia_runtime.device.frida_binary import load_frida_server
from pia_runtime.device.root import RootKind, adb_root_is_possible, find_root
from pia_runtime.device.step import Step
from pia_runtime.device.step_adb_root import AdbRoot
from pia_runtime.device.step_app import BatteryOptimisationOff, ClearData, InstallApp, RevokePermissions, is_installed
from pia_runtime.device.step_ca_store import CaStore
from pia_runtime.device.step_frida_server import FridaServer, Probe
from pia_runtime.device.step_reverse import Reverse
from pia_runtime.device.step_screen_tree import ScreenTree
from pia_runtime.device.step_settings import GlobalProxy, Setting
from pia_runtime.device.step_udp_block import UdpBlock
from pia_runtime.errors import InputError, NotReadyError


class Network(StrEnum):
    """How the app's traffic reaches the proxy."""

    reverse = "reverse"
    emulator = "emulator"
    wireguard = "wireguard"
    none = "none"


EMULATOR_HOST = "10.0.2.2"
"""This machine as the SDK's emulator sees it (developer documentation, emulator networking)."""


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """What a run wants.

    Attributes:
        package: the app.
        frida_server: the program, or a folder of downloads; None where one runs already.
        frida_port, frida_name: where and under which name it runs on the device.
        network: how traffic reaches the proxy.
        port: the proxy's; 0 for a free one.
        udp_block: refuse QUIC on the whole device.
        install: the app's files, empty where it is installed.
        clear_data: empty the app first, which cannot be undone.
        revoke: take back the permissions it holds, and grant them again afterwards.
        record_screen: keep what the screen shows as video.
        emulator_packets: let the emulator record its packets into the capture.
    """

    package: str
    frida_server: Path | None = None
    frida_port: int = 27042
    frida_name: str = "frida-server"
    network: Network = Network.reverse
    port: int = 8080
    udp_block: bool = True
    install: tuple[Path, ...] = ()
    clear_data: bool = False
    revoke: bool = False
    record_screen: bool = False
    emulator_packets: bool = False
    confdir: Path = field(default_factory=lambda: Path(".cache") / "mitmproxy")

    def __post_init__(self) -> None:
        allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
        if not self.frida_name or not set(self.frida_name) <= allowed or self.frida_name.startswith((".", "-")):
            raise InputError(f"{self.frida_name!r} cannot be a program's name on the device", "use letters and digits")

    def certificate(self) -> StoreCertificate:
        """The proxy's authority, made where it is missing."""
        return load_certificate(ensure_authority(self.confdir))

    def with_port(self) -> "DevicePlan":
        """The same with a port that is free now, where any would do."""
        if self.port:
            return self
        with socket.create_server(("127.0.0.1", 0)) as sock:
            return replace(self, port=int(sock.getsockname()[1]))


def plan_steps(device: Connection, plan: DevicePlan, probe: Probe) -> list[Step]:
    """The steps in their order. Looks at the device, changes nothing.

    Raises:
        NotReadyError: the device gives no root.
        InputError: the app is not installed and not given, or a file that the plan names does not fit.
    """
    if not plan.install and not is_installed(device, plan.package):
        raise InputError(
            f"{plan.package} is not installed on {device.serial}",
            "install it, give --install FILE, or list: adb shell pm list packages",
        )
    device.root = find_root(device)
    steps: list[Step] = []
    if device.root is RootKind.none:
        if not adb_root_is_possible(device):
            raise NotReadyError(
                f"{device.serial} gives no root: adb root is refused and no su answers",
                "use an emulator image without Google Play, or root the phone and allow 'shell'; see pia doctor",
            )
        steps.append(AdbRoot())
    steps += [_frida(device, plan, probe), CaStore(plan.certificate()), *_network(plan)]
    if plan.install and not is_installed(device, plan.package):
        steps.append(Setting("global", "verifier_verify_adb_installs", "0", "let adb install without Play Protect"))
        steps.append(InstallApp(plan.package, find_parts(list(plan.install))))
    if plan.clear_data:
        steps.append(ClearData(plan.package))
    elif plan.revoke:
        steps.append(RevokePermissions(plan.package))
    steps += [BatteryOptimisationOff(plan.package), ScreenTree()]
    return steps


def _frida(device: Connection, plan: DevicePlan, probe: Probe) -> FridaServer:
    here = version("frida")
    binary = None
    if plan.frida_server is not None:
        binary = load_frida_server(plan.frida_server, device.shell("getprop", "ro.product.cpu.abi").text, here)
    return FridaServer(binary, probe, here, plan.frida_port, plan.frida_name)


def _network(plan: DevicePlan) -> list[Step]:
    steps: list[Step] = []
    if plan.network is Network.reverse:
        steps += [Reverse(plan.port, plan.port), GlobalProxy("127.0.0.1", plan.port)]
    elif plan.network is Network.emulator:
        steps.append(GlobalProxy(EMULATOR_HOST, plan.port))
    if plan.udp_block and plan.network in (Network.reverse, Network.emulator):
        steps.append(UdpBlock())
    return steps
