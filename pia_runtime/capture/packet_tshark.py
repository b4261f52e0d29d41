"""Recorded packets → conversations, by tshark: TCP put in order, TLS decrypted with the keys that are there.

tshark is asked twice: for what each frame is (who, when, which connection, which name in the handshake), and for the bytes of
each connection as its "follow" function gives them, frame by frame. What is inside those bytes is not tshark's to say here.
"""

import base64
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pia_runtime.capture.packet_sequence import Sequenced
from pia_runtime.errors import InputError, NotReadyError

Address = tuple[str, int]

_FIELDS = (
    "frame.number", "frame.time_epoch", "frame.len", "frame.cap_len", "frame.protocols", "tcp.stream", "udp.stream",
    "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport",
    "tcp.len", "tcp.flags.syn", "tcp.flags.ack", "tcp.flags.fin", "tcp.seq", "tcp.ack", "tcp.segment",
    "tls.handshake.type", "tls.handshake.extensions_server_name",
)  # fmt: skip
_SEPARATOR = "\x1f"
_CLIENT_HELLO = "1"
_TRUE = ("1", "True")
_FOLLOWED_AT_ONCE = 500
_MISSING = re.compile(rb"\[(\d+) bytes missing in capture file\]\0?")
_HARMLESS = ("running as user", "this could be dangerous")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of one side that a frame completed.

    Attributes:
        frame: number of that frame in the file.
        begun_ns: time of the first of the frames that carried them.
        t_ns: time of the frame itself.
        missing: bytes that should stand here and were not recorded.
    """

    frame: int
    begun_ns: int
    t_ns: int
    data: bytes
    from_client: bool
    missing: int = 0


@dataclass(slots=True)
class Conversation:
    """One TCP connection, or one exchange of datagrams.

    Attributes:
        name: the host in the TLS handshake, or "".
        tls: whether it is TLS.
        quic: whether it is QUIC.
        payload: whether anything was sent in it at all.
        cut: the first frame of which the recording kept only a part, or None.
        sent: which of the client's bytes were recorded.
        received: which of the server's bytes were recorded.
        chunks: what was sent, decrypted where it is TLS; empty where it could not be.
    """

    first_frame: int
    first_ns: int
    client: Address
    server: Address
    sure: bool = False
    name: str = ""
    tls: bool = False
    quic: bool = False
    payload: bool = False
    cut: int | None = None
    sent: Sequenced = field(default_factory=Sequenced)
    received: Sequenced = field(default_factory=Sequenced)
    chunks: list[Chunk] = field(default_factory=list)

    @property
    def host(self) -> str:
        """The name in the handshake, else the server's address."""
        return self.name or self.server[0]


@dataclass(frozen=True, slots=True)
class Packets:
    """What tshark read.

    Attributes:
        torn: what tshark says of a file that it could not read to its end, or "".
    """

    conversations: list[Conversation]
    torn: str


@dataclass(frozen=True, slots=True)
class _Frame:
    t_ns: int
    begun_ns: int
    conversation: Conversation
    source: Address


@cache
def tshark_version() -> str:
    """The first line that tshark says of itself.

    Raises:
        NotReadyError: there is no tshark.
    """
    done = subprocess.run([_tshark(), "--version"], capture_output=True, text=True, check=False, env=_environment("/"))
    return done.stdout.partition("\n")[0].strip()[:100]


def read_packets(path: Path, keylog: Path | None = None) -> Packets:
    """Read a pcap or pcapng file.

    Args:
        path: the file, also gzipped.
        keylog: TLS secrets in the NSS key log form; those inside a pcapng are used in any case.

    Raises:
        NotReadyError: there is no tshark on this machine.
        InputError: tshark reads no packet of the file.
    """
    with tempfile.TemporaryDirectory(prefix="pia-tshark-") as home:
        shark = _Shark(path, keylog, home)
        frames: dict[int, _Frame] = {}
        tcp: dict[int, Conversation] = {}
        udp: dict[int, Conversation] = {}
        for row in shark.rows():
            _take(row, frames, tcp, udp)
        if not frames and shark.complaint:
            raise InputError(f"{path}: tshark cannot read it: {shark.complaint}", "record it again as pcap or pcapng")
        torn = shark.complaint
        streams = [("tls" if one.tls else "tcp", number) for number, one in tcp.items() if one.payload]
        for start in range(0, len(streams), _FOLLOWED_AT_ONCE):
            for number, data in shark.follow(streams[start : start + _FOLLOWED_AT_ONCE]):
                _add_chunk(frames, number, data)
        both = [*tcp.values(), *udp.values()]
        return Packets(sorted(both, key=lambda one: one.first_frame), torn)


