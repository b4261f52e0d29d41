"""What ``pia doctor`` looks at on a device. Everything it does there it takes back at once; nothing is left changed."""

import re
import time
from collections.abc import Callable, Iterator

from pia_runtime.device.certificate import StoreCertificate
from pia_runtime.device.checks import Check, Status
from pia_runtime.device.connection import Connection
from pia_runtime.device.journal import Journal
from pia_runtime.device.root import RootKind, adb_root_is_possible, find_root
from pia_runtime.device.step_ca_store import CaStore
from pia_runtime.device.step_frida_server import Probe
from pia_runtime.device.step_reverse import Reverse, prove_path
from pia_runtime.device.step_settings import PROXY_NAMES, UNSET, read_setting
from pia_runtime.device.udp_path import check_udp_path
from pia_runtime.errors import PiaError

DEVICE_CHECKS = (
    "device.connected",
    "device.android",
    "device.abi",
    "device.root",
    "device.selinux",
    "device.frida_server",
    "device.ca",
    "device.path",
    "device.wireguard",
    "device.proxy",
    "device.clock",
    "device.space",
    "device.play_protect",
    "device.battery",
    "device.dns",
    "device.leftovers",
)
"""Every point, in the order in which they are looked at."""

OLDEST_API, NEWEST_API = 24, 36
SPACE_MIB = 300
CLOCK_SECONDS = 60.0
_PROPERTY = re.compile(r"^\[([^\]]+)\]: \[(.*)\]\r?$", re.MULTILINE)


