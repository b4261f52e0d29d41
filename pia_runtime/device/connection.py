"""One device over adb. Everything that touches a device goes through :class:`Connection`, and is logged."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, LiteralString

import adbutils
from adbutils import adb_path
from adbutils.errors import AdbError

from pia_runtime.device.command import Answer, command_line, script_line
from pia_runtime.device.command_log import CommandLog
from pia_runtime.device.root import RootKind
from pia_runtime.errors import NotReadyError

SHELL_SECONDS = 30.0
RECONNECT_SECONDS = 15.0

_FIXES = (
    ("unauthorized", "accept the debugging key on the device's screen"),
    ("offline", "reconnect the device, or run: adb reconnect"),
    ("more than one device", "name one with --device; adb devices prints all"),
    ("no devices", "connect a device, or start an emulator"),
    ("not found", "see `adb devices` for what is connected"),
    ("no space left", "free space on the device"),
)


class DeviceLostError(NotReadyError):
    """The device does not answer any more: unplugged, rebooted, or adb lost it (exit code 4)."""


class Connection:
    """A device that adb knows.

    Args:
        serial: as ``adb devices`` prints it.
        log: takes a line for everything that is done.

    Attributes:
        serial: as given.
        root: how commands are run as root; ``RootKind.none`` until :func:`pia_runtime.device.root.find_root` says more.
    """

    def __init__(self, serial: str, log: CommandLog | None = None) -> None:
        self.serial = serial
        self.root = RootKind.none
        self.log = log or CommandLog()
        self._client = adbutils.AdbClient()
        # adbutils asks for it before every command, on a connection of its own; once is enough.
        self._client.server_version = cache(self._client.server_version)
        self._device = adbutils.AdbDevice(self._client, serial=serial)

    def shell(self, *argv: str, root: bool = False, timeout: float = SHELL_SECONDS) -> Answer:
        """Run one command, every word quoted.

        Raises:
            DeviceLostError: the device does not answer.
        """
        return self._run(command_line(argv), root=root, timeout=timeout)

    def script(self, text: LiteralString, *values: str, root: bool = False, timeout: float = SHELL_SECONDS) -> Answer:
        """Run a script of the program's own with values as ``$1``, ``$2`` and so on.

        Raises:
            DeviceLostError: the device does not answer.
        """
        return self._run(script_line(text, *values), root=root, timeout=timeout)

    def gives_root(self, kind: RootKind) -> bool:
        """Whether this form of ``su`` runs commands as root."""
        answer = self._run(kind.wrap("id -u"), root=False, timeout=SHELL_SECONDS)
        return answer.ok and answer.text == "0"

    def _run(self, line: str, *, root: bool, timeout: float) -> Answer:
        sent = self.root.wrap(line) if root else line
        with self._told("shell", sent) as result:
            done = self._device.shell2(sent, timeout=timeout, encoding=None, v2=True)
            error = bytes(done.stderr or b"").decode(errors="replace")
            out = bytes(done.stdout if done.stdout or done.stderr else done.output)
            result |= {"code": done.returncode, "out": out, "error": error}
        return Answer(done.returncode, out, error)

    def push(self, source: Path | bytes, path: str, mode: int = 0o644) -> None:
        """Write a file on the device as adb's user.

        Raises:
            NotReadyError: the device refuses it, or holds less than was sent.
            DeviceLostError: the device does not answer.
        """
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        with self._told("push", f"{path},{mode:o} ({size} bytes)") as result:
            try:
                self._device.sync.push(source, path, mode)
            except (AdbError, ConnectionError) as error:
                held = self._device.sync.stat(path).size
                raise NotReadyError(
                    f"{self.serial}: {path} cannot be written: {held} of {size} bytes arrived ({error})",
                    "free space on the device: adb shell df /data",
                ) from error
            result |= {"code": 0}

    def pull(self, path: str) -> bytes:
        """Read a file of the device as adb's user.

        Raises:
            NotReadyError: it is not there or not readable.
        """
        with self._told("pull", path) as result:
            try:
                content = bytes(self._device.sync.read_bytes(path))
            except AdbError as error:
                said = error.args[0] if error.args else error  # adbutils adds the path as a second argument
                raise NotReadyError(
                    f"{self.serial}: {path} cannot be read: {said}", "see the device's own log"
                ) from error
            result |= {"code": 0, "out": content}
        return content

    def reverse(self, device_port: int, host_port: int) -> None:
        """Lead a port of the device's loopback to one of this machine's.

        Raises:
            NotReadyError: the port is taken on the device.
        """
        with self._told("reverse", f"tcp:{device_port} tcp:{host_port}") as result:
            try:
                self._device.reverse(f"tcp:{device_port}", f"tcp:{host_port}")
            except AdbError as error:
                raise NotReadyError(
                    f"{self.serial}: port {device_port} cannot be reversed: {error}", "choose another --port"
                ) from error
            result |= {"code": 0}

    def reverses(self) -> dict[str, str]:
        """What is reversed now: the device's end to this machine's."""
        with self._told("reverse", "--list") as result:
            found = {item.remote: item.local for item in self._device.reverse_list()}
            result |= {"code": 0}
        return found

    def end_reverse(self, device_port: int) -> None:
        """Take a reversed port back; one that is not there is no error."""
        with self._told("reverse", f"--remove tcp:{device_port}") as result:
            try:
                self._device.reverse_remove(f"tcp:{device_port}")
                result |= {"code": 0}
            except AdbError as error:
                if "not found" not in str(error):
                    raise
                result |= {"code": 1, "error": str(error)}

    def forward(self, device_port: int) -> int:
        """Lead a free port of this machine to one of the device's, and return it."""
        with self._told("forward", f"tcp:0 tcp:{device_port}") as result:
            port = int(self._device.forward_port(device_port))
            result |= {"code": 0}
        return port

    def end_forward(self, host_port: int) -> None:
        """Take a forwarded port back; one that is not there is no error."""
        with self._told("forward", f"--remove tcp:{host_port}") as result:
            self._device.forward_remove(f"tcp:{host_port}", raise_non_found=False)
            result |= {"code": 0}

    def restart_daemon(self, *, root: bool) -> str:
        """``adb root`` or ``adb unroot``; waits until the device is back.

        Returns:
            What the daemon said.

        Raises:
            DeviceLostError: it did not come back.
        """
        verb = "root" if root else "unroot"
        with self._told("root", verb) as result:
            with self._device.open_transport(timeout=RECONNECT_SECONDS) as connection:
                connection.send_command(f"{verb}:")
                connection.check_okay()
                said = str(connection.read_until_close()).strip()
            result |= {"code": 0, "out": said.encode()}
        if "restarting" in said:
            self._await_return()
        return said

    def _await_return(self) -> None:
        """A device by address has to be connected again; any other comes back by itself."""
        deadline = time.monotonic() + RECONNECT_SECONDS
        time.sleep(0.2)  # the daemon answers once more before it restarts
        while time.monotonic() < deadline:
            try:
                if ":" in self.serial:
                    self._client.connect(self.serial, timeout=3)
                if self._device.get_state() == "device" and self.shell("true", timeout=3).ok:
                    return
            except (AdbError, OSError, NotReadyError):
                pass
            time.sleep(0.2)
        raise DeviceLostError(f"{self.serial}: the device did not come back after adbd restarted", "run: adb reconnect")

    @contextmanager
    def _told(self, action: str, command: str) -> Iterator[dict[str, Any]]:
        """Log what happens inside, and turn adb's errors into sentences."""
        started, result = time.time_ns(), dict[str, Any]()
        try:
            yield result
        except NotReadyError as error:
            result |= {"code": None, "error": error.message}
            raise
        except (AdbError, OSError, EOFError) as error:
            result |= {"code": None, "error": str(error) or type(error).__name__}
            raise explain(self.serial, error) from error
        finally:
            self.log.write(self.serial, action, command, started, **result)


