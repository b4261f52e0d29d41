"""The device's side of adb: Android's debug daemon as ``packages/modules/adb/protocol.txt`` and ``SERVICES.TXT`` describe it.

The real adb client connects to it over TCP, as it does to an emulator or to a phone by ``adb connect``. Services that need
the device (a shell, its files, its ports) are asked of :class:`Device`.
"""

import asyncio
import contextlib
import os
import stat
import struct
from collections.abc import Awaitable, Callable
from typing import Protocol

A_VERSION = 0x01000001
MAX_PAYLOAD = 1024 * 1024
FEATURES = "shell_v2,cmd,stat_v2,ls_v2,fixed_push_mkdir,apex,abb,fixed_push_symlink_timestamp,abb_exec"


def _command(name: bytes) -> int:
    return int.from_bytes(name, "little")


CNXN, OPEN, OKAY, WRTE, CLSE, AUTH = (_command(name) for name in (b"CNXN", b"OPEN", b"OKAY", b"WRTE", b"CLSE", b"AUTH"))
AUTH_TOKEN, AUTH_SIGNATURE, AUTH_RSAPUBLICKEY = 1, 2, 3


class Device(Protocol):
    """What the daemon needs of the device behind it."""

    banner: str
    authorised: bool

    def strike(self) -> str:
        """Count one more action of the client and let what was planned for it happen: ``unplug``, ``unplug after`` or ""."""

    async def shell(self, command: str) -> asyncio.subprocess.Process | None:
        """Start a command as adb's user, or return None to break the connection off."""

    def root_service(self, *, root: bool) -> tuple[str, bool]:
        """Answer ``adb root`` / ``adb unroot`` with a line and whether the daemon restarts."""

    async def announce(self) -> None:
        """Tell the adb server of this machine that the daemon is there, where the device is one that does."""

    async def connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a port of the device's own loopback."""

    async def listen(self, port: int, client: Callable[..., Awaitable[None]]) -> asyncio.Server:
        """Listen on a port of the device's own loopback."""

    def stat(self, path: str) -> os.stat_result | None:
        """Stat a file of the device as adb's user sees it."""

    def write(self, path: str, mode: int, chunks: list[bytes]) -> None:
        """Write a file of the device as adb's user. Raises OSError."""

    def read(self, path: str) -> bytes:
        """Read a file of the device as adb's user. Raises OSError."""

    def listing(self, path: str) -> list[tuple[str, os.stat_result]]:
        """List a folder of the device as adb's user. Raises OSError."""


