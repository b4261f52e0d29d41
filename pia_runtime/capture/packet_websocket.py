"""WebSocket messages in recorded bytes, read by wsproto, also those that are compressed."""

from mitmproxy.websocket import WebSocketMessage
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, TextMessage
from wsproto.extensions import Extension, PerMessageDeflate
from wsproto.frame_protocol import Opcode
from wsproto.utilities import RemoteProtocolError, split_comma_header

from pia_runtime.capture.packet_exchange import seconds
from pia_runtime.capture.packet_tshark import Chunk

Parts = list[tuple[Chunk, bytes]]


def read_messages(sent: Parts, received: Parts, extensions: str) -> tuple[list[WebSocketMessage], str]:
    """The messages of both sides in the order of their frames, and what ended the reading before its time, or "".

    Args:
        sent: what the client sent after the handshake.
        received: what the server sent.
        extensions: the ``Sec-WebSocket-Extensions`` of the answer.
    """
    found: list[tuple[int, WebSocketMessage]] = []
    troubles = []
    for parts, role, from_client in ((sent, ConnectionType.SERVER, True), (received, ConnectionType.CLIENT, False)):
        trouble = _read_side(parts, Connection(role, _extensions(extensions)), from_client, found)
        troubles += [trouble] if trouble else []
    return [message for _, message in sorted(found, key=lambda one: one[0])], "; ".join(troubles)


def _extensions(header: str) -> list[Extension]:
    extensions: list[Extension] = []
    for one in split_comma_header(header.encode("ascii", "replace")):
        if one.split(";", 1)[0].strip() == PerMessageDeflate.name:
            deflate = PerMessageDeflate()
            deflate.finalize(one)
            extensions.append(deflate)
    return extensions


def _read_side(
    parts: Parts, connection: Connection, from_client: bool, found: list[tuple[int, WebSocketMessage]]
) -> str:
    pending = bytearray()
    begun: Chunk | None = None
    for chunk, data in parts:
        try:
            connection.receive_data(data)
            for event in connection.events():
                if isinstance(event, TextMessage | BytesMessage):
                    begun = begun or chunk
                    text = isinstance(event, TextMessage)
                    pending += event.data.encode() if isinstance(event, TextMessage) else event.data
                    if event.message_finished:
                        opcode = Opcode.TEXT if text else Opcode.BINARY
                        message = WebSocketMessage(opcode, from_client, bytes(pending), seconds(begun.begun_ns))
                        found.append((begun.frame, message))
                        pending, begun = bytearray(), None
                elif isinstance(event, CloseConnection):
                    return ""
        except RemoteProtocolError as error:
            return f"frame {chunk.frame}: not readable as WebSocket frames: {error}"
    return ""
