"""One HAR entry → one of mitmproxy's flows.

mitmproxy's own importer (``mitmproxy/io/har.py``) is not used: it drops the producer's time resolution and connection phases,
WebSocket messages and pseudo headers, fails on postData without text, and gives every flow a random id.
"""

import base64
import binascii
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from mitmproxy import connection, http
from mitmproxy.flow import Error
from mitmproxy.websocket import WebSocketData, WebSocketMessage

from pia_runtime.capture.har_body import RecordedBody, request_body, response_body, still_encoded
from pia_runtime.capture.har_file import BrokenEntryError
from pia_runtime.storage.flow_mapping import ERR_KEY, FLOAT_ERR_NS

_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(?::(\d\d)(?:[.,](\d+))?)?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)
_CONNECT_PHASES = ("blocked", "dns", "connect", "ssl")
_NO_ZONE_ERR_NS = 14 * 3600 * 10**9  # time zones reach from -12 to +14 hours
_LONGEST_PHASE_MS = 86_400_000
_SCHEMES = {"http": ("http", 80), "https": ("https", 443), "ws": ("http", 80), "wss": ("https", 443)}
_VERSIONS = {"h2": "HTTP/2.0", "http/2": "HTTP/2.0", "http/2.0": "HTTP/2.0", "h3": "HTTP/3", "http/3": "HTTP/3",
             "http/3.0": "HTTP/3", "http/1.0": "HTTP/1.0"}  # fmt: skip
_BINARY_OPCODE = 2  # RFC 6455, section 5.2
_DATA_OPCODES = (1, _BINARY_OPCODE)
_SAFE = "%/:?#[]@!$&'()*+,;=-._~|\\^`{}\"<>"
Pairs = list[tuple[bytes, bytes]]


class LocalEntryError(ValueError):
    """The entry never left the machine (``data:``, ``blob:``, an extension's own page)."""


@dataclass(frozen=True, slots=True)
class ImportedEntry:
    """A flow, and what an analysis must know about how much of it was recorded.

    Attributes:
        lost: "" or why content that was sent is missing.
    """

    flow: http.HTTPFlow
    lost: str


def parse_entry(entry: dict[str, Any], flow_id: str, creator: str) -> ImportedEntry:
    """Turn an entry into a flow.

    The time is ``startedDateTime``; its error, kept in the flow's metadata, is its resolution plus the time that the
    entry spent before the request could leave (``blocked``, ``dns``, ``connect``, ``ssl``).

    Raises:
        BrokenEntryError: a field that is needed is missing or of another type.
        LocalEntryError: the entry is no network traffic.
    """
    t_ns, err_ns = _time(entry.get("startedDateTime"))
    err_ns += _before_sending(entry.get("timings"))
    request = _part(entry, "request")
    scheme, host, port, path = _target(request)
    version = _version(request.get("httpVersion"))
    pseudo, headers = _headers(request.get("headers"), "request.headers")
    _add_cookies(headers, request.get("cookies"), b"cookie")
    body = request_body(request, _value(headers, b"content-type"), creator)
    remarks, headers = _settle_encoding(body, headers)
    seconds = t_ns / 1e9
    flow = http.HTTPFlow(*_connections(entry, scheme, host, port, seconds))
    flow.id, flow.timestamp_created = flow_id, seconds
    flow.metadata[ERR_KEY] = max(err_ns, FLOAT_ERR_NS)
    authority = pseudo.get(b":authority", b"") if version in ("HTTP/2.0", "HTTP/3") else b""
    method = str(request.get("method") or "GET").encode("utf-8", "replace")
    flow.request = http.Request(
        host, port, method, scheme.encode(), authority, path, version.encode(), http.Headers(headers), body.content,
        None, seconds, seconds,
    )  # fmt: skip
    _add_answer(flow, entry, creator)
    _add_messages(flow, entry.get("_webSocketMessages"), seconds)
    flow.comment = "; ".join(remarks)
    return ImportedEntry(flow, body.remark if body.lost else "")