class Stream:
    """One open service: a local id here, a remote id at the client, one unacknowledged write at a time."""

    def __init__(self, link: "Link", local: int, remote: int) -> None:
        self.link, self.local, self.remote = link, local, remote
        self.incoming: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.acknowledged = asyncio.Event()
        self.open = asyncio.Event()
        self.closed = False
        self.accepted = False
        self.mute = False
        self._rest = b""

    async def write(self, data: bytes) -> None:
        """Send bytes in pieces, each acknowledged before the next."""
        for start in range(0, len(data), MAX_PAYLOAD // 4):
            if self.closed or self.mute:
                raise ConnectionError
            self.acknowledged.clear()
            self.link.send(WRTE, self.local, self.remote, data[start : start + MAX_PAYLOAD // 4])
            await self.acknowledged.wait()

    async def read(self, size: int) -> bytes:
        """Read exactly ``size`` bytes."""
        while len(self._rest) < size:
            piece = await self.incoming.get()
            if piece is None:
                raise ConnectionError
            self._rest += piece
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    async def pieces(self):
        """Yield what comes until the client closes."""
        while (piece := await self.incoming.get()) is not None:
            yield piece

    def close(self) -> None:
        """Tell the client that the service has ended."""
        if not self.closed:
            self.closed = True
            # A service that was never accepted has no id here: the client knows the refusal by 0.
            self.link.send(CLSE, self.local if self.accepted else 0, self.remote)
        self.end()

    def end(self) -> None:
        """Wake whoever waits: nothing more will come."""
        self.closed = True
        self.incoming.put_nowait(None)
        self.acknowledged.set()
        self.open.set()


class Link:
    """One connection of an adb server to the daemon."""

    def __init__(self, daemon: "Daemon", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.daemon, self._reader, self._writer = daemon, reader, writer
        self.streams: dict[int, Stream] = {}
        self._next = 1
        self._tasks: set[asyncio.Task] = set()

    def send(self, command: int, arg0: int, arg1: int, data: bytes = b"") -> None:
        """Send one message; a connection that has gone takes none."""
        if not self._writer.is_closing():
            head = struct.pack("<6I", command, arg0, arg1, len(data), sum(data) & 0xFFFFFFFF, command ^ 0xFFFFFFFF)
            self._writer.write(head + data)

    async def serve(self) -> None:
        """Take messages until the client goes away or the cable is pulled."""
        try:
            while True:
                head = await self._reader.readexactly(24)
                command, arg0, arg1, length, _crc, _magic = struct.unpack("<6I", head)
                self._take(command, arg0, arg1, await self._reader.readexactly(length))
                await self._writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.cut()

    def cut(self) -> None:
        """Break the connection off, as a pulled cable does."""
        for stream in list(self.streams.values()):
            stream.end()
        for server in self.daemon.reverses.values():
            server.close()
        self.daemon.reverses.clear()
        self._writer.close()

    def _take(self, command: int, arg0: int, arg1: int, data: bytes) -> None:
        if not self.daemon.device.authorised and command in (CNXN, AUTH):
            if (
                command == CNXN or arg0 == AUTH_SIGNATURE
            ):  # no key is known; after the public key it waits for the person
                self.send(AUTH, AUTH_TOKEN, 0, bytes(range(20)))
        elif command == CNXN:
            self.send(CNXN, A_VERSION, MAX_PAYLOAD, f"device::{self.daemon.device.banner}features={FEATURES}".encode())
        elif command == OPEN:
            stream = self._new(arg0)
            self.spawn(self.daemon.service(stream, data.rstrip(b"\0").decode()))
        elif (stream := self.streams.get(arg1)) is not None:
            if command == WRTE:
                stream.incoming.put_nowait(data)
                self.send(OKAY, stream.local, stream.remote)
            elif command == OKAY:
                stream.remote = arg0
                stream.accepted = True
                stream.open.set()
                stream.acknowledged.set()
            elif command == CLSE:
                stream.end()
                del self.streams[arg1]

    def _new(self, remote: int) -> Stream:
        stream = Stream(self, self._next, remote)
        self.streams[self._next] = stream
        self._next += 1
        return stream

    def spawn(self, work: Awaitable[None]) -> None:
        """Do something beside the messages."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def dial(self, service: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Open a service on the host (``adb reverse``) and copy both ways."""
        stream = self._new(0)
        self.send(OPEN, stream.local, 0, service.encode() + b"\0")
        await stream.open.wait()
        await _copy(stream, reader, writer)


class Daemon:
    """Serves every service of the protocol that this program uses."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.links: set[Link] = set()
        self.reverses: dict[str, asyncio.Server] = {}
        self.reverse_targets: dict[str, str] = {}
        self.unplugged = False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one adb server; an unplugged device answers nobody."""
        if self.unplugged:
            writer.close()
            return
        link = Link(self, reader, writer)
        self.links.add(link)
        try:
            await link.serve()
        finally:
            self.links.discard(link)

    def unplug(self) -> None:
        """Cut every connection."""
        for link in list(self.links):
            link.cut()

    async def service(self, stream: Stream, name: str) -> None:
        """Run one service to its end."""
        struck = self.device.strike()
        stream.mute = struck == "unplug after"
        try:
            if struck != "unplug":
                await self._service(stream, name)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if struck:
                self.unplugged = True
                self.unplug()
            stream.close()

    async def _service(self, stream: Stream, name: str) -> None:
        kind, _, rest = name.partition(":")
        if kind.startswith(("shell", "exec")):
            await self._shell(stream, rest, v2=",v2" in kind)
        elif kind == "sync":
            self._accept(stream)
            await self._sync(stream)
        elif kind == "reverse":
            self._accept(stream)
            await stream.write(await self._reverse(stream.link, rest))
        elif kind in ("root", "unroot"):
            self._accept(stream)
            line, restarts = self.device.root_service(root=kind == "root")
            await stream.write(line.encode() + b"\n")
            if restarts:
                stream.close()
                await asyncio.sleep(0.05)
                self.unplug()
                stream.link.spawn(self.device.announce())
        elif kind == "tcp":
            try:
                reader, writer = await self.device.connect(int(rest.split(":")[0]))
            except OSError:
                return
            self._accept(stream)
            await _copy(stream, reader, writer)

    @staticmethod
    def _accept(stream: Stream) -> None:
        stream.accepted = True
        stream.link.send(OKAY, stream.local, stream.remote)

    async def _shell(self, stream: Stream, command: str, *, v2: bool) -> None:
        process = await self.device.shell(command)
        if process is None:
            stream.link.cut()
            return
        self._accept(stream)
        if stream.mute:  # it is done, and nobody hears of it
            await process.communicate()
            return
        feeding = asyncio.ensure_future(_feed(stream, process, v2=v2))
        await asyncio.gather(
            _tell(stream, process.stdout, 1 if v2 else None), _tell(stream, process.stderr, 2 if v2 else None)
        )
        code = await process.wait()
        feeding.cancel()
        if v2:
            await stream.write(struct.pack("<BIB", 3, 1, code if code >= 0 else 128 - code))

    async def _reverse(self, link: Link, request: str) -> bytes:
        verb, _, rest = request.partition(":")
        if verb == "forward":
            local, _, remote = rest.removeprefix("norebind:").partition(";")

            async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await link.dial(remote, reader, writer)

            port = int(local.removeprefix("tcp:"))
            try:
                if (old := self.reverses.pop(local, None)) is not None:
                    old.close()
                server = await self.device.listen(port, client)
            except OSError as error:
                return _fail(f"cannot bind listener: {error.strerror}")
            chosen = server.sockets[0].getsockname()[1]
            self.reverses[f"tcp:{chosen}"], self.reverse_targets[f"tcp:{chosen}"] = server, remote
            number = str(chosen).encode()
            return b"OKAY" + (b"%04x" % len(number) + number if port == 0 else b"")
        if verb == "killforward":
            server = self.reverses.pop(rest, None)
            if server is None:
                return _fail(f"listener '{rest}' not found")
            server.close()
            return b"OKAY"
        if verb == "killforward-all":
            for server in self.reverses.values():
                server.close()
            self.reverses.clear()
            return b"OKAY"
        listing = "".join(f"(reverse) {local} {self.reverse_targets[local]}\n" for local in self.reverses).encode()
        return b"%04x" % len(listing) + listing

    async def _sync(self, stream: Stream) -> None:
        while True:
            ident, size = struct.unpack("<4sI", await stream.read(8))
            if ident == b"QUIT":
                return
            path = (await stream.read(size)).decode()
            if ident in (b"STAT", b"STA2", b"LST2"):
                await stream.write(self._stat(ident, path))
            elif ident in (b"LIST", b"LIS2"):
                await stream.write(self._list(ident, path))
            elif ident == b"SEND":
                await stream.write(await self._receive(stream, path))
            elif ident == b"RECV":
                await self._send(stream, path)

    def _stat(self, ident: bytes, path: str) -> bytes:
        seen = self.device.stat(path)
        if ident == b"STAT":
            return b"STAT" + struct.pack(
                "<III", *((seen.st_mode, seen.st_size, int(seen.st_mtime)) if seen else (0, 0, 0))
            )
        return ident + _stat2(seen)

    def _list(self, ident: bytes, path: str) -> bytes:
        entries = b""
        with contextlib.suppress(OSError):
            for name, seen in self.device.listing(path):
                encoded = name.encode()
                if ident == b"LIS2":
                    entries += b"DNT2" + _stat2(seen) + struct.pack("<I", len(encoded)) + encoded
                else:
                    entries += (
                        b"DENT"
                        + struct.pack("<IIII", seen.st_mode, seen.st_size, int(seen.st_mtime), len(encoded))
                        + encoded
                    )
        return entries + b"DONE" + bytes(72 if ident == b"LIS2" else 16)

    async def _receive(self, stream: Stream, spec: str) -> bytes:
        path, _, mode = spec.rpartition(",")
        chunks: list[bytes] = []
        while True:
            ident, size = struct.unpack("<4sI", await stream.read(8))
            if ident == b"DONE":
                break
            chunks.append(await stream.read(size))
        try:
            self.device.write(path, stat.S_IMODE(int(mode)), chunks)
        except OSError as error:
            text = f"couldn't create file: {error.strerror}".encode()
            return b"FAIL" + struct.pack("<I", len(text)) + text
        return b"OKAY" + bytes(4)

    async def _send(self, stream: Stream, path: str) -> None:
        try:
            content = self.device.read(path)
        except OSError as error:
            text = f"open failed: {error.strerror}".encode()
            await stream.write(b"FAIL" + struct.pack("<I", len(text)) + text)
            return
        for start in range(0, len(content), 65536):
            piece = content[start : start + 65536]
            await stream.write(b"DATA" + struct.pack("<I", len(piece)) + piece)
        await stream.write(b"DONE" + bytes(4))


def _stat2(seen: os.stat_result | None) -> bytes:
    if seen is None:
        return struct.pack("<IQQIIIIQqqq", 2, *([0] * 10))
    times = (int(seen.st_atime), int(seen.st_mtime), int(seen.st_ctime))
    return struct.pack(
        "<IQQIIIIQqqq",
        0,
        seen.st_dev,
        seen.st_ino,
        seen.st_mode,
        seen.st_nlink,
        seen.st_uid,
        seen.st_gid,
        seen.st_size,
        *times,
    )


def _fail(text: str) -> bytes:
    encoded = text.encode()
    return b"FAIL" + b"%04x" % len(encoded) + encoded


async def _tell(stream: Stream, output: asyncio.StreamReader, frame: int | None) -> None:
    while piece := await output.read(65536):
        await stream.write(piece if frame is None else struct.pack("<BI", frame, len(piece)) + piece)


async def _feed(stream: Stream, process: asyncio.subprocess.Process, *, v2: bool) -> None:
    """Hand the client's input on; with shell v2 it comes in frames, and frame 3 closes it."""
    with contextlib.suppress(ConnectionError, BrokenPipeError):
        while True:
            if not v2:
                async for piece in stream.pieces():
                    process.stdin.write(piece)
                break
            frame, size = struct.unpack("<BI", await stream.read(5))
            data = await stream.read(size)
            if frame == 0:
                process.stdin.write(data)
            elif frame == 3:
                break
    with contextlib.suppress(ConnectionError, BrokenPipeError):
        process.stdin.close()


async def _copy(stream: Stream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async def outward() -> None:
        while piece := await reader.read(65536):
            await stream.write(piece)
        stream.close()

    async def inward() -> None:
        async for piece in stream.pieces():
            writer.write(piece)
            await writer.drain()
        writer.close()

    with contextlib.suppress(ConnectionError):
        await asyncio.gather(outward(), inward())
