"""The double: one played device as a process of its own. ``python device.py PLAN.json`` serves until its input closes.

adb speaks to it on a TCP port, tests on a Unix socket (one JSON request a line: ``get``, ``set``, ``fault``, ``do``).
"""

import asyncio
import contextlib
import copy
import json
import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from adbd import Daemon
from android import Android
from profiles import PROFILES

HERE = Path(__file__).parent
SHELL_UID = 2000


class PlayedDevice:
    """One device: its container, its Android state, its faults."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.profile = PROFILES[plan["profile"]]
        self.android = Android(self.profile)
        self.folder = Path(plan["folder"])
        self.uid = SHELL_UID
        self.su = self.profile.root
        self.weak_root = False
        self.authorised = True
        self.faults: list[dict[str, Any]] = []
        self.commands: list[str] = []
        self.actions = 0
        self.snapshots: dict[str, dict[str, Any]] = {}
        self.planned: dict[str, Any] = {}
        self.console_token = ""
        self.console_refuses = False
        self.packets: asyncio.subprocess.Process | None = None
        self.aliases: list[asyncio.Server] = []
        self.daemon = Daemon(self)
        self.init = 0
        self.banner = f"ro.product.name={self.profile.model};ro.product.model={self.profile.model};ro.product.device={self.profile.name};"

    # the container

    def boot(self) -> None:
        """Make the namespaces and wait until the file tree stands."""
        root, ready = self.folder / "root", self.folder / "ready"
        ready.unlink(missing_ok=True)
        root.mkdir(exist_ok=True)
        boot_id = self.folder / "boot_id"
        boot_id.write_text(Path("/proc/sys/kernel/random/uuid").read_text())
        client = self._program("client")
        plan = {
            "root": str(root),
            "ready": str(ready),
            "api": self.profile.api,
            "zygotes": self.profile.zygotes,
            "client": str(client),
            "recorder": str(self._program("screenrecord")),
            "boot_id_file": str(boot_id),
            "zygote": str(HERE / "zygote.py"),
            "pipes": str(self.folder),
            "data_mib": self.plan.get("data_mib", 64),
            "visible": self.plan["visible"],
            "programs": [*self.android.programs(), *(["su"] if self.su not in ("none", "adb") else [])],
            "authorities": {
                "00673b5b.0": "-----BEGIN CERTIFICATE-----\nsystem\n",
                "04f60c28.0": "-----BEGIN CERTIFICATE-----\nsystem\n",
            },
        }
        for name in self.profile.zygotes:
            os.mkfifo(self.folder / name)
        (self.folder / "container.json").write_text(json.dumps(plan))
        starter = subprocess.Popen(
            [
                "unshare",
                "-m",
                "-n",
                "-p",
                "-f",
                "--kill-child",
                sys.executable,
                "-ISE",
                str(HERE / "container.py"),
                str(self.folder / "container.json"),
            ]
        )
        _until(lambda: ready.exists() or starter.poll() is not None)
        if starter.poll() is not None:
            raise SystemExit("the container did not start")
        children = Path(f"/proc/{starter.pid}/task/{starter.pid}/children").read_text().split()
        self.init, self.starter = int(children[0]), starter
        self._await_zygotes()
        _loopback_up(self.init)

    def _program(self, name: str) -> Path:
        """A program of the double's own where the device sees it."""
        text = (HERE / f"{name}.py").read_text()
        path = self.folder / name
        path.write_text(text.replace("PYTHON", self.plan["python"]).replace("DOOR", self.plan["door"]))
        path.chmod(0o755)
        return path

    def command(self, argv: list[str], uid: int) -> list[str]:
        """The host's command line that runs ``argv`` inside the device."""
        enter = ["nsenter", "-t", str(self.init), "-m", "-n", "-p", "-r", "-w"]
        environment = ["env", "-i", "PATH=/system/bin", "HOME=/", "ANDROID_DATA=/data"]
        weak = (
            ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "--no-new-privs"]
            if self.weak_root and uid == 0
            else []
        )
        drop = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else weak
        return [*enter, *drop, *environment, *argv]

    async def shell(self, command: str) -> asyncio.subprocess.Process | None:
        """Run a command with Android's shell; a fault that matches strikes first."""
        self.commands.append(command)
        for fault in list(self.faults):
            if re.search(fault["match"], command, re.DOTALL):
                if fault.get("skip", 0) > 0:
                    fault["skip"] -= 1
                    continue
                self.faults.remove(fault)
                if fault["do"] == "unplug":
                    self.daemon.unplugged = True
                    return None
                if fault["do"] == "cut":
                    return None
                if fault["do"] == "fail":
                    command = f"echo {_quoted(fault.get('text', 'failed'))} >&2; exit {fault.get('code', 1)}"
                elif fault["do"] == "restart zygote":
                    self.restart_zygote()
                else:
                    self.do(fault["do"])
        return await asyncio.create_subprocess_exec(
            *self.command(["/system/bin/sh", "-c", command], self.uid),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    def strike(self) -> str:
        """A planned fault strikes at the n-th action of the client, whatever that action is, and stays until it is lifted."""
        self.actions += 1
        if self.planned.get("at") != self.actions:
            return ""
        what = self.planned["do"]
        if what.startswith("unplug"):
            return what
        if what == "restart zygote":
            self.restart_zygote()
        elif what.startswith("set "):
            _, name, to = what.split(" ", 2)
            setattr(self, name, json.loads(to))
        else:
            self.do(what)
        return ""

    def do(self, what: str) -> None:
        """Something happens on the device, as root and unseen by adb."""
        subprocess.run(
            self.command(["/system/bin/sh", "-c", what], 0), check=False, stdin=subprocess.DEVNULL, capture_output=True
        )

    def restart_zygote(self) -> None:
        """Zygote and its apps die and zygote is started anew, with a fresh view of the mounts."""
        for name in self.profile.zygotes:
            zygote = self.pid_of(name)
            for pid in (*_descendants(zygote), zygote):
                os.kill(pid, signal.SIGKILL)
            Path(f"{self.folder}/{name}.ready").unlink()
            start = f"exec -a {name} {os.path.realpath(sys.executable)} -ISE {HERE / 'zygote.py'} {self.folder}/{name}"
            self._detached(["/bin/bash", "-c", start])
        self._await_zygotes()

    def _await_zygotes(self) -> None:
        for name in self.profile.zygotes:
            _until(Path(f"{self.folder}/{name}.ready").exists)

    def _detached(self, argv: list[str]) -> None:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*self.command(["/usr/bin/setsid", "-f", *argv], 0)], check=True, **quiet)

    def start_app(self, package: str) -> None:
        """Let zygote fork an app."""
        with Path(f"{self.folder}/{self.profile.zygotes[0]}").open("w") as pipe:
            pipe.write(f"{package}\n")
        _until(lambda: self.pid_of(package))

    def pid_of(self, name: str) -> int:
        """The host's number of a process of the device."""
        for child in _descendants(self.init):
            try:
                if Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0].decode() == name:
                    return child
            except OSError:
                continue
        return 0

    # what the daemon asks

    def root_service(self, *, root: bool) -> tuple[str, bool]:
        """As ``restart_service.cpp`` answers."""
        if not root:
            restarts, self.uid = self.uid == 0, SHELL_UID
            return ("restarting adbd as non root" if restarts else "adbd not running as root"), restarts
        if self.su != "adb":
            return "adbd cannot run as root in production builds", False
        if self.uid == 0:
            return "adbd is already running as root", False
        self.uid = 0
        return "restarting adbd as root", True

    async def announce(self) -> None:
        """Register as an emulator does at its start (``host:emulator:PORT``); the server alone looks once a second."""
        if not self.profile.emulator or "server" not in self.plan:
            return
        request = f"host:emulator:{self.plan['port']}".encode()
        for _ in range(3):  # the server takes a moment to see that the old connection has gone
            await asyncio.sleep(0.25)
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.plan["server"])
                writer.write(b"%04x" % len(request) + request)
                await writer.drain()
                writer.close()

    async def connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect inside the device's network."""
        sock = _in_network(self.init, lambda: socket.create_connection(("127.0.0.1", port)))
        return await asyncio.open_connection(sock=sock)

    async def listen(self, port: int, client: Callable[..., Any]) -> asyncio.Server:
        """Listen inside the device's network."""
        sock = _in_network(self.init, lambda: socket.create_server(("127.0.0.1", port)))
        return await asyncio.start_server(client, sock=sock)

    def _host_path(self, path: str) -> Path:
        return Path(f"/proc/{self.init}/root{path}")

    def stat(self, path: str) -> os.stat_result | None:
        """Stat a file."""
        try:
            return self._host_path(path).stat()
        except OSError:
            return None

    def write(self, path: str, mode: int, chunks: list[bytes]) -> None:
        """Write a file as adb's user."""
        if self.uid != 0 and not path.startswith(("/data/local/tmp/", "/sdcard/")):
            raise PermissionError(13, "Permission denied")
        target = self._host_path(path)
        if not target.parent.exists():
            target.parent.mkdir(parents=True)
            os.chown(target.parent, self.uid, self.uid)
        with target.open("wb") as file:
            file.writelines(chunks)
        os.chown(target, self.uid, self.uid)
        target.chmod(mode)

    def read(self, path: str) -> bytes:
        """Read a file as adb's user."""
        target = self._host_path(path)
        seen = target.stat()
        if self.uid not in (0, seen.st_uid) and not seen.st_mode & stat.S_IROTH:
            raise PermissionError(13, "Permission denied")
        return target.read_bytes()

    def listing(self, path: str) -> list[tuple[str, os.stat_result]]:
        """List a folder."""
        return [(entry.name, entry.stat()) for entry in self._host_path(path).iterdir()]

    # programs

    async def door(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one call of one of Android's own programs."""
        argv = (await reader.readexactly(int(await reader.readline()))).decode("utf-8", "surrogateescape").split("\0")
        peer = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        uid = struct.unpack("3i", peer)[1]
        if argv[0] == "su":
            code, out, err = await self._su(argv[1:], uid)
        else:
            code, out, err = self.android.run(argv, uid)
            self._follow()
        raw, told = (out if isinstance(out, bytes) else out.encode()), err.encode()
        writer.write(b"%d %d\n" % (code, len(raw)) + raw + told)
        await writer.drain()
        writer.close()

    def _follow(self) -> None:
        """Let the processes follow what ``am`` was told."""
        android = self.android
        while android.files:
            path, content = android.files.popitem()
            self._host_path(path).write_bytes(content)
        while android.done:
            self.do(android.done.pop(0))
        while android.stopped:
            name = android.stopped.pop()
            self.do(f"pkill -9 -f '^{name} '")
        while android.started:
            name = android.started.pop()
            if not self.pid_of(name):
                self.start_app(name)

    async def _su(self, argv: list[str], uid: int) -> tuple[int, bytes | str, str]:
        if self.su == "deny":
            return 13, "", "Permission denied\n"
        command = self._su_command(argv)
        if isinstance(command, tuple):
            return command
        process = await asyncio.create_subprocess_exec(
            *self.command(command, 0),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        out, err = await process.communicate()
        return process.returncode, out, err.decode(errors="replace")

    def _su_command(self, argv: list[str]) -> list[str] | tuple[int, str, str]:
        """The command that a form of ``su`` runs, or its answer."""
        if self.su == "aosp":
            if not argv or not argv[0].isdigit():
                return 1, "", f"su: invalid uid/gid '{argv[0] if argv else ''}'\n"
            return argv[1:]
        names = {"magisk": "27.0:MAGISKSU", "kernelsu": "v0.9.5:KernelSU"}
        if argv == ["-v"]:
            return 0, names[self.su] + "\n", ""
        masters = {"magisk": ("-mm", "--mount-master"), "kernelsu": ("-M", "--mount-master")}[self.su]
        rest = [word for word in argv if word not in masters]
        if len(rest) == 2 and rest[0] == "-c":
            return ["/system/bin/sh", "-c", rest[1]]
        return 1, "", f"su: unknown options {argv}\n"

    # the emulator's console

    async def console(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer ``adb emu``: greeting and ``OK``/``KO`` as the emulator's console prints them.

        With a token (``console_token``) nothing is done before ``auth`` names it. A snapshot holds Android's own state (settings,
        packages, tables), not memory and files. Packets are those of the device's network, written by ``dumpcap``.
        """
        writer.write(b"Android Console: Authentication required\r\nOK\r\nAndroid Console: type 'help'\r\nOK\r\n")
        known = not self.console_token
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            verb, _, rest = line.partition(" ")
            if verb == "quit":
                break
            if verb == "auth":
                known = known or rest == self.console_token
                answer = "" if known else "authentication token does not match ~/.emulator_console_auth_token"
            else:
                answer = await self._console(line) if known else "unknown command, try 'help'"
            writer.write(f"KO: {answer}\r\n".encode() if answer else b"OK\r\n")
        await writer.drain()
        writer.close()

    async def _console(self, line: str) -> str:
        """Do a command; "" or why not."""
        words = line.split()
        if words[:3] == ["avd", "snapshot", "save"]:
            self.snapshots[words[3]] = copy.deepcopy(vars(self.android))
        elif words[:3] == ["avd", "snapshot", "load"] and words[3] in self.snapshots:
            vars(self.android).update(copy.deepcopy(self.snapshots[words[3]]))
        elif line.startswith("network capture start ") and not self.console_refuses:
            return await self._record_packets(line.removeprefix("network capture start "))
        elif line == "network capture stop" and not self.console_refuses:
            if self.packets is not None:
                self.packets.terminate()
                await self.packets.wait()
                self.packets = None
        elif line.startswith("network "):
            return "bad sub-command"
        else:
            return "no such snapshot or command"
        return ""

    async def _record_packets(self, target: str) -> str:
        """``dumpcap`` in the device's network: as root of the host, into a file that is the console's user's own."""
        try:
            Path(target).touch(mode=0o644)
        except OSError as error:
            return f"could not start capture: {error.strerror}"
        network = ["nsenter", "-t", str(self.init), "-n", "--"]
        self.packets = await asyncio.create_subprocess_exec(
            *network, "dumpcap", "-q", "-i", "lo", "-P", "-w", target,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        while told := await self.packets.stderr.readline():  # it says "File: …" once it listens
            if told.startswith(b"File:"):
                return ""
        self.packets = None
        return "could not start capture: dumpcap ended"

    # the emulator's network

    async def host_alias(self, port: int) -> None:
        """Lead a port of 10.0.2.2 to this machine's own loopback, as the emulator's network does with every port.

        TCP both ways; UDP to this machine only.
        """

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                writer.close()
                return
            await asyncio.gather(_pipe(reader, far_writer), _pipe(far_reader, writer))

        def listener() -> socket.socket:
            subprocess.run(["ip", "address", "replace", "10.0.2.2/32", "dev", "lo"], check=True)
            return socket.create_server(("10.0.2.2", port))

        self.aliases.append(await asyncio.start_server(client, sock=_in_network(self.init, listener)))

        def receiver() -> socket.socket:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind(("10.0.2.2", port))
            return sock

        inside, outside = _in_network(self.init, receiver), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asyncio.get_running_loop().add_reader(inside, lambda: outside.sendto(inside.recv(65536), ("127.0.0.1", port)))

    # tests

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a test."""
        while line := await reader.readline():
            ask = json.loads(line)
            try:
                if ask["verb"] == "host alias":
                    await self.host_alias(ask["value"])
                    answer = {"ok": None}
                else:
                    answer = {"ok": self._control(ask)}
            except Exception as fault:  # noqa: BLE001 - told to the test
                answer = {"error": f"{type(fault).__name__}: {fault}"}
            writer.write(json.dumps(answer, default=list).encode() + b"\n")
            await writer.drain()

    def _control(self, ask: dict[str, Any]) -> Any:
        verb, value = ask["verb"], ask.get("value")
        if verb == "state":
            return {
                **vars(self.android),
                "profile": self.profile.name,
                "uid": self.uid,
                "commands": self.commands,
                "actions": self.actions,
                "files": list(self.android.files),
                "reverses": list(self.daemon.reverses),
            }
        if verb == "set":
            owner = self if hasattr(self, value["name"]) else self.android
            setattr(owner, value["name"], value["to"])
        elif verb == "fault":
            self.faults.append(value)
        elif verb == "faults left":
            return len(self.faults)
        elif verb == "run":
            done = subprocess.run(
                self.command(["/system/bin/sh", "-c", value], 0),
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
            )
            return [done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")]
        elif verb == "restart zygote":
            self.restart_zygote()
        elif verb == "start app":
            self.start_app(value)
        elif verb == "pid":
            return self.pid_of(value)
        elif verb == "plug":
            self.daemon.unplugged = not value
            if not value:
                self.daemon.unplug()
        else:
            raise ValueError(verb)
        return None


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _until(holds: Callable[[], object]) -> None:
    for _ in range(2000):
        if holds():
            return
        time.sleep(0.005)
    raise TimeoutError


def _descendants(pid: int) -> list[int]:
    try:
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [each for child in children for each in (child, *_descendants(child))]


def _in_network(pid: int, make: Callable[[], socket.socket]) -> socket.socket:
    """Make a socket in the network of a process: a socket stays in the network of the thread that made it."""
    result: list[Any] = []

    def work() -> None:
        try:
            with Path(f"/proc/{pid}/ns/net").open() as space:
                os.setns(space.fileno(), os.CLONE_NEWNET)
            result.append(make())
        except OSError as error:
            result.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if isinstance(result[0], OSError):
        raise result[0]
    result[0].setblocking(False)
    return result[0]


def _loopback_up(pid: int) -> None:
    def raise_flag() -> socket.socket:
        import fcntl

        sock = socket.socket()
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running
        return sock

    _in_network(pid, raise_flag).close()


async def _two_ports(device: PlayedDevice, port: int) -> asyncio.Server:
    """An emulator's console listens on the port below adb's."""
    for _ in range(50):
        adb = await asyncio.start_server(device.daemon.accept, "127.0.0.1", port, limit=1 << 22)
        try:
            console = adb.sockets[0].getsockname()[1] - 1
            await asyncio.start_server(device.console, "127.0.0.1", console)
        except OSError:
            adb.close()
            continue
        return adb
    raise SystemExit("no two ports are free")


async def serve(plan: dict[str, Any]) -> None:
    """Boot and serve."""
    device = PlayedDevice(plan)
    device.boot()
    await asyncio.start_unix_server(device.door, plan["door"])
    Path(plan["door"]).chmod(0o777)
    adb = await _two_ports(device, plan["port"])
    await asyncio.start_unix_server(device.control, plan["control"])
    plan["port"] = adb.sockets[0].getsockname()[1]
    part = Path(plan["up"] + ".part")
    part.write_text(str(plan["port"]))
    part.rename(plan["up"])
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set)), daemon=True).start()
    await ended.wait()
    if device.packets is not None:
        device.packets.kill()
    device.starter.kill()
    device.starter.wait()
    shutil.rmtree(device.folder / "root", ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))
    os._exit(0)
