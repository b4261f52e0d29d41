"""mitmproxy's flow objects → :class:`pia_runtime.model.flow.Flow`; the small rules that the fast reader shares with it.

mitmproxy's classes are used here by their attributes only; this module imports nothing of it, so that reading an ordinary
capture does not pay for loading the proxy.
"""

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pia_runtime.model.flow import Flow, Headers, Response, WebSocketMessage

if TYPE_CHECKING:
    from mitmproxy import http

ERR_KEY = "pia_err_ns"
"""Key in a flow's ``metadata`` under which importers keep the half-width of the time's uncertainty (integer, ns)."""

FLOAT_ERR_NS = 1_000
"""mitmproxy stores float seconds: around 2025 their step is 0.24 µs, so a time is good to the microsecond, not better."""

LAST_SECOND = 9_223_372_036
"""The last whole second of which the nanoseconds still fit 64 bits (year 2262)."""

_TEXT_OPCODE = 1  # RFC 6455, section 5.2
_MULTIPLEXED = (b"HTTP/2.0", b"HTTP/3")
_AUTHORITY = re.compile(r"(?:\[([^\]]+)\]|([^:]+))(?::\d*)?")
_ADDRESS = re.compile(r"[\d.]+|.*:.*")


class UndatedFlowError(ValueError):
    """A flow carries no usable time."""


def to_ns(seconds: float | None) -> int:
    """Seconds since the Unix epoch, as mitmproxy stores them → ns, rounded to the microsecond.

    Raises:
        UndatedFlowError: there is no time, or it is not a finite instant between 1970 and 2262.
    """
    if seconds is None or not math.isfinite(seconds) or not 0 <= seconds < LAST_SECOND:
        raise UndatedFlowError(f"time {seconds!r} is not an instant")
    return round(seconds * 1e6) * 1000


def flow_err_ns(metadata: dict[Any, Any]) -> int:
    """Half-width of a flow's time: what an importer noted in the flow's metadata, and never under a microsecond."""
    noted = metadata.get(ERR_KEY)
    return max(noted, FLOAT_ERR_NS) if isinstance(noted, int) and not isinstance(noted, bool) else FLOAT_ERR_NS


def named_host(version: bytes, authority: bytes, headers: Headers, address: str) -> str:
    """The host a request names: ``:authority`` (HTTP/2 and 3), else ``Host``, else the address it went to; lower case."""
    named = authority if version in _MULTIPLEXED and authority else header_value(headers, b"host")
    return _host_of(named) or _clean(address)


@lru_cache(maxsize=4096)
def is_address(host: str) -> bool:
    """Whether this is an IP address, or nothing, and so says little about the recipient."""
    return not host or _ADDRESS.fullmatch(host) is not None


def intended_host(named: str, sni: str | None) -> str:
    """The named host; where that is only an address, the name from the TLS handshake if there is one.

    The request's own name wins over SNI because it tells the sites behind one shared front apart.
    """
    return _clean(sni) if sni and is_address(named) else named


def header_value(headers: Headers, name: bytes) -> bytes:
    """The first value of a header (``name`` in lower case), or ``b""``."""
    for key, value in headers:
        if key.lower() == name:
            return value
    return b""


@lru_cache(maxsize=4096)
def _host_of(authority: bytes) -> str:
    text = authority.decode("utf-8", "backslashreplace").strip()
    found = _AUTHORITY.fullmatch(text)
    return _clean((found[1] or found[2]) if found else text)


def _clean(host: str) -> str:
    return host.lower().removesuffix(".")


def map_messages(states: Iterable[Any]) -> tuple[WebSocketMessage, ...]:
    """WebSocket messages as mitmproxy stores them: ``[opcode, from_client, content, seconds, …]`` each.

    Raises:
        UndatedFlowError: a message carries no usable time.
    """
    return tuple(WebSocketMessage(bool(m[1]), to_ns(m[3]), m[0] == _TEXT_OPCODE, m[2]) for m in states)


def map_http_flow(flow: "http.HTTPFlow") -> Flow:
    """One of mitmproxy's HTTP flows → ours, field by field.

    Raises:
        UndatedFlowError: the request, or a WebSocket message, carries no usable time.
    """
    request = flow.request.data
    headers: Headers = request.headers.fields
    return Flow(
        id=flow.id,
        t_ns=to_ns(request.timestamp_start),
        err_ns=flow_err_ns(flow.metadata),
        method=request.method.decode("ascii", "backslashreplace"),
        scheme=request.scheme.decode("ascii", "backslashreplace"),
        host=intended_host(
            named_host(request.http_version, request.authority, headers, request.host), flow.client_conn.sni
        ),
        port=request.port,
        target=request.path,
        http_version=request.http_version.decode("ascii", "backslashreplace"),
        headers=headers,
        body=request.content,
        trailers=_fields(request.trailers),
        response=_map_response(flow.response),
        messages=map_messages(m.get_state() for m in flow.websocket.messages) if flow.websocket else (),
        error=flow.error.msg if flow.error else None,
        client=_client(flow.client_conn.peername),
        connected_ns=to_ns(flow.client_conn.timestamp_start) if flow.client_conn.timestamp_start else None,
    )


def _client(peer: Any) -> tuple[str, int] | None:  # noqa: ANN401 - whatever an importer's flow holds
    return (peer[0], peer[1]) if peer and isinstance(peer[0], str) and isinstance(peer[1], int) else None


def _map_response(response: "http.Response | None") -> Response | None:
    if response is None:
        return None
    data = response.data
    return Response(data.status_code, data.headers.fields, data.content, _fields(data.trailers))


def _fields(headers: "http.Headers | None") -> Headers:
    return () if headers is None else headers.fields
