"""One side of a conversation with the frame of every byte, and the exchanges that are read out of two sides."""

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

from mitmproxy import http
from mitmproxy.websocket import WebSocketMessage

from pia_runtime.capture.packet_tshark import Chunk


class Side:
    """All that one end sent, up to the first hole.

    Attributes:
        data: the bytes.
    """

    def __init__(self, chunks: list[Chunk]) -> None:
        hole = next((number for number, chunk in enumerate(chunks) if chunk.missing), len(chunks))
        self.chunks = [chunk for chunk in chunks[:hole] if chunk.data]
        self.data = b"".join(chunk.data for chunk in self.chunks)
        self.starts = list(accumulate((len(chunk.data) for chunk in self.chunks), initial=0))

    def at(self, offset: int) -> Chunk:
        """The chunk that holds a byte; the last one for what lies beyond."""
        return self.chunks[min(bisect_right(self.starts, offset) - 1, len(self.chunks) - 1)]

    def rest(self, offset: int) -> list[tuple[Chunk, bytes]]:
        """Everything from a byte on, chunk by chunk."""
        first = bisect_right(self.starts, offset) - 1
        parts = [
            (chunk, chunk.data[max(0, offset - start) :])
            for chunk, start in zip(self.chunks[first:], self.starts[first:], strict=False)
        ]
        return [(chunk, part) for chunk, part in parts if part]


@dataclass(slots=True)
class Exchange:
    """A request with what belongs to it.

    Attributes:
        begun: the chunk with the first byte of the request; ``request.timestamp_start`` is not set yet.
        messages: of a WebSocket, or None where it is none.
        lost: why something that was sent is not here, naming the frame, or "".
    """

    request: http.Request
    begun: Chunk
    response: http.Response | None = None
    messages: list[WebSocketMessage] | None = None
    lost: str = ""


@dataclass(slots=True)
class Reading:
    """What came out of one conversation.

    Attributes:
        troubles: one line each for what could not be read, naming the frame.
        other: whether it is no HTTP at all.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    other: bool = False


def seconds(t_ns: int) -> float:
    """Nanoseconds as mitmproxy keeps a time."""
    return t_ns / 1e9
