"""The parts of a flow that decoding starts from, and the bytes that the first written step stands on."""

from collections.abc import Iterator

from pia_runtime.decoding.form import Child
from pia_runtime.decoding.formats.base64_runs import BASE64
from pia_runtime.decoding.formats.cookies import pairs
from pia_runtime.decoding.formats.slices import cut
from pia_runtime.decoding.formats.url_parts import segments
from pia_runtime.decoding.names import numbered, written
from pia_runtime.decoding.text import to_bytes, to_text
from pia_runtime.model.flow import Flow, Headers, Location

_ENOUGH = 1 << 30
_LONG_PATH = 20
_MAX_PATH = 65536


def request_parts(flow: Flow) -> Iterator[tuple[Location, list[Child]]]:
    """What left the device besides the body and messages: host, path, query, headers, cookies, trailers."""
    path = flow.target.partition(b"?")[0]
    yield "request.url.path", segments(path, "", _ENOUGH) + across(path)
    yield "request.header", named(tuple(pair for pair in flow.headers if not _repeats_host(flow, *pair)), b"cookie")
    yield "request.cookie", pairs(root(flow, "request.cookie"), "", _ENOUGH)
    yield "request.trailer", named(flow.trailers)


def _repeats_host(flow: Flow, name: bytes, value: bytes) -> bool:
    """Whether a header only says again which host the request is for: one name sent is one place, ``request.url.host``."""
    if name.lower() not in (b"host", b":authority"):
        return False
    host = to_bytes(flow.host)
    return value.strip().lower() in (host, b"%s:%d" % (host, flow.port))


def response_parts(flow: Flow) -> Iterator[tuple[Location, list[Child]]]:
    """What came back besides the body and messages."""
    if flow.response is not None:
        yield "response.header", named(flow.response.headers, b"set-cookie")
        yield "response.cookie", pairs(root(flow, "response.cookie"), "", _ENOUGH)
        yield "response.trailer", named(flow.response.trailers)


def named(headers: Headers, left_out: bytes = b"") -> list[Child]:
    """Header fields as ``header:name``, the name in lower case, ``#1`` behind the second of a name."""
    found: list[Child] = []
    seen: dict[str, int] = {}
    for name, value in headers:
        low = name.lower()
        if low == left_out:
            continue
        step = numbered(f"header:{written(low)}", seen)
        if value:
            found.append((step, to_text(low), value))
    return found


def messages(flow: Flow, *, from_client: bool) -> list[Child]:
    """WebSocket messages of one direction; the index counts both."""
    return [
        (f"message:{index}", "", message.content)
        for index, message in enumerate(flow.messages)
        if message.from_client == from_client
    ]


def codings(headers: Headers) -> tuple[str, ...]:
    """Content codings in the order in which they must be removed (RFC 9110, 8.4)."""
    tokens = b",".join(value for name, value in headers if name.lower() == b"content-encoding")
    return tuple(token.strip().lower().decode("latin-1") for token in reversed(tokens.split(b",")) if token.strip())


def is_media_type(headers: Headers) -> bool:
    """Whether the headers call the body an image, sound, video or font."""
    kinds = (b"image/", b"audio/", b"video/", b"font/")
    return any(name.lower() == b"content-type" and value.lstrip().lower().startswith(kinds) for name, value in headers)


def across(path: bytes) -> list[Child]:
    """Base64 in a request path that has a ``/`` of its own, so that no segment holds it whole."""
    if len(path) < _LONG_PATH or path == path.lower():
        return []
    found = BASE64.children(path[:_MAX_PATH], "", _ENOUGH)
    return [child for child in found if "@" in child[0] and b"/" in cut(path, child[0].removeprefix("base64"))]


def root(flow: Flow, location: Location) -> bytes:
    """The bytes that a path's first step stands on. For headers and messages the step itself picks them."""
    path, _, query = flow.target.partition(b"?")
    response = flow.response
    if location == "request.url.host":
        return to_bytes(flow.host)
    if location == "request.url.path":
        return path
    if location == "request.url.query":
        return query
    if location == "request.cookie":
        return b"; ".join(value for name, value in flow.headers if name.lower() == b"cookie")
    if location == "request.body":
        return flow.body or b""
    if location == "response.body":
        return (response.body if response else None) or b""
    if location == "response.cookie" and response:
        set_cookies = (value for name, value in response.headers if name.lower() == b"set-cookie")
        return b"; ".join(value.partition(b";")[0] for value in set_cookies)
    return b""


def picked(flow: Flow, location: Location) -> list[Child]:
    """The parts of a location whose first step picks a header or a message."""
    response = flow.response
    if location == "request.header":
        return named(flow.headers, b"cookie")
    if location == "request.trailer":
        return named(flow.trailers)
    if location == "response.header" and response:
        return named(response.headers, b"set-cookie")
    if location == "response.trailer" and response:
        return named(response.trailers)
    if location in ("websocket.client", "websocket.server"):
        return messages(flow, from_client=location == "websocket.client")
    return []
