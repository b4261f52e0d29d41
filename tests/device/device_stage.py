"""Starts device doubles for tests and lets the real adb client see them."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
NEEDED = ("adb", "toybox", "mksh", "unshare", "nsenter", "setpriv")


def why_not() -> str:
    """Why no double can be started here, or "" where one can."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return f"the device double needs {', '.join(missing)} (Debian: apt-get install adb toybox mksh util-linux)"
    if os.geteuid() != 0:
        return "the device double makes mount and network namespaces and needs root"
    probe = subprocess.run(["unshare", "-m", "-n", "-p", "-f", "true"], capture_output=True, check=False)
    return f"the device double needs namespaces: {probe.stderr.decode().strip()}" if probe.returncode else ""


def free_port() -> int:
    """A free TCP port of the host."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


class AdbServer:
    """A real adb server of its own port, so that nobody's devices are touched."""

    def __init__(self) -> None:
        self.port = free_port()
        self.environment = {"ANDROID_ADB_SERVER_PORT": str(self.port), "ADB_MDNS": "0"}

    def adb(self, *arguments: str, check: bool = True) -> str:
        """Call the real client."""
        done = subprocess.run(
            ["adb", *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"adb {arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def __enter__(self) -> Self:
        self.adb("start-server")
        return self

    def __exit__(self, *_: object) -> None:
        self.adb("kill-server", check=False)


class Double:
    """One played device, connected to an adb server as an emulator or as a phone on the network.

    Attributes:
        serial: as ``adb devices`` prints it.
    """

    def __init__(self, server: AdbServer, profile: str, *, data_mib: int = 64) -> None:
        # Unix socket paths are short, so this does not stand below pytest's own folder.
        self.folder = Path(tempfile.mkdtemp(prefix="pia-d"))
        self.folder.chmod(0o755)
        self._server = server
        visible = {str(PROJECT), sys.prefix, sys.base_prefix, str(self.folder)}
        if os.environ.get("PIA_JDK17"):
            visible.add(os.environ["PIA_JDK17"])
        plan = {
            "profile": profile,
            "folder": str(self.folder),
            "port": 0,
            "control": str(self.folder / "control"),
            "door": str(self.folder / "door"),
            "up": str(self.folder / "up"),
            "python": os.path.realpath(sys.executable),
            "visible": sorted(visible),
            "data_mib": data_mib,
            **({"server": server.port} if profile.startswith("emulator") else {}),
        }
        (self.folder / "plan.json").write_text(json.dumps(plan))
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "double/device.py"), str(self.folder / "plan.json")], stdin=subprocess.PIPE
        )
        self._until((self.folder / "up").exists)
        self.port = int((self.folder / "up").read_text())
        self._control = socket.socket(socket.AF_UNIX)
        self._control.connect(str(self.folder / "control"))
        self._answers = self._control.makefile("rb")
        self.serial = self._connect(profile)

    def _connect(self, profile: str) -> str:
        """Register as an emulator does (``host:emulator``) or be connected to by address."""
        if profile.startswith("emulator"):
            with socket.create_connection(("127.0.0.1", self._server.port)) as sock:
                request = f"host:emulator:{self.port}".encode()
                sock.sendall(b"%04x" % len(request) + request)
                sock.recv(8)
            serial = f"emulator-{self.port - 1}"
        else:
            serial = f"127.0.0.1:{self.port}"
            self._server.adb("connect", serial)
        self._until(lambda: f"{serial}\tdevice" in self._server.adb("devices"))
        return serial

    def ask(self, verb: str, value: Any = None) -> Any:
        """Ask or tell the double something, past adb."""
        self._control.sendall(json.dumps({"verb": verb, "value": value}).encode() + b"\n")
        answer = json.loads(self._answers.readline())
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["ok"]

    @property
    def state(self) -> dict[str, Any]:
        """Everything the device knows."""
        return self.ask("state")

    def set(self, name: str, to: Any) -> None:
        """Change a part of the device's state."""
        self.ask("set", {"name": name, "to": to})

    def fault(self, match: str, do: str, **more: Any) -> None:
        """Let something go wrong when a command that matches arrives."""
        self.ask("fault", {"match": match, "do": do, **more})

    def root(self, command: str) -> str:
        """Run a command on the device as root, past adb."""
        code, out, err = self.ask("run", command)
        return out if code == 0 else f"{out}{err}[{code}]"

    def close(self) -> None:
        """End the device and everything on it."""
        self._control.close()
        self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._process.wait()
        self._server.adb("disconnect", self.serial, check=False)  # the server would name it "offline" for a while
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _until(self, holds: Any, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            if self._process.poll() is not None:
                raise AssertionError("the device double ended")
            if time.monotonic() > deadline:
                raise AssertionError("the device double did not come up")
            time.sleep(0.02)
