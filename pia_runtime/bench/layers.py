"""Ways in which apps wrap values, each with the decode steps that lead back in.

Written with the standard library and the formats' own libraries only, never with the program's code: a mistake must not
cancel itself out.
"""

import base64
import gzip
import json
import plistlib
import struct
import urllib.parse
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.sax import saxutils

import brotli
import cbor2
import cramjam
import msgpack
import zstandard

Wrapped = tuple[bytes, tuple[str, ...]]
Wrap = Callable[[bytes, str], Wrapped]


@dataclass(frozen=True, slots=True)
class Layer:
    """One wrapping.

    Attributes:
        name: as printed.
        wrap: ``(data, field name)`` to the wrapped bytes and the steps back.
        text_in: whether only text (UTF-8, no control characters) can be wrapped so.
        text_out: whether the result is text.
        keyed: whether the field name stands in it.
    """

    name: str
    wrap: Wrap
    text_in: bool
    text_out: bool
    keyed: bool = True


def _dumps(value: Any) -> bytes:  # noqa: ANN401  (anything JSON can carry)
    return json.dumps(value).encode()


def _json_deep(data: bytes, key: str) -> Wrapped:
    inside = {"ver": "2.3.1", "device": {"ids": [{"t": 1}, {key: data.decode()}]}, "n": 3}
    return _dumps(inside), (f"json:$.device.ids[1].{key}",)


def _json_inside(data: bytes, key: str) -> Wrapped:
    inner, before = _dumps({key: data.decode()}), b"[INFO] upload body="
    return before + inner + b" done", (f"json@{len(before)}+{len(inner)}:$.{key}",)


def _json_gb18030(data: bytes, key: str) -> Wrapped:
    text = json.dumps({"城市": "北京市朝阳区", key: data.decode()}, ensure_ascii=False)
    return text.encode("gb18030"), ("gb18030", f"json:$.{key}")


def _xml_gbk(data: bytes, key: str) -> Wrapped:
    inner = saxutils.escape(data.decode(), {"\r": "&#13;"})
    text = f'<?xml version="1.0" encoding="GBK"?><req><city>北京市朝阳区</city><{key}>{inner}</{key}></req>'
    return text.encode("gbk"), ("gb18030", f"xml:/req/{key}")


def _json_utf8(data: bytes, key: str) -> Wrapped:
    return json.dumps({"type": "注册", key: data.decode()}, ensure_ascii=False).encode(), (f"json:$.{key}",)


def _json_escaped(data: bytes, key: str) -> Wrapped:
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in data.decode())
    return f'{{"t": 1, "{key}": "{escaped}"}}'.encode(), (f"json:$.{key}",)


def _form(data: bytes, key: str) -> Wrapped:
    return f"app_ver=2.3.1&{key}=".encode() + urllib.parse.quote_plus(data).encode() + b"&os=android", (f"form:{key}",)


def _multipart(data: bytes, key: str) -> Wrapped:
    line = b"--Bd%08x" % zlib.crc32(data)
    parts = [line, b'Content-Disposition: form-data; name="os"', b"", b"android", line]
    parts += [f'Content-Disposition: form-data; name="{key}"'.encode(), b"", data, line + b"--", b""]
    return b"\r\n".join(parts), (f"multipart:{key}",)


def _multipart_file(data: bytes, key: str) -> Wrapped:
    line = b"--Bd%08x" % zlib.crc32(data)
    disposition = f'Content-Disposition: form-data; name="{key}"; filename="p.bin"'.encode()
    parts = [line, disposition, b"Content-Type: application/octet-stream", b"", data, line + b"--", b""]
    return b"\r\n".join(parts), (f"multipart:{key}",)


def _xml_attribute(data: bytes, key: str) -> Wrapped:
    value = saxutils.quoteattr(data.decode())
    return f'<?xml version="1.0"?><r><d n="1" {key}={value}/></r>'.encode(), (f"xml:/r/d/@{key}",)


def _xml_text(data: bytes, key: str) -> Wrapped:
    text = f'<?xml version="1.0" encoding="UTF-8"?><r><v>1</v><{key}>{saxutils.escape(data.decode())}</{key}></r>'
    return text.encode(), (f"xml:/r/{key}",)


def _plist(kind: "plistlib.PlistFormat") -> Wrap:
    def wrap(data: bytes, key: str) -> Wrapped:
        return plistlib.dumps({"os": "android", key: data.decode()}, fmt=kind), (f"plist:$.{key}",)

    return wrap


def varint(number: int) -> bytes:
    """Protocol buffers' base-128 number."""
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def protobuf_message(data: bytes) -> bytes:
    """A message whose field 3 holds a message whose field 2 is the data."""
    nested = b"\x08\x01\x12" + varint(len(data)) + data
    return b"\x08\x96\x01\x12\x05hello\x1a" + varint(len(nested)) + nested + b"\x25" + struct.pack("<f", 1.5)


def _grpc(data: bytes, _: str) -> Wrapped:
    message = protobuf_message(data)
    return b"\x00" + len(message).to_bytes(4) + message, ("grpc:0", "protobuf:3.2")


def _jwt(data: bytes, key: str) -> Wrapped:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"iat": 1763884800, key: data.decode()})
    written = [base64.urlsafe_b64encode(_dumps(part)).rstrip(b"=") for part in parts]
    return b".".join([*written, b"c2lnbmF0dXJlLW9mLTMyLWJ5dGVzLWFuZC1tb3Jl"]), ("jwt:payload", f"json:$.{key}")


def _url(data: bytes, key: str) -> Wrapped:
    text = f"https://cdn.example.net/c?a=1&{key}={urllib.parse.quote(data, safe='')}"
    return _dumps({"ref": text}), ("json:$.ref", "url:query", f"form:{key}")


