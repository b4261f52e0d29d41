"""Every place of a request, WebSocket messages and event streams, with plain, hashed and nested values."""

import base64
import gzip
import json
from collections.abc import Iterator
from urllib.parse import quote

from pia_runtime.bench.case import HOST, Draft, Expected, Request
from pia_runtime.bench.cases_wrapped import STRONG
from pia_runtime.bench.digests import DIGESTS
from pia_runtime.bench.events import EventLog
from pia_runtime.bench.layers import protobuf_message
from pia_runtime.bench.person import Person
from pia_runtime.model.flow import Location

_HOSTABLE = ("imei", "imsi", "iccid", "android_id", "oaid", "gaid", "phone_number", "serial")


def placements(person: Person, _: EventLog) -> Iterator[Draft]:
    """Host, path, query, header, cookie, trailer; the value plain, as md5, and as base64 of JSON."""
    for data in STRONG:
        value = person.values[data]
        md5 = DIGESTS["md5"](value.encode()).hex()
        packed = base64.urlsafe_b64encode(json.dumps({"p3": value}).encode()).decode().rstrip("=")
        steps = ("base64url" if "-" in packed or "_" in packed else "base64", "json:$.p3")
        forms = (("plain", value, (), "plain"), ("md5", md5, (), "md5"), ("base64 of JSON", packed, steps, "plain"))
        for name, text, inner, encoding in forms:
            for where, location, request, step in _places(text):
                label = Expected(data, location, (step, *inner), encoding)
                yield f"{data} {name} in {where}", request, (label,)


def _places(text: str) -> Iterator[tuple[str, Location, Request, str]]:
    raw, quoted = text.encode(), quote(text, safe="").encode()
    segment = quote(text, safe="@:").encode()
    yield "the path", "request.url.path", Request(method="GET", target=b"/v1/d/" + segment + b"/cfg"), "segment:2"
    yield "the query", "request.url.query", Request(method="GET", target=b"/v1?a=1&p3=" + quoted), "form:p3"
    yield "a header", "request.header", Request(b"{}", headers=((b"X-Ctx", raw),)), "header:x-ctx"
    cookie = Request(b"{}", headers=((b"Cookie", b"lang=zh; sid3=" + raw),))
    yield "a cookie", "request.cookie", cookie, "cookie:sid3"
    trailer = Request(b"{}", headers=((b"Trailer", b"x-sum"),), trailers=((b"X-Sum", raw),))
    yield "a trailer", "request.trailer", trailer, "header:x-sum"


def hosts(person: Person, _: EventLog) -> Iterator[Draft]:
    """The value as a label of the host name, as lookups and per-device hosts carry it."""
    for data in _HOSTABLE:
        value = person.values[data]
        lower = value.lower()
        encoding = "plain" if lower == value else "lower"
        yield (
            f"{data} in the host",
            Request(b"{}", host=f"{lower}.{HOST}"),
            (Expected(data, "request.url.host", (), encoding),),
        )
    md5 = DIGESTS["md5"](person.values["gaid"].encode()).hex()
    yield (
        "md5 of gaid in the host",
        Request(b"{}", host=f"{md5}.{HOST}"),
        (Expected("gaid", "request.url.host", (), "md5"),),
    )


def encoded_paths(person: Person, _: EventLog) -> Iterator[Draft]:
    """A value percent-encoded in the path; JSON percent-encoded, and percent-encoded twice, in the query; a bare query."""
    for data in STRONG:
        value = person.values[data]
        every = "".join(f"%{byte:02X}" for byte in value.encode()).encode()
        label = Expected(data, "request.url.path", ("segment:1", "percent"))
        yield f"{data} percent-encoded in the path", Request(method="GET", target=b"/d/" + every), (label,)
        packed = quote(json.dumps({"p3": value}), safe="")
        label = Expected(data, "request.url.query", ("form:q", "json:$.p3"))
        yield f"{data} in JSON in the query", Request(method="GET", target=b"/d?v=1&q=" + packed.encode()), (label,)
        label = Expected(data, "request.url.query", ("form:q", "percent", "json:$.p3"))
        twice = quote(packed, safe="").encode()
        yield f"{data} in JSON twice percent-encoded", Request(method="GET", target=b"/d?v=1&q=" + twice), (label,)


def authorisations(person: Person, _: EventLog) -> Iterator[Draft]:
    """Authorization headers: Basic credentials and a bearer token."""
    for data in ("phone_number", "email_address", "account_id", "imei"):
        value = person.values[data]
        login = base64.b64encode(f"{value}:s3cret".encode())
        label = Expected(data, "request.header", ("header:authorization", f"base64@6+{len(login)}"))
        yield f"{data} in Basic credentials", Request(b"{}", headers=((b"Authorization", b"Basic " + login),)), (label,)
        parts = [
            json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, {"sub": value, "exp": 1763884800})
        ]
        token = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts) + b".c2lnbmF0dXJlc2lnbmF0dXJl"
        label = Expected(data, "request.header", ("header:authorization", "jwt:payload", "json:$.sub"))
        yield f"{data} in a bearer token", Request(b"{}", headers=((b"Authorization", b"Bearer " + token),)), (label,)


def streams(person: Person, _: EventLog) -> Iterator[Draft]:
    """WebSocket messages, text and binary; what the server says is no transmission."""
    hello, answer = (True, b'{"op":"hello"}'), (False, b'{"op":"ok"}')
    upgrade = ((b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"))
    for data in STRONG:
        value = person.values[data]
        text = json.dumps({"op": "reg", "p3": value}).encode()
        binary = protobuf_message(value.encode())
        sent: dict[str, tuple[bytes, tuple[str, ...]]] = {
            "a text message": (text, ("json:$.p3",)),
            "a gzipped message": (gzip.compress(text, mtime=0), ("gunzip", "json:$.p3")),
            "a protobuf message": (binary, ("protobuf:3.2",)),
        }
        for name, (content, inner) in sent.items():
            messages = (hello, answer, (True, content), (False, text))
            request = Request(None, b"/ws", upgrade, "GET", messages=messages)
            yield f"{data} in {name}", request, (Expected(data, "websocket.client", ("message:2", *inner)),)