class _Shark:
    """tshark on one file, away from the user's own settings, so that they change nothing."""

    def __init__(self, path: Path, keylog: Path | None, home: str) -> None:
        self.complaint = ""
        self._env = _environment(home)
        self._command = [_tshark(), "-n", "-r", str(path.absolute()), "-o", "tcp.reassemble_out_of_order:TRUE"]
        self._command += ["-o", f"tls.keylog_file:{keylog.absolute()}"] if keylog else []

    def rows(self) -> Iterator[dict[str, str]]:
        """One row of :data:`_FIELDS` for each frame."""
        wanted = [part for name in _FIELDS for part in ("-e", name)]
        shape = ["-T", "fields", "-E", f"separator={_SEPARATOR}", "-E", "occurrence=a", "-E", "aggregator=,"]
        for line in self._run([*shape, *wanted]):
            values = line.rstrip("\n").split(_SEPARATOR)
            if len(values) == len(_FIELDS):
                yield dict(zip(_FIELDS, values, strict=True))

    def follow(self, streams: Sequence[tuple[str, int]]) -> Iterator[tuple[int, bytes]]:
        """The bytes of connections: number of the frame that completed them, and they themselves."""
        number = -1
        encoded: list[str] = []
        for line in self._run(["-q", *(part for kind, one in streams for part in ("-z", f"follow,{kind},yaml,{one}"))]):
            name, _, value = line.strip().partition(": ")
            if name == "- packet":
                if encoded:
                    yield number, base64.b64decode("".join(encoded))
                number, encoded = int(value), []
            elif line.startswith("      "):
                encoded.append(name)
            elif encoded:
                yield number, base64.b64decode("".join(encoded))
                encoded = []
        if encoded:
            yield number, base64.b64decode("".join(encoded))

    def _run(self, arguments: Sequence[str]) -> Iterator[str]:
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            process = subprocess.Popen(
                [*self._command, *arguments], stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL, env=self._env,
                text=True, encoding="utf-8", errors="replace",
            )  # fmt: skip
            assert process.stdout is not None  # noqa: S101 - asked for above
            try:
                yield from process.stdout
            finally:
                process.stdout.close()
                failed = process.wait()
            said.seek(0)
            lines = [line.strip() for line in said if not any(word in line.lower() for word in _HARMLESS)]
            if failed:
                self.complaint = next((line for line in lines if line), f"exit code {failed}")[:300]


def _tshark() -> str:
    found = shutil.which("tshark")
    if found is None:
        raise NotReadyError("tshark is not installed; it reads recorded packets", "sudo apt-get install tshark")
    return found


def _environment(home: str) -> dict[str, str]:
    return {**os.environ, "WIRESHARK_CONFIG_DIR": home, "LC_ALL": "C.UTF-8"}


def _take(
    row: dict[str, str], frames: dict[int, _Frame], tcp: dict[int, Conversation], udp: dict[int, Conversation]
) -> None:
    number, t_ns = int(row["frame.number"]), _nanoseconds(row["frame.time_epoch"])
    kind, streams = ("tcp", tcp) if row["tcp.stream"] else ("udp", udp)
    if not row[f"{kind}.stream"]:
        return
    source, target = (
        (_last(row[f"ip.{end}"]) or _last(row[f"ipv6.{end}"]), int(_last(row[f"{kind}.{end}port"]) or 0))
        for end in ("src", "dst")
    )
    stream = int(_last(row[f"{kind}.stream"]))
    conversation = streams.get(stream)
    if conversation is None:
        ends = (source, target) if source[1] >= target[1] else (target, source)
        conversation = streams[stream] = Conversation(number, t_ns, *ends)
    _learn(conversation, row, number, source, target)
    begun = min((frames[one].t_ns for one in _numbers(row["tcp.segment"]) if one in frames), default=t_ns)
    frames[number] = _Frame(t_ns, begun, conversation, source)


def _learn(conversation: Conversation, row: dict[str, str], number: int, source: Address, target: Address) -> None:
    protocols = row["frame.protocols"].split(":")
    opens = row["tcp.flags.syn"] in _TRUE and row["tcp.flags.ack"] not in _TRUE
    hello = _CLIENT_HELLO in row["tls.handshake.type"].split(",")
    if (opens or hello) and not conversation.sure:
        conversation.client, conversation.server, conversation.sure = source, target, True
    conversation.tls = conversation.tls or "tls" in protocols
    conversation.quic = conversation.quic or "quic" in protocols
    conversation.name = conversation.name or _last(row["tls.handshake.extensions_server_name"]).lower()[:253]
    conversation.payload = conversation.payload or row["tcp.len"] not in ("", "0")
    if row["tcp.seq"]:
        mine, other = conversation.sent, conversation.received
        if source != conversation.client:
            mine, other = other, mine
        mine.add(number, int(_last(row["tcp.seq"])), int(_last(row["tcp.len"]) or 0), fin=row["tcp.flags.fin"] in _TRUE)
        other.acknowledged = max(other.acknowledged, _small(row["tcp.ack"]))
    if row["frame.cap_len"] != row["frame.len"] and conversation.cut is None:
        conversation.cut = number


def _add_chunk(frames: dict[int, _Frame], number: int, data: bytes) -> None:
    frame = frames.get(number)
    if frame is None:
        return
    hole = _MISSING.fullmatch(data)
    conversation = frame.conversation
    chunk = Chunk(
        number,
        frame.begun_ns,
        frame.t_ns,
        b"" if hole else data,
        frame.source == conversation.client,
        int(hole[1]) if hole else 0,
    )
    conversation.chunks.append(chunk)


def _nanoseconds(text: str) -> int:
    seconds, _, fraction = text.partition(".")
    return int(seconds) * 10**9 + int(fraction[:9].ljust(9, "0") or 0)


def _last(text: str) -> str:
    """The innermost of several values: a tunnelled packet has the addresses of both."""
    return text.rpartition(",")[2]


def _small(text: str) -> int:
    """An acknowledgement; a number that wrapped around, as before the first packet of a recording, says nothing."""
    number = int(_last(text) or 0)
    return number if number < 1 << 31 else 0


def _numbers(text: str) -> Iterator[int]:
    return (int(part) for part in text.split(",") if part.isdigit())