class DeviceChecks:
    """Looks at one device.

    Args:
        device: connected.
        certificate: the proxy's, or None where there is none yet.
        probe: asks frida-server.
        frida_port: where it is expected.
        free_port: a port of this machine that is free, for the request from the device.
        tunnel: address and UDP port of this machine that a WireGuard app would be told.
    """

    def __init__(
        self,
        device: Connection,
        certificate: StoreCertificate | None,
        probe: Probe,
        frida_port: int,
        free_port: int,
        tunnel: tuple[str | None, int],
    ) -> None:
        self._tunnel = tunnel
        self._device, self._certificate, self._probe = device, certificate, probe
        self._frida_port, self._free_port = frida_port, free_port
        self._properties: dict[str, str] = {}

    def run(self) -> list[Check]:
        """Look at every point; one that fails does not keep the others from being looked at."""
        return list(self._each())

    def _each(self) -> Iterator[Check]:
        yield from self._guarded("device.connected", self._connected)
        for name in DEVICE_CHECKS[1:]:
            yield from self._guarded(name, getattr(self, f"_{name.removeprefix('device.')}"))

    @staticmethod
    def _guarded(name: str, look: Callable[[], Check]) -> Iterator[Check]:
        try:
            yield look()
        except PiaError as error:
            yield Check(name, Status.not_ready, error.message, error.fix)

    def _connected(self) -> Check:
        self._properties = dict(_PROPERTY.findall(self._device.shell("getprop").text))
        booted = self._properties.get("sys.boot_completed") == "1"
        status = Status.ok if booted else Status.not_ready
        fix = "" if booted else "wait until the device has started"
        return Check(
            "device.connected", status, f"{self._device.serial} ({self._properties.get('ro.product.model', '?')})", fix
        )

    def _android(self) -> Check:
        properties = self._properties
        level = properties.get("ro.build.version.sdk", "")
        emulator = any(properties.get(name) == "1" for name in ("ro.kernel.qemu", "ro.boot.qemu"))
        kind = "emulator" if emulator else "phone"
        detail = f"Android {properties.get('ro.build.version.release', '?')}, API {level or '?'}, {kind}"
        if not level.isdigit() or not OLDEST_API <= int(level) <= NEWEST_API:
            fix = f"documented for API {OLDEST_API} to {NEWEST_API}; see docs/devices.md"
            return Check("device.android", Status.warning, detail, fix)
        return Check("device.android", Status.ok, detail)

    def _abi(self) -> Check:
        abi = self._properties.get("ro.product.cpu.abi", "?")
        bridge = self._properties.get("ro.dalvik.vm.native.bridge", "0")
        if bridge in ("0", ""):
            return Check("device.abi", Status.ok, f"{abi}, no translation")
        return Check(
            "device.abi",
            Status.warning,
            f"{abi}; apps for ARM run through {bridge}",
            "native code of an ARM-only app is translated: hooks in Java work, hooks in its libraries may not; "
            "an emulator or phone of the app's own processor sees more",
        )

    def _root(self) -> Check:
        self._device.root = find_root(self._device)
        if self._device.root is not RootKind.none:
            return Check("device.root", Status.ok, self._device.root.value)
        if adb_root_is_possible(self._device):
            return Check("device.root", Status.ok, "adb root is possible; pia capture switches to it and back")
        return Check(
            "device.root",
            Status.not_ready,
            "no root: adb root is refused by this build and no su answers",
            "use an emulator image without Google Play, or root the phone (Magisk, KernelSU) and allow 'shell' in its app",
        )

    def _selinux(self) -> Check:
        mode = self._device.shell("getenforce").text
        if mode == "Permissive":
            return Check(
                "device.selinux", Status.warning, mode, "apps can see this; setenforce 1 unless you need it so"
            )
        return Check("device.selinux", Status.ok, mode or "unknown")

    def _frida_server(self) -> Check:
        why = self._probe(self._device, self._frida_port)
        if why is None:
            return Check("device.frida_server", Status.ok, f"answers on port {self._frida_port}")
        return Check(
            "device.frida_server",
            Status.warning,
            f"port {self._frida_port}: {why}",
            "give pia capture --frida-server FILE-OR-FOLDER and it starts and ends one",
        )

    def _ca(self) -> Check:
        if self._certificate is None:
            return Check("device.ca", Status.not_checked, "there is no certificate yet", "pia doctor --fix makes one")
        if self._device.root is RootKind.none:
            return Check("device.ca", Status.not_checked, "the stores of other processes can only be read as root")
        lacking = CaStore(self._certificate).lacking(self._device)
        if not lacking:
            return Check("device.ca", Status.ok, f"{self._certificate.file_name} is trusted by every process")
        return Check(
            "device.ca",
            Status.warning,
            f"{len(lacking)} processes do not see {self._certificate.file_name}, first {lacking[0].strip()}",
            "pia capture lays it over the system's store for the run (needs root)",
        )

    def _path(self) -> Check:
        port = self._free_port
        notes = Reverse(port, port).before(self._device)
        self._device.reverse(port, port)
        try:
            prove_path(self._device, "127.0.0.1", port, "127.0.0.1", port)
        finally:
            Reverse.undo(self._device, notes)
        return Check("device.path", Status.ok, "a request from the device arrives here (adb reverse)")

    def _wireguard(self) -> Check:
        return check_udp_path(self._device, *self._tunnel)

    def _proxy(self) -> Check:
        value = read_setting(self._device, "global", PROXY_NAMES[0])
        if value in (UNSET, ":0", ""):
            return Check("device.proxy", Status.ok, "no proxy is set; pia capture sets and clears one")
        host, _, port = value.rpartition(":")
        answers = self._device.script('echo | nc -w 3 "$1" "$2" > /dev/null', host, port).ok
        detail = f"the proxy is {value}, where {'something answers' if answers else 'nobody answers'}"
        fix = "" if answers else "apps have no network: adb shell settings put global http_proxy :0"
        return Check("device.proxy", Status.ok if answers else Status.warning, detail, fix)

    def _clock(self) -> Check:
        sent = time.time_ns()
        answer = self._device.shell("date", "+%s%N")
        received = time.time_ns()
        if not answer.text.isdigit():
            return Check("device.clock", Status.warning, f"date says {answer.text[:40]!r}", "set the device's clock")
        offset = (int(answer.text) - (sent + received) // 2) / 1e9
        error = (received - sent) / 2e9
        detail = f"{offset:+.3f} s ± {error:.3f} s from this machine's"
        if abs(offset) > CLOCK_SECONDS + error:
            return Check(
                "device.clock", Status.warning, detail, "switch automatic time on: servers may refuse a wrong clock"
            )
        return Check("device.clock", Status.ok, detail)

    def _space(self) -> Check:
        fields = self._device.shell("df", "-k", "/data").text.splitlines()[-1:]
        numbers = fields[0].split() if fields else []
        if len(numbers) < 4 or not numbers[3].isdigit():
            return Check("device.space", Status.warning, "df does not say how much is free in /data")
        free = int(numbers[3]) >> 10
        if free < SPACE_MIB:
            return Check("device.space", Status.warning, f"{free} MiB free in /data", f"free {SPACE_MIB} MiB")
        return Check("device.space", Status.ok, f"{free} MiB free in /data")

    def _play_protect(self) -> Check:
        store = self._device.shell("pm", "path", "com.android.vending").ok
        verifies = read_setting(self._device, "global", "verifier_verify_adb_installs") != "0"
        if store and verifies:
            fix = "pia capture --install switches it off for the run"
            return Check(
                "device.play_protect", Status.warning, "Play Protect may ask about or stop installs by adb", fix
            )
        return Check("device.play_protect", Status.ok, "installs by adb are not verified" if store else "no Play store")

    def _battery(self) -> Check:
        saver = read_setting(self._device, "global", "low_power")
        if saver == "1":
            return Check(
                "device.battery", Status.warning, "battery saver is on", "switch it off: it stops background work"
            )
        return Check("device.battery", Status.ok, "battery saver is off")

    def _dns(self) -> Check:
        mode = read_setting(self._device, "global", "private_dns_mode")
        if mode == "hostname":
            return Check(
                "device.dns",
                Status.warning,
                f"private DNS asks {read_setting(self._device, 'global', 'private_dns_specifier')}",
                "look-ups of names are not seen; set it to automatic or off for the run",
            )
        return Check("device.dns", Status.ok, f"private DNS: {mode}")

    def _leftovers(self) -> Check:
        steps = Journal(self._device.serial).open_steps()
        if not steps:
            return Check("device.leftovers", Status.ok, "nothing is left of an earlier run")
        names = ", ".join(step.step for step in steps)
        return Check("device.leftovers", Status.not_ready, f"an earlier run left: {names}", "pia restore")
