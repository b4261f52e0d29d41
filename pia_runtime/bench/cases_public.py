"""The public battery of 44 requests: 33 encodings in a POST body, 11 placements of the plain value.

They carry one advertising id (one of them a MAC). Three open detectors were measured on the same list in 2026; see
``benchmarks/detection/peers.md``.
"""

import base64
import gzip
import hashlib
import hmac
import json
import zlib
from collections.abc import Iterator
from urllib.parse import quote

from pia_runtime.bench.case import Draft, Expected, Request, in_body
from pia_runtime.bench.digests import DIGESTS
from pia_runtime.bench.events import EventLog
from pia_runtime.bench.layers import protobuf_message
from pia_runtime.bench.person import Person
from pia_runtime.model.detection import Basis
from pia_runtime.model.flow import Location

_ID = "json:$.id"


def _j(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _gaid(path: tuple[str, ...], encoding: str = "plain", basis: Basis = "known") -> Expected:
    return Expected("gaid", "request.body", path, encoding, basis)


def encodings(person: Person, log: EventLog) -> Iterator[Draft]:
    """33 encodings in a POST body."""
    gaid = person.values["gaid"]
    raw, bare = gaid.encode(), gaid.replace("-", "")
    inner = _j(id=gaid)
    plain: dict[str, tuple[bytes, tuple[str, ...]]] = {
        "plain": (raw, ()),
        "json in json": (_j(data=inner.decode()), ("json:$.data", _ID)),
        "form": (b"a=1&id=" + raw, ("form:id",)),
        "double url": (b"id=" + quote(quote("x/" + gaid, safe=""), safe="").encode(), ("form:id", "percent")),
        "protobuf": (protobuf_message(raw), ("protobuf:3.2",)),
        "hex": (_j(id=raw.hex()), (_ID, "hex")),
        "base64 whole": (base64.b64encode(raw), ("base64",)),
        "base64 in json at offset 1": (_j(id=_b64(b"x" + b":" + raw)), (_ID, "base64")),
        "base64 in json at offset 2": (_j(id=_b64(b"xy:12|" + raw + b"|")), (_ID, "base64")),
        "base64 in json at offset 3": (_j(id=_b64(b"xy|" + raw)), (_ID, "base64")),
        "base64 twice": (_j(id=_b64(_b64(inner).encode())), (_ID, "base64", "base64", _ID)),
        "base64url": (
            _j(id=base64.urlsafe_b64encode(b'{"q":"?>?>~~","id":"' + raw + b'"}').decode().rstrip("=")),
            (_ID, "base64url", _ID),
        ),
        "unicode escapes": (b'{"id":"' + "".join(f"\\u{ord(sign):04x}" for sign in gaid).encode() + b'"}', (_ID,)),
        "base64 of gzip": (_j(id=_b64(gzip.compress(inner, mtime=0))), (_ID, "base64", "gunzip", _ID)),
        "base64 of zlib": (_j(id=_b64(zlib.compress(inner))), (_ID, "base64", "zlib", _ID)),
        "gzip without header": (gzip.compress(inner, mtime=0), ("gunzip", _ID)),
    }
    for name, (body, path) in plain.items():
        yield name, *in_body(body, _gaid(path))
    yield (
        "gzip with header",
        Request(gzip.compress(inner, mtime=0), headers=((b"Content-Encoding", b"gzip"),)),
        (_gaid(("gunzip", _ID)),),
    )
    hashes = {
        "upper case": (gaid.upper(), "upper"),
        "separators removed": (bare, "stripped"),
        **{name: (hashlib.new(name, raw).hexdigest(), name) for name in ("md5", "sha1", "sha256", "sha512")},
        "md5 upper": (DIGESTS["md5"](raw).hex().upper(), "md5"),
        "md5 of upper": (DIGESTS["md5"](gaid.upper().encode()).hex(), "md5(upper)"),
        "md5 of normalised": (DIGESTS["md5"](bare.encode()).hex(), "md5(stripped)"),
        "sha1 of md5": (DIGESTS["sha1"](DIGESTS["md5"](raw).hex().encode()).hex(), "sha1(md5)"),
        "reversed": (gaid[::-1], "reversed"),
    }
    for name, (text, encoding) in hashes.items():
        yield name, *in_body(_j(id=text), _gaid((_ID,), encoding))
    yield "md5 raw in base64", *in_body(_j(id=_b64(DIGESTS["md5"](raw))), _gaid((_ID, "base64"), "md5"))
    yield "xor", *in_body(bytes(byte ^ 0x5A for byte in raw), _gaid((), "xor(0x5a)"))
    yield "split in two fields", *in_body(_j(a=gaid[:18], b=gaid[18:]), _gaid(("json:$.a",), "split"))
    yield from _witnessed(raw, log)


def _witnessed(raw: bytes, log: EventLog) -> Iterator[Draft]:
    salted = b"s3cr3t:" + raw
    digest, keyed = DIGESTS["md5"](salted), hmac.digest(b"app-key", raw, "sha256")
    log.transform("digest", "MD5", salted, digest)
    log.transform("mac", "HmacSHA256", raw, keyed)
    yield "salted md5", *in_body(_j(id=digest.hex()), _gaid((_ID,), "md5(salted)", "derived"))
    yield "HMAC", *in_body(_j(id=keyed.hex()), _gaid((_ID,), "hmac-sha256", "derived"))


def placements(person: Person, _: EventLog) -> Iterator[Draft]:
    """11 placements of the plain value."""
    gaid, mac = person.values["gaid"], person.values["mac_wifi"]
    raw, body = gaid.encode(), _j(id=gaid)
    form = b'--XX\r\nContent-Disposition: form-data; name="id"\r\n\r\n' + raw + b"\r\n--XX--\r\n"
    kind = b"multipart/form-data; boundary=XX"
    mac_query = b"/p?m=" + quote(mac, safe="").encode()
    placed: tuple[tuple[str, Request, str, Location, str], ...] = (
        ("GET query", Request(method="GET", target=b"/p?id=" + raw), "gaid", "request.url.query", "form:id"),
        (
            "GET query with URL-encoded MAC",
            Request(method="GET", target=mac_query),
            "mac_wifi",
            "request.url.query",
            "form:m",
        ),
        ("GET path", Request(method="GET", target=b"/p/" + raw + b"/x"), "gaid", "request.url.path", "segment:1"),
        ("GET header", Request(method="GET", headers=((b"X-Dev", raw),)), "gaid", "request.header", "header:x-dev"),
        (
            "GET cookie",
            Request(method="GET", headers=((b"Cookie", b"a=1; did=" + raw),)),
            "gaid",
            "request.cookie",
            "cookie:did",
        ),
        ("POST path", Request(b"a=1", b"/p/" + raw), "gaid", "request.url.path", "segment:1"),
        ("PUT body", Request(body, method="PUT"), "gaid", "request.body", _ID),
        ("PATCH body", Request(body, method="PATCH"), "gaid", "request.body", _ID),
        ("POST query and body", Request(b"a=1", b"/p?id=" + raw), "gaid", "request.url.query", "form:id"),
        ("POST header and body", Request(b"a=1", headers=((b"X-Id", raw),)), "gaid", "request.header", "header:x-id"),
        ("multipart", Request(form, headers=((b"Content-Type", kind),)), "gaid", "request.body", "multipart:id"),
    )
    for name, request, data, location, step in placed:
        yield name, request, (Expected(data, location, (step,)),)
