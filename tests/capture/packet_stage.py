"""Real connections whose bytes are also written as packets: a relay between client and server that keeps a pcap file."""

import contextlib
import ipaddress
import os
import socket
import struct
import threading
import time
from pathlib import Path

_LINKTYPE_RAW = 101
_MSS = 1400
_SYN, _ACK, _PSH, _FIN = 2, 16, 8, 1


class PacketFile:
    """A pcap file (µs, LINKTYPE_RAW) that grows packet by packet."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._lock = threading.Lock()
        self._file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _LINKTYPE_RAW))

    def packet(self, content: bytes, t_ns: int | None = None) -> None:
        """Append one IP packet with the present time."""
        now = time.time_ns() if t_ns is None else t_ns
        with self._lock:
            head = struct.pack("<IIII", now // 10**9, now % 10**9 // 1000, len(content), len(content))
            self._file.write(head + content)
            self._file.flush()

    def close(self) -> None:
        """Nothing more comes."""
        self._file.close()


def ip_packet(protocol: int, source: str, target: str, payload: bytes) -> bytes:
    """An IPv4 packet without checksum, which tshark does not check."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0)
    return head + ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed + payload


def udp_packet(source: tuple[str, int], target: tuple[str, int], payload: bytes) -> bytes:
    """A UDP datagram."""
    head = struct.pack("!HHHH", source[1], target[1], 8 + len(payload), 0)
    return ip_packet(17, source[0], target[0], head + payload)


class _Side:
    """One direction of one connection: numbers its bytes."""

    def __init__(self, file: PacketFile, source, target) -> None:
        self.file, self.source, self.target, self.seq = file, source, target, int.from_bytes(os.urandom(3), "big")
        self.other: _Side | None = None

    def segment(self, payload: bytes, flags: int) -> None:
        ack = self.other.seq if flags & _ACK else 0
        head = struct.pack("!HHIIBBHHH", self.source[1], self.target[1], self.seq, ack, 5 << 4, flags, 65535, 0, 0)
        self.file.packet(ip_packet(6, self.source[0], self.target[0], head + payload))
        self.seq = (self.seq + len(payload) + bool(flags & (_SYN | _FIN))) % (1 << 32)

    def data(self, payload: bytes) -> None:
        for at in range(0, len(payload), _MSS):
            self.segment(payload[at : at + _MSS], _ACK | _PSH)


class Tap:
    """Relays connections to a server and writes them as if they had gone to ``appears``.

    Args:
        file: where packets go.
        server: the real server.
        appears: address that the packets show as the server's.
    """

    def __init__(
        self, file: PacketFile, server: tuple[str, int], appears: tuple[str, int] = ("203.0.113.7", 443)
    ) -> None:
        self._file, self._server, self._appears = file, server, appears
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, peer = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            up = _Side(self._file, ("192.0.2.10", peer[1]), self._appears)
            down = _Side(self._file, self._appears, ("192.0.2.10", peer[1]))
            up.other, down.other = down, up
            up.segment(b"", _SYN)
            down.segment(b"", _SYN | _ACK)
            up.segment(b"", _ACK)
            for one, other, side in ((client, server, up), (server, client, down)):
                threading.Thread(target=_relay, args=(one, other, side), daemon=True).start()


def _relay(one: socket.socket, other: socket.socket, side: _Side) -> None:
    try:
        while chunk := one.recv(65536):
            side.data(chunk)
            other.sendall(chunk)
    except OSError:
        pass
    finally:
        side.segment(b"", _FIN | _ACK)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