def _part(entry: dict[str, Any], name: str) -> dict[str, Any]:
    part = entry.get(name)
    if not isinstance(part, dict):
        raise BrokenEntryError(f"{name} is missing or not an object")
    return part


def _time(text: object) -> tuple[int, int]:
    """``startedDateTime`` → ns since the epoch, and its resolution in ns."""
    found = _ISO.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise BrokenEntryError(f"startedDateTime {str(text)[:40]!r} is not an ISO 8601 time")
    minute, second, fraction, zone = found.groups()
    fraction = (fraction or "")[:9]
    try:
        zone = "+00:00" if zone in (None, "Z", "z") else zone
        whole = datetime.fromisoformat(f"{minute}:{second or '00'}{zone}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BrokenEntryError(f"startedDateTime {str(text)[:40]!r}: {error}") from error
    t_ns = int(whole.timestamp()) * 10**9 + int(fraction.ljust(9, "0"))
    if t_ns < 0:
        raise BrokenEntryError(f"startedDateTime {str(text)[:40]!r} is before 1970")
    resolution = 10 ** (9 - len(fraction)) if second else 60 * 10**9
    return t_ns, resolution + (0 if found[4] else _NO_ZONE_ERR_NS)


def _before_sending(timings: object) -> int:
    """Nanoseconds between ``startedDateTime`` and the first byte, at most."""
    if not isinstance(timings, dict):
        return 0
    return round(sum(_milliseconds(timings.get(phase)) for phase in _CONNECT_PHASES) * 1e6)


def _milliseconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0.0
    return min(max(float(value), 0.0), _LONGEST_PHASE_MS)  # -1 means: does not apply


def _target(request: dict[str, Any]) -> tuple[str, str, int, bytes]:
    """Scheme, host, port, and the target from the first ``/`` with the query."""
    url = request.get("url")
    if not isinstance(url, str) or not url:
        raise BrokenEntryError("request.url is missing or not a string")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError as error:
        raise BrokenEntryError(f"request.url: {error}") from error
    if parts.scheme not in _SCHEMES:
        raise LocalEntryError(parts.scheme[:40])
    if not host:
        raise BrokenEntryError("request.url names no host")
    scheme, default = _SCHEMES[parts.scheme]
    query = parts.query or _query(request.get("queryString"))
    target = (parts.path or "/") + (f"?{query}" if query or url.partition("#")[0].endswith("?") else "")
    return scheme, host, port or default, quote(target, safe=_SAFE, errors="surrogatepass").encode()


def _query(listed: object) -> str:
    """Some producers cut the query off the URL and keep it only as a list."""
    return urlencode(_named(listed, "request.queryString"), errors="replace") if listed else ""


def _named(listed: object, where: str) -> list[tuple[str, str]]:
    """``[{"name": …, "value": …}]``, or the pairs that some producers write, as text."""
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise BrokenEntryError(f"{where} must be a list")
    pairs = []
    for item in listed:
        try:
            name, value = (item["name"], item["value"]) if isinstance(item, dict) else item
        except (KeyError, TypeError, ValueError) as error:
            raise BrokenEntryError(f"{where}: {str(item)[:80]!r} has no name and value") from error
        pairs.append((str(name), "" if value is None else str(value)))
    return pairs


def _headers(listed: object, where: str) -> tuple[dict[bytes, bytes], Pairs]:
    """Pseudo headers (``:authority``) apart from the others. Chrome joins repeated Set-Cookie headers by line feeds."""
    pseudo: dict[bytes, bytes] = {}
    headers: Pairs = []
    for name, value in _named(listed, where):
        key = name.encode("utf-8", "surrogatepass")
        if key.startswith(b":"):
            pseudo[key.lower()] = value.encode("utf-8", "surrogatepass")
        else:
            headers += [(key, line.encode("utf-8", _handler(line))) for line in value.splitlines() or [""]]
    return pseudo, headers


def _handler(text: str) -> str:
    return (
        "surrogateescape"
        if all(not "\ud800" <= c <= "\udfff" or "\udc80" <= c <= "\udcff" for c in text)
        else "surrogatepass"
    )


def _value(headers: Pairs, name: bytes) -> str:
    return next((value.decode("utf-8", "replace") for key, value in headers if key.lower() == name), "")


def _add_cookies(headers: Pairs, cookies: object, header: bytes) -> None:
    """Some producers list cookies and leave the header out."""
    if any(key.lower() == header for key, _ in headers):
        return
    pairs = [f"{name}={value}".encode("utf-8", "surrogatepass") for name, value in _named(cookies, "cookies")]
    if pairs and header == b"cookie":
        headers.append((header, b"; ".join(pairs)))
    else:
        headers += [(header, pair) for pair in pairs]


def _settle_encoding(body: RecordedBody, headers: Pairs) -> tuple[list[str], Pairs]:
    """Where the producer decoded the body, the header that says otherwise goes, with a remark; else it would mislead."""
    remarks = [body.remark] if body.remark else []
    coding = _value(headers, b"content-encoding")
    if not body.content or not coding or still_encoded(body.content, coding.rpartition(",")[2]):
        return remarks, headers
    remarks.append(f"recorded already decoded; the header content-encoding: {coding[:60]} was taken away")
    return remarks, [(key, value) for key, value in headers if key.lower() != b"content-encoding"]


def _connections(
    entry: dict[str, Any], scheme: str, host: str, port: int, seconds: float
) -> tuple[connection.Client, connection.Server]:
    client = connection.Client(peername=("", 0), sockname=("", 0), timestamp_start=seconds)
    server = connection.Server(address=(host, port))
    client.id = server.id = f"{host}:{port}"  # random ones would make every import different
    address = entry.get("serverIPAddress")
    if isinstance(address, str) and address:
        server.peername = (address.strip("[]"), port)
    client.tls = server.tls = scheme == "https"
    return client, server


def _version(text: object) -> str:
    return _VERSIONS.get(str(text).lower(), "HTTP/1.1")


def _add_answer(flow: http.HTTPFlow, entry: dict[str, Any], creator: str) -> None:
    response = entry.get("response")
    start = flow.request.timestamp_start
    status = response.get("status") if isinstance(response, dict) else None
    if not isinstance(response, dict) or not isinstance(status, int) or not 100 <= status <= 999:
        said = response.get("_error") if isinstance(response, dict) else None
        flow.error = Error(str(said or "no answer was recorded")[:500], start)
        return
    _, headers = _headers(response.get("headers"), "response.headers")
    _add_cookies(headers, response.get("cookies"), b"set-cookie")
    body = response_body(response, _value(headers, b"content-type"), creator)
    _, headers = _settle_encoding(body, headers)
    flow.response = http.Response(
        _version(response.get("httpVersion")).encode(), status, str(response.get("statusText") or "").encode("utf-8", "replace"),
        http.Headers(headers), body.content, None, start, start + _milliseconds(entry.get("time")) / 1000,
    )  # fmt: skip


def _add_messages(flow: http.HTTPFlow, listed: object, start: float) -> None:
    """Chrome's ``_webSocketMessages``: ``{"type": "send" | "receive", "time": seconds, "opcode": 1 | 2, "data": …}``.

    Binary data is base64; PCAPdroid says so in ``encoding``, also for text that is no UTF-8.
    """
    if listed is None:
        return
    if not isinstance(listed, list):
        raise BrokenEntryError("_webSocketMessages must be a list")
    flow.websocket = WebSocketData()
    for message in listed:
        if not isinstance(message, dict) or message.get("opcode") not in _DATA_OPCODES:
            continue  # pings, and errors that Chrome lists here too, carry nothing of the app's
        time, data, opcode = message.get("time"), str(message.get("data") or ""), int(message["opcode"])
        seconds = float(time) if isinstance(time, int | float) and math.isfinite(time) and time > 0 else start
        binary = opcode == _BINARY_OPCODE or message.get("encoding") == "base64"
        content = _binary(data) if binary else data.encode("utf-8", "surrogatepass")
        flow.websocket.messages.append(WebSocketMessage(opcode, message.get("type") == "send", content, seconds))


def _binary(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return data.encode("utf-8", "surrogatepass")
