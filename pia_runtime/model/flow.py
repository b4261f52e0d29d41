"""What left the device: one HTTP exchange or WebSocket, as plain values without any proxy's classes."""

from dataclasses import dataclass
from typing import Literal

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Response:
    """The server's answer. It is searched only to learn server-given ids, never counted as a transmission."""

    status: int
    headers: Headers
    body: bytes | None
    trailers: Headers = ()


@dataclass(frozen=True, slots=True)
class WebSocketMessage:
    """One WebSocket message.

    Attributes:
        t_ns: when the proxy saw it, host clock, ns since the Unix epoch, UTC.
    """

    from_client: bool
    t_ns: int
    is_text: bool
    content: bytes


@dataclass(frozen=True, slots=True)
class Flow:
    """One request with what came back.

    Attributes:
        id: mitmproxy's flow id; importers set it to the entry's index (``source:index`` with several sources).
        t_ns: when the first byte of the request left, host clock, ns since the Unix epoch, UTC.
        err_ns: half-width of the uncertainty of ``t_ns``; at least 1 000 (mitmproxy stores float seconds).
        host: host name the request was meant for (SNI, authority or Host header), lower case, no port.
        target: request target as sent, from the first ``/``, with the query, undecoded.
        body: as sent, content encoding not removed; None where it was not recorded.
        error: what the proxy recorded when the exchange failed, else None.
        client: address and port that the request came from, as the proxy saw them, or None where they were not recorded.
        connected_ns: when the proxy saw that connection arrive, host clock, or None where it was not recorded.
    """

    id: str
    t_ns: int
    err_ns: int
    method: str
    scheme: str
    host: str
    port: int
    target: bytes
    http_version: str
    headers: Headers
    body: bytes | None
    trailers: Headers = ()
    response: Response | None = None
    messages: tuple[WebSocketMessage, ...] = ()
    error: str | None = None
    client: tuple[str, int] | None = None
    connected_ns: int | None = None


Location = Literal[
    "request.url.host",
    "request.url.path",
    "request.url.query",
    "request.header",
    "request.cookie",
    "request.body",
    "request.trailer",
    "websocket.client",
    "response.header",
    "response.cookie",
    "response.body",
    "response.trailer",
    "websocket.server",
]
"""Where in a flow something stands (capture format, ``location``)."""
