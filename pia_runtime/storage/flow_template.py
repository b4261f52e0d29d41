r"""The fast way through a flow record: the one layout that mitmproxy 12 writes, and nothing else.

mitmproxy writes the keys of a flow in a fixed order (``mitmproxy/io/tnetstring.py`` dumps every dict from its last key to its
first), so a few anchored patterns find the fields, and the two connections with their certificates, half of an ordinary
record, are stepped over by their length. Every length prefix on the way is checked or exact by the pattern, so a record
that lies about itself is given back to mitmproxy's reader, as is any other version or layout.
"""

import re
from typing import Any

from pia_runtime.model.flow import Flow, Headers, Response, WebSocketMessage
from pia_runtime.storage.flow_mapping import (
    FLOAT_ERR_NS,
    UndatedFlowError,
    flow_err_ns,
    intended_host,
    is_address,
    map_messages,
    named_host,
    to_ns,
)

# A time as `repr` prints it, with the length that belongs to it, so that no check is needed afterwards.
_TIME = (
    rb"(?:18:\d{10}\.\d{7}\^|17:\d{10}\.\d{6}\^|16:\d{10}\.\d{5}\^|15:\d{10}\.\d{4}\^|14:\d{10}\.\d{3}\^"
    rb"|13:\d{10}\.\d\d\^|12:\d{10}\.\d\^|10:\d{10}#|11:\d{9}\.\d\^|9:\d{9}#)"
)
_MAYBE_TIME = rb"(?:0:~|" + _TIME + rb")"
_CONTENT = rb"8:trailers;(?:0:~7:content;(?:0:~|(\d+):)|(\d+):)"
_TIMES = rb"13:timestamp_end;" + _MAYBE_TIME + rb"15:timestamp_start;"

_OPENING = re.compile(rb"9:websocket;(?:0:~|(\d+):)")
_RESPONSE = re.compile(
    rb"8:response;(?:0:~|(\d+):6:reason;(\d+):([^,]*),11:status_code;3:(\d{3})#" + _TIMES + _TIME + _CONTENT + rb")"
)
_REQUEST = re.compile(
    rb"7:request;(\d+):4:path;(\d+):([^,]*(?:,(?!9:authority;)[^,]*)*),9:authority;(\d+):([^,]*),6:scheme;(\d+):([a-z]*),"
    rb"6:method;(\d+):([A-Z]+),4:port;(\d+):(\d+)#4:host;(\d+):([^;]*);" + _TIMES + rb"(" + _TIME + rb")" + _CONTENT
)
_AFTER_TRAILERS = re.compile(rb"\]7:content;(?:0:~|(\d+):)")
_HEADERS = re.compile(rb"7:headers;(\d+):")
_HEADERS_AFTER_BODY = re.compile(rb",7:headers;(\d+):")
_AFTER_HEADERS = re.compile(rb"\]12:http_version;(?:8:(HTTP/\d\.\d)|6:(HTTP/\d)),\}")
# What an ordinary flow has between its request and its connections, and at its end, each in one go.
_PLAIN_MIDDLE = re.compile(
    rb"6:backup;0:~17:timestamp_created;"
    + _TIME
    + rb"7:comment;0:;8:metadata;0:\}6:marked;0:;9:is_replay;0:~11:intercepted;5:false!11:server_conn;(\d+):"
)
_PLAIN_END = re.compile(rb"\}5:error;0:~2:id;36:([0-9a-f-]{36});4:type;4:http;7:version;2:21#\}")
_MIDDLE = re.compile(rb"6:backup;0:~17:timestamp_created;" + _TIME + rb"7:comment;(\d+):")
_METADATA = re.compile(rb"8:metadata;(\d+):")
_MARKED = re.compile(rb"6:marked;(\d+):([^;]*);9:is_replay;(?:0:~|7:request;|8:response;)")
_SERVER = re.compile(rb"11:intercepted;(?:5:false|4:true)!11:server_conn;(\d+):")
_CLIENT = re.compile(rb"\}11:client_conn;(\d+):")
_ERROR = re.compile(rb"\}5:error;(?:0:~|(\d+):9:timestamp;" + _TIME + rb"3:msg;(\d+):)")
_END = re.compile(rb"2:id;(\d+):([^;]*);4:type;4:http;7:version;2:21#\}")
_PEER = re.compile(rb"8:peername;\d+:(\d+):([0-9a-fA-F.:%]+);(\d+):(\d+)#")
_CONNECTED = re.compile(rb"15:timestamp_start;(" + _TIME + rb")3:sni;")
_NOTED_ERR = re.compile(rb"10:pia_err_ns;(\d+):(\d+)#")