def explain(serial: str, error: Exception) -> NotReadyError:
    """An error of adb as one line with its fix."""
    said = str(error) or type(error).__name__
    for words, fix in _FIXES:
        if words in said.lower():
            return DeviceLostError(f"{serial}: adb: {said}", fix)
    cause = "did not answer in time" if isinstance(error, TimeoutError) or "timeout" in said.lower() else "broke off"
    return DeviceLostError(
        f"{serial}: the connection {cause} ({said})",
        "reconnect the device and run: pia restore",
    )


def connected() -> dict[str, str]:
    """Serial and state of every device that adb knows (``device``, ``offline``, ``unauthorized``).

    Raises:
        NotReadyError: there is no adb, or its server does not start.
    """
    try:
        # Here rather than left to adbutils, whose start of the server writes on this process's output.
        subprocess.run(
            [adb_path(), "start-server"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SHELL_SECONDS,
            check=False,
        )
        return {item.serial: item.state for item in adbutils.AdbClient().list()}
    except (AdbError, OSError, subprocess.TimeoutExpired) as error:
        raise NotReadyError(f"adb is not ready: {error}", "install Android's platform tools (Debian: adb)") from error


def choose_device(serial: str | None) -> str:
    """The device asked for, or the only one that is ready.

    Raises:
        NotReadyError: there is none, more than one, or it is not ready.
    """
    wanted = serial or os.environ.get("ANDROID_SERIAL")
    states = connected()
    if wanted is not None:
        state = states.get(wanted)
        if state is None:
            raise NotReadyError(f"device {wanted!r} not found", "see `adb devices` for what is connected")
    else:
        ready = [name for name, state in states.items() if state == "device"]
        if len(ready) > 1:
            raise NotReadyError(f"{len(ready)} devices are connected: {', '.join(ready)}", "name one with --device")
        wanted = ready[0] if ready else next(iter(states), None)
        if wanted is None:
            raise NotReadyError("no device is connected", "connect one and allow USB debugging, or start an emulator")
        state = states[wanted]
    if state != "device":
        fix = next((fix for words, fix in _FIXES if words in str(state)), "reconnect the device")
        raise NotReadyError(f"device {wanted} is {state}", fix)
    return wanted


def expect(answer: Answer, what: str, fix: str) -> Answer:
    """The answer, if the command succeeded.

    Raises:
        NotReadyError: it did not; the message ends with what the device said.
    """
    if not answer.ok:
        raise NotReadyError(f"{what}: {answer.reason}", fix)
    return answer
