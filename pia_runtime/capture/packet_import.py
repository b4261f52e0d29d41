"""Recorded packets → mitmproxy's flows, and what could not be read as blind spots that name frame and host."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mitmproxy import connection, http
from mitmproxy.flow import Error
from mitmproxy.websocket import WebSocketData

from pia_runtime.capture.packet_exchange import Exchange, Reading, Side, seconds
from pia_runtime.capture.packet_http1 import looks_like_http1, read_http1
from pia_runtime.capture.packet_http2 import PREFACE, read_http2
from pia_runtime.capture.packet_tshark import Conversation, Packets, read_packets
from pia_runtime.storage.flow_mapping import ERR_KEY, FLOAT_ERR_NS, is_address

MAGIC = (
    b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1", b"\x0a\x0d\x0d\x0a",
)  # fmt: skip
"""How pcap (µs and ns, either byte order) and pcapng files begin."""

Gap = Callable[[str, str, str, int], None]
"""Takes a blind spot: its kind, detail, host, and how many connections it stands for."""


@dataclass(frozen=True, slots=True)
class _Found:
    exchange: Exchange
    conversation: Conversation


def import_packets(path: Path, keylog: Path | None, prefix: str, gap: Gap) -> Iterator[http.HTTPFlow]:
    """The HTTP exchanges of a recording, in the order in which their requests began; ids count them.

    Args:
        path: a pcap or pcapng file.
        keylog: TLS secrets, or None.
        prefix: what stands before the number in a flow's id.
        gap: told what could not be read.

    Raises:
        NotReadyError: there is no tshark.
        InputError: tshark cannot read the file.
    """
    packets = read_packets(path, keylog)
    found = list(_exchanges(path, packets, gap))
    found.sort(key=lambda one: (one.exchange.begun.begun_ns, one.exchange.begun.frame))
    for number, one in enumerate(found):
        yield _flow(one.exchange, one.conversation, f"{prefix}{number}")
        if one.exchange.lost:
            gap("undecodable", f"{path.name}: {one.exchange.lost}", one.conversation.host, 1)


def _exchanges(path: Path, packets: Packets, gap: Gap) -> Iterator[_Found]:
    unread: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], Conversation] = {}
    for conversation in packets.conversations:
        if conversation.cut is not None:
            detail = f"{path.name}: frame {conversation.cut}: only a part of the packet was recorded (snapshot length)"
            gap("undecodable", detail, conversation.host, 1)
        for who, hole in (("client", conversation.sent.hole()), ("server", conversation.received.hole())):
            if hole:
                detail = f"{path.name}: frame {hole.frame}: {hole.size} bytes of the {who} before it were not recorded"
                gap("undecodable", detail, conversation.host, 1)
        kind = _unread(conversation)
        reading = Reading() if kind else _read(conversation)
        kind = "non_http_flow" if reading.other else kind
        if kind:
            key = (kind, conversation.host)
            unread[key] += 1
            first.setdefault(key, conversation)
        for trouble in reading.troubles:
            gap("undecodable", f"{path.name}: {trouble}", conversation.host, 1)
        yield from (_Found(exchange, conversation) for exchange in reading.exchanges)
    for (kind, host), count in unread.items():
        frame = first[kind, host].first_frame
        gap(kind, f"{path.name}: frame {frame}: {_WHY[kind]}", host, count)
    if packets.torn:
        gap("torn_flow", f"{path.name}: {packets.torn}", "", 1)


_WHY = {
    "tls_failed": "TLS that could not be decrypted: its keys are in no key log, or it began before the recording",
    "quic_blocked": "QUIC, which is not decoded here",
    "non_http_flow": "readable, but no HTTP",
}


def _unread(conversation: Conversation) -> str:
    """The kind of blind spot that a conversation is as a whole, or ""."""
    if conversation.quic:
        return "quic_blocked"
    if conversation.tls and not any(chunk.from_client for chunk in conversation.chunks):
        return "tls_failed"
    return ""


def _read(conversation: Conversation) -> Reading:
    client, server = (
        Side([chunk for chunk in conversation.chunks if chunk.from_client is sent]) for sent in (True, False)
    )
    if client.data.startswith(PREFACE):
        return read_http2(client, server)
    if client.data and looks_like_http1(client.data):
        return read_http1(client, server)
    return Reading(other=bool(client.data or server.data))


def _flow(exchange: Exchange, conversation: Conversation, flow_id: str) -> http.HTTPFlow:
    """One of mitmproxy's flows. Its time is that of the packet with the first byte of the request.

    Where the request stands in a TLS record that several packets carried, the time is that of the first of them and the
    error reaches to the last.
    """
    begun = exchange.begun
    flow = http.HTTPFlow(*_connections(conversation))
    flow.id, flow.timestamp_created = flow_id, seconds(begun.begun_ns)
    flow.metadata[ERR_KEY] = max(begun.t_ns - begun.begun_ns, FLOAT_ERR_NS)
    flow.request, flow.response = exchange.request, exchange.response
    flow.request.timestamp_start = seconds(begun.begun_ns)
    _address(flow.request, conversation)
    if exchange.response is None:
        flow.error = Error("no answer was recorded", flow.request.timestamp_end or flow.request.timestamp_start)
    if exchange.messages is not None:
        flow.websocket = WebSocketData(messages=exchange.messages)
    flow.comment = exchange.lost
    return flow


def _address(request: http.Request, conversation: Conversation) -> None:
    """Where a request went: what it says itself, else the name in the handshake, else the address of the packets."""
    data = request.data
    if not data.scheme or not data.host:
        data.scheme = b"https" if conversation.tls else b"http"
        data.port = conversation.server[1]
    if not data.host:
        named = request.host_header or ""
        host = named.rpartition(":")[0] if named.rpartition(":")[2].isdigit() and ":" in named else named
        data.host = conversation.name if (not host or is_address(host)) and conversation.name else host
        data.host = data.host.strip("[]") or conversation.server[0]


def _connections(conversation: Conversation) -> tuple[connection.Client, connection.Server]:
    begun = seconds(conversation.first_ns)
    client = connection.Client(peername=conversation.client, sockname=conversation.server, timestamp_start=begun)
    server = connection.Server(address=(conversation.host, conversation.server[1]))
    server.peername = conversation.server
    client.id = server.id = f"frame {conversation.first_frame}"  # random ones would make every import different
    client.tls = server.tls = conversation.tls
    client.sni = server.sni = conversation.name or None
    return client, server