_KNOWN_HEADERS: dict[bytes, tuple[bytes, bytes]] = {}
_KNOWN_HEADERS_MAX = 1 << 14
_KNOWN_HEADER_BYTES = 256
_PEER_REACH = 96
_TIMES_REACH = 1024
"""Bytes at the end of a connection's record in which its peer stands, so that the certificates are not searched."""


class _UnknownLayoutError(Exception):
    """This record is not laid out as the template expects."""


def parse_flow(record: bytes) -> Flow | None:
    """Payload and type byte of one record → its flow, or None where mitmproxy's own reader must decide.

    Args:
        record: what follows ``length:``, up to and with the type byte.
    """
    try:
        return _Record(record).flow()
    except (_UnknownLayoutError, UndatedFlowError, ValueError, IndexError, TypeError, KeyError):
        return None  # nothing is lost: mitmproxy's reader is asked next, and names what is wrong


class _Record:
    """One record and a position in it; every step leaves the position behind what it read."""

    __slots__ = ("at", "record")

    def __init__(self, record: bytes) -> None:
        self.record = record
        self.at = 0

    def flow(self) -> Flow:
        """The whole record as a flow."""
        opening = self._step(_OPENING)
        messages = self._messages(int(opening[1])) if opening[1] else ()
        response = self._response()
        request = self._step(_REQUEST)
        (
            length, target_length, target, authority_length, authority, scheme_length, scheme, method_length, method,
            port_length, port, address_length, address, time, content, trailer_length,
        ) = request.groups()  # fmt: skip
        _check(int(target_length) == len(target))
        _check(int(authority_length) == len(authority) and int(scheme_length) == len(scheme))
        _check(int(method_length) == len(method) and int(port_length) == len(port))
        _check(int(address_length) == len(address))
        body, headers, trailers, version = self._content(content, trailer_length)
        _check(self.at == request.end(1) + int(length) + 2)
        err_ns, client = self._connections()
        error, flow_id = self._ending()
        host = named_host(version, authority, headers, address.decode())
        return Flow(
            flow_id,
            to_ns(float(time[time.index(b":") + 1 : -1])),
            err_ns,
            method.decode(),
            scheme.decode(),
            intended_host(host, _sni(self.record[client])) if is_address(host) else host,
            int(port),
            target,
            version.decode(),
            headers,
            body,
            trailers,
            response,
            messages,
            error,
            _peer(self.record, client),
            _connected(self.record, client),
        )

    def _messages(self, length: int) -> tuple[WebSocketMessage, ...]:
        return map_messages(_load(b"%d:%b}" % (length, self._take(length, b"}")))["messages"])

    def _response(self) -> Response | None:
        found = self._step(_RESPONSE)
        outer, reason_length, reason, status, content, trailer_length = found.groups()
        if outer is None:
            return None
        _check(int(reason_length) == len(reason))
        body, headers, trailers, _ = self._content(content, trailer_length)
        _check(self.at == found.end(1) + int(outer) + 2)
        return Response(int(status), headers, body, trailers)

    def _content(
        self, length: bytes | None, trailer_length: bytes | None
    ) -> tuple[bytes | None, Headers, Headers, bytes]:
        """Body, headers, trailers and HTTP version: what a request and a response end with alike."""
        trailers: Headers = ()
        if trailer_length is not None:
            trailers = _parse_headers(self._take(int(trailer_length)))
            length = self._step(_AFTER_TRAILERS)[1]
        record, at = self.record, self.at
        body = None
        if length is not None:
            end = at + int(length)
            body, at = record[at:end], end
        opening = (_HEADERS if length is None else _HEADERS_AFTER_BODY).match(record, at)
        if opening is None:
            raise _UnknownLayoutError
        at = opening.end()
        end = at + int(opening[1])
        version = _AFTER_HEADERS.match(record, end)
        if version is None:
            raise _UnknownLayoutError
        self.at = version.end()
        return body, _parse_headers(record[at:end]), trailers, version[1] or version[2]

    def _connections(self) -> tuple[int, slice]:
        """Step over both connections: the time's error that stands before them, and where the client's part is."""
        err_ns = FLOAT_ERR_NS
        server = _PLAIN_MIDDLE.match(self.record, self.at)
        if server is None:
            err_ns, server = self._annotations()
        self.at = server.end() + int(server[1])
        client = self._step(_CLIENT)
        start, self.at = self.at, self.at + int(client[1])
        return err_ns, slice(start, self.at)

    def _annotations(self) -> tuple[int, re.Match[bytes]]:
        """Comment, metadata and marks, where a flow has any."""
        self._take(int(self._step(_MIDDLE)[1]), b";")
        length = int(self._step(_METADATA)[1])
        err_ns = _noted_err_ns(self._take(length, b"}"))
        marked = self._step(_MARKED)
        _check(int(marked[1]) == len(marked[2]))
        return err_ns, self._step(_SERVER)

    def _ending(self) -> tuple[str | None, str]:
        """Error text and flow id, up to the last byte of the record."""
        plain = _PLAIN_END.fullmatch(self.record, self.at)
        if plain is not None:
            return None, plain[1].decode()
        error = None
        found = self._step(_ERROR)
        if found[1]:
            error = self._take(int(found[2]), b";}").decode()
            _check(self.at == found.end(1) + int(found[1]) + 2)
        last = self._step(_END)
        _check(int(last[1]) == len(last[2]) and self.at == len(self.record))
        return error, last[2].decode()

    def _step(self, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        found = pattern.match(self.record, self.at)
        if found is None:
            raise _UnknownLayoutError
        self.at = found.end()
        return found

    def _take(self, length: int, closing: bytes = b"") -> bytes:
        """The next ``length`` bytes, which the type bytes ``closing`` must follow."""
        start, self.at = self.at, self.at + length
        taken = self.record[start : self.at]
        if closing:
            _check(self.record.startswith(closing, self.at))
            self.at += len(closing)
        return taken


def _peer(record: bytes, client: slice) -> tuple[str, int] | None:
    """Where the client connected from; its address stands at the end of what is known of the connection."""
    found = _PEER.search(record, max(client.start, client.stop - _PEER_REACH), client.stop)
    if found is None:
        found = _PEER.search(record, client.start, client.stop)
    if found is None or int(found[1]) != len(found[2]) or int(found[3]) != len(found[4]):
        return None
    return found[2].decode(), int(found[4])


def _connected(record: bytes, client: slice) -> int | None:
    """When the connection arrived; its times stand before the names and certificates that another has chosen."""
    found = _CONNECTED.search(record, client.start, min(client.stop, client.start + _TIMES_REACH))
    return None if found is None else to_ns(float(found[1][found[1].index(b":") + 1 : -1]))


def _noted_err_ns(metadata: bytes) -> int:
    if not metadata:
        return FLOAT_ERR_NS
    noted = _NOTED_ERR.fullmatch(metadata)
    if noted and int(noted[1]) == len(noted[2]):
        return max(int(noted[2]), FLOAT_ERR_NS)
    return flow_err_ns(_load(b"%d:%b}" % (len(metadata), metadata)))


def _check(holds: bool) -> None:
    if not holds:
        raise _UnknownLayoutError


def _parse_headers(block: bytes) -> Headers:
    """A list of name-value pairs. Most headers recur in every request of an app, so checked ones are remembered."""
    if not block:
        return ()
    _check(block.endswith(b",]"))
    known = _KNOWN_HEADERS.get
    return tuple([known(piece) or _parse_header(piece) for piece in block[:-2].split(b",]")])


def _parse_header(piece: bytes) -> tuple[bytes, bytes]:
    """``outer:length:name,length:value``, all three lengths checked; a value that holds ``,]`` fails here, as it should."""
    outer, name_length, rest = piece.split(b":", 2)
    name, _, rest = rest.partition(b",")
    value_length, _, value = rest.partition(b":")
    # `split` took the comma behind the value, which belongs to the outer length; the colon behind that length does not.
    _check(int(outer) == len(piece) - len(outer))
    _check(int(name_length) == len(name) and int(value_length) == len(value))
    if len(piece) <= _KNOWN_HEADER_BYTES:
        if len(_KNOWN_HEADERS) >= _KNOWN_HEADERS_MAX:
            _KNOWN_HEADERS.clear()
        _KNOWN_HEADERS[piece] = (name, value)
    return name, value


def _sni(client: bytes) -> str | None:
    found: str | None = _load(b"%d:%b}" % (len(client), client))["sni"]
    return found


def _load(value: bytes) -> Any:  # noqa: ANN401 - whatever the tnetstring holds
    from mitmproxy.io import tnetstring  # slow to import and rarely needed

    return tnetstring.loads(value)
