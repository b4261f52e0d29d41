"""``pia doctor``: this machine and a device, point by point, and the fixes that change nothing a person might want kept."""

import importlib.metadata
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from pia_runtime.capture.authority import ensure_authority
from pia_runtime.capture.tunnel import try_tunnel_server, tunnel_host
from pia_runtime.device.certificate import load_certificate
from pia_runtime.device.checks import Check, Status
from pia_runtime.device.connection import Connection, choose_device, connected
from pia_runtime.device.device_checks import DEVICE_CHECKS, DeviceChecks
from pia_runtime.device.journal import Journal, journals
from pia_runtime.device.restoring import restore
from pia_runtime.device.state_folder import state_folder
from pia_runtime.device.step_frida_server import Probe
from pia_runtime.errors import NotReadyError, PiaError
from pia_runtime.instrumentation.agent_build import agent_sha256

HOST_SPACE_MIB = 1024


def examine(serial: str | None, *, confdir: Path, port: int, frida_port: int, probe: Probe) -> list[Check]:
    """Look at this machine and at the device.

    Args:
        serial: the device; None for the only one.
        confdir: where the proxy's authority is kept.
        port: the port that the proxy is to listen on.
        frida_port: where frida-server is expected on the device.
        probe: asks frida-server.

    Returns:
        Every point, ``host.…`` first. Without a device its points are ``not_checked``.
    """
    checks = list(_host(confdir, port))
    try:
        chosen = choose_device(serial)
    except PiaError as error:
        missing = Check("device.connected", Status.not_ready, error.message, error.fix)
        rest = [Check(name, Status.not_checked, "no device") for name in DEVICE_CHECKS[1:]]
        return [*checks, missing, *rest]
    pem = confdir / "mitmproxy-ca-cert.pem"
    certificate = load_certificate(pem) if pem.exists() else None
    tunnel = (tunnel_host(), port)
    return [*checks, *DeviceChecks(Connection(chosen), certificate, probe, frida_port, _free_port(), tunnel).run()]


def apply_fixes(checks: list[Check], say: Callable[[str], None]) -> int:
    """Apply every fix that is safe, and return how many were."""
    applied = 0
    for check in checks:
        if check.apply is not None:
            try:
                say(f"{check.id}: {check.apply()}")
                applied += 1
            except PiaError as error:
                say(f"{check.id}: {error}")
    return applied


def restore_all(serial: str | None, say: Callable[[str], None]) -> dict[str, list[str]]:
    """Undo what earlier runs left, on every device that is connected or on one.

    Returns:
        What remains, by device; a device that is not connected keeps everything.
    """
    left: dict[str, list[str]] = {}
    known = [Journal(serial)] if serial is not None else journals()
    states = connected() if any(journal.open_steps() for journal in known) else {}
    for journal in known:
        with journal.locked():
            steps = journal.open_steps()
            if not steps:
                continue
            if states.get(journal.serial) != "device":
                left[journal.serial] = [f"{step.step} (the device is not connected)" for step in steps]
                continue
            say(f"{journal.serial}:")
            try:
                remains = restore(Connection(journal.serial), journal, say)
            except NotReadyError as error:
                remains = [str(error)]
            if remains:
                left[journal.serial] = remains
    return left


def _host(confdir: Path, port: int) -> Iterator[Check]:
    yield _adb()
    for name in ("frida", "mitmproxy"):
        yield Check(f"host.{name}", Status.ok, f"{name} {importlib.metadata.version(name)}")
    yield _agent()
    yield _authority(confdir)
    yield _port(port)
    yield _space()
    yield _state_folder()
    yield _leftovers()
    yield _wireguard(port)


def _adb() -> Check:
    try:
        devices = connected()
    except NotReadyError as error:
        return Check("host.adb", Status.not_ready, error.message, error.fix)
    path = shutil.which("adb") or "the one that adbutils carries"
    return Check("host.adb", Status.ok, f"{path}; {len(devices)} device{'' if len(devices) == 1 else 's'}")


def _agent() -> Check:
    try:
        return Check("host.agent", Status.ok, f"built, SHA-256 {agent_sha256()[:12]}…")
    except PiaError as error:
        return Check("host.agent", Status.not_ready, error.message, error.fix)


def _authority(confdir: Path) -> Check:
    pem = confdir / "mitmproxy-ca-cert.pem"
    if pem.exists():
        try:
            return Check("host.ca", Status.ok, f"{pem} ({load_certificate(pem).file_name})")
        except PiaError as error:
            return Check("host.ca", Status.not_ready, error.message, "move the folder away; the proxy makes a new one")

    def make() -> str:
        return f"made {ensure_authority(confdir)}"

    return Check(
        "host.ca",
        Status.warning,
        f"no authority in {confdir} yet",
        "pia doctor --fix, or the first run, makes it",
        make,
    )


def _port(port: int) -> Check:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        return Check("host.port", Status.not_ready, f"port {port}: {error.strerror}", "choose another --port")
    return Check("host.port", Status.ok, f"port {port} is free")


def _wireguard(port: int) -> Check:
    try:
        try_tunnel_server(port)
    except NotReadyError as error:
        return Check("host.wireguard", Status.warning, error.message, f"{error.fix}; only --network wireguard needs it")
    told = tunnel_host()
    if told is None:
        return Check("host.wireguard", Status.warning, "this machine has no network to tell a device", "connect it")
    return Check("host.wireguard", Status.ok, f"mitmproxy's server starts on UDP port {port}; devices are told {told}")


def _space() -> Check:
    free = shutil.disk_usage(Path.cwd()).free >> 20
    if free < HOST_SPACE_MIB:
        return Check("host.space", Status.warning, f"{free} MiB free here", "captures with screenshots need more")
    return Check("host.space", Status.ok, f"{free} MiB free here")


def _state_folder() -> Check:
    folder = state_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        fix = "set PIA_STATE_DIR to a folder of yours: without a journal nothing is changed on a device"
        return Check("host.journal", Status.not_ready, f"{folder}: {error.strerror}", fix)
    return Check("host.journal", Status.ok, str(folder))


def _leftovers() -> Check:
    open_steps = {journal.serial: journal.open_steps() for journal in journals()}
    left = {serial: steps for serial, steps in open_steps.items() if steps}
    if not left:
        return Check("host.leftovers", Status.ok, "no device waits to be restored")

    def undo() -> str:
        remains = restore_all(None, lambda _: None)
        return "restored" if not remains else f"still left: {remains}"

    names = ", ".join(f"{serial} ({len(steps)} steps)" for serial, steps in left.items())
    return Check("host.leftovers", Status.warning, f"waits to be restored: {names}", "pia restore", undo)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])