STRUCTURES: tuple[Layer, ...] = (
    Layer("json", lambda d, k: (_dumps({"t": 1, k: d.decode()}), (f"json:$.{k}",)), True, True),
    Layer("json deep", _json_deep, True, True),
    Layer(
        "json by position", lambda d, _: (_dumps(["2.3.1", 17, d.decode()]), ("json:$[2]",)), True, True, keyed=False
    ),
    Layer("json utf-8", _json_utf8, True, True),
    Layer("json gb18030", _json_gb18030, True, False),
    Layer("xml gbk", _xml_gbk, True, False),
    Layer("json escaped", _json_escaped, True, True),
    Layer("json in text", _json_inside, True, True),
    Layer("jsonp", lambda d, k: (b"cb_17(" + _dumps({k: d.decode()}) + b");", (f"jsonp:$.{k}",)), True, True),
    Layer("ndjson", lambda d, k: (b'{"a": 1}\n' + _dumps({k: d.decode()}) + b"\n", (f"ndjson:1:$.{k}",)), True, True),
    Layer("form", _form, False, True),
    Layer("multipart", _multipart, True, True),
    Layer("multipart file", _multipart_file, False, False),
    Layer("xml attribute", _xml_attribute, True, True),
    Layer("xml text", _xml_text, True, True),
    Layer("plist xml", _plist(plistlib.FMT_XML), True, True),
    Layer("plist binary", _plist(plistlib.FMT_BINARY), True, False),
    Layer("protobuf", lambda d, _: (protobuf_message(d), ("protobuf:3.2",)), False, False, keyed=False),
    Layer("grpc", _grpc, False, False, keyed=False),
    Layer("msgpack", lambda d, k: (msgpack.packb({"v": 1, "d": {k: d.decode()}}), (f"msgpack:$.d.{k}",)), True, False),
    Layer("msgpack bin", lambda d, k: (msgpack.packb({"v": 1, k: d}), (f"msgpack:$.{k}",)), False, False),
    Layer("cbor", lambda d, k: (cbor2.dumps({"v": 1, "d": [{k: d.decode()}]}), (f"cbor:$.d[0].{k}",)), True, False),
    Layer("cbor bytes", lambda d, k: (cbor2.dumps({"v": 1, k: d}), (f"cbor:$.{k}",)), False, False),
    Layer("jwt", _jwt, True, True),
    Layer("url in json", _url, False, True),
    Layer("sse", lambda d, _: (b"event: log\ndata: " + d + b"\n\n", ("sse:0:data",)), True, True, keyed=False),
)


def _deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush()


COMPRESSORS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gunzip", lambda data: gzip.compress(data, mtime=0)),
    "zlib": ("zlib", zlib.compress),
    "raw deflate": ("deflate", _deflate),
    "brotli": ("brotli", lambda data: brotli.compress(data, quality=5)),
    "zstd": ("zstd", zstandard.compress),
    "lz4": ("lz4", lambda data: bytes(cramjam.lz4.compress(data))),
    "snappy": ("snappy", lambda data: bytes(cramjam.snappy.compress(data))),
}
"""Name → decode step and compressor."""


def _compression(name: str) -> Layer:
    step, compress = COMPRESSORS[name]
    return Layer(name, lambda data, _: (compress(data), (step,)), False, False, keyed=False)


COMPRESSIONS: tuple[Layer, ...] = tuple(map(_compression, COMPRESSORS))


def _base64_in_text(data: bytes, _: str) -> Wrapped:
    run = base64.b64encode(data)
    return b"sid: " + run + b" (v2)", (f"base64@5+{len(run)}",)


def _base64url(data: bytes, _: str) -> Wrapped:
    text = base64.urlsafe_b64encode(data).rstrip(b"=")
    return text, ("base64url" if b"-" in text or b"_" in text else "base64",)


def _of(step: str, encode: Callable[[bytes], bytes]) -> Wrap:
    return lambda data, _: (encode(data), (step,))


def _escaped(data: bytes) -> bytes:
    return "".join(f"\\u{ord(sign):04x}" for sign in data.decode()).encode()


TEXTS: tuple[Layer, ...] = (
    Layer("base64", _of("base64", base64.b64encode), False, True, keyed=False),
    Layer("base64 unpadded", _of("base64", lambda d: base64.b64encode(d).rstrip(b"=")), False, True, keyed=False),
    Layer("base64url", _base64url, False, True, keyed=False),
    Layer("base64 in lines", _of("base64", base64.encodebytes), False, True, keyed=False),
    Layer("base64 in text", _base64_in_text, False, True, keyed=False),
    Layer("hex", _of("hex", lambda d: d.hex().encode()), False, True, keyed=False),
    Layer("hex upper", _of("hex", lambda d: d.hex().upper().encode()), False, True, keyed=False),
    Layer("percent", _of("percent", lambda d: "".join(f"%{b:02X}" for b in d).encode()), False, True, keyed=False),
    Layer(
        "html entities",
        _of("html-entities", lambda d: "".join(f"&#{ord(sign)};" for sign in d.decode()).encode()),
        True,
        True,
        keyed=False,
    ),
    Layer("unicode escapes", _of("unicode-escape", _escaped), True, True, keyed=False),
    Layer("utf-16le", _of("utf-16le", lambda d: d.decode().encode("utf-16le")), True, False, keyed=False),
    Layer("utf-16be", _of("utf-16be", lambda d: d.decode().encode("utf-16be")), True, False, keyed=False),
)

LAYERS: dict[str, Layer] = {layer.name: layer for layer in (*STRUCTURES, *COMPRESSIONS, *TEXTS)}
