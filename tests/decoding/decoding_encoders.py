"""Ways in which apps wrap values, as functions from bytes to bytes; the decoder must undo every chain of them.

An encoder returns None where an app could not have used it (binary data inside XML, for instance).
"""

import base64
import gzip
import html
import json
import struct
import urllib.parse
import zlib
from collections.abc import Callable

import brotli
import cbor2
import cramjam
import msgpack
import zstandard

Encoder = Callable[[bytes], bytes | None]


def _text(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if all(char >= " " or char in "\t\r\n" for char in text) else None


def _of_text(wrap: Callable[[str], str | bytes]) -> Encoder:
    def encode(data: bytes) -> bytes | None:
        text = _text(data)
        if text is None:
            return None
        out = wrap(text)
        return out.encode() if isinstance(out, str) else out

    return encode


def _raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush()


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def protobuf(data: bytes) -> bytes:
    """A message with a number, the data, and a nested message."""
    nested = b"\x08\x01\x12" + _varint(len(data)) + data
    return b"\x08\x96\x01\x1a" + _varint(len(nested)) + nested + b"\x25" + struct.pack("<f", 1.5)


def grpc(data: bytes) -> bytes:
    """One uncompressed gRPC frame around a protobuf message."""
    message = protobuf(data)
    return b"\x00" + len(message).to_bytes(4) + message


def multipart(data: bytes) -> bytes:
    """A form of two parts."""
    line = b"--bDrY%d" % zlib.crc32(data)
    return b"\r\n".join(
        [
            line,
            b'Content-Disposition: form-data; name="v"',
            b"",
            b"1",
            line,
            b'Content-Disposition: form-data; name="payload"; filename="p.bin"',
            b"Content-Type: application/octet-stream",
            b"",
            data,
            line + b"--",
            b"",
        ]
    )


def jwt(data: bytes) -> bytes | None:
    """An unsigned-looking token with the data as a claim."""
    text = _text(data)
    if text is None:
        return None

    def part(obj: object) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(obj).encode()).rstrip(b"=")

    return part({"alg": "HS256", "typ": "JWT"}) + b"." + part({"sub": text, "iat": 1763884800}) + b"." + b"c2ln" * 10


STRUCTURES: dict[str, Encoder] = {
    "json": _of_text(lambda text: json.dumps({"app": "loan", "n": 3, "device": {"list": ["a", text]}})),
    "json-utf8": _of_text(lambda text: json.dumps([{"v": text}], ensure_ascii=False)),
    "jsonp": _of_text(lambda text: f"callback({json.dumps({'v': text})});"),
    "ndjson": _of_text(lambda text: f'{{"a": 1}}\n{json.dumps({"v": text})}\n'),
    "form": lambda data: b"v=1&data=" + urllib.parse.quote_plus(data).encode() + b"&os=android",
    "multipart": multipart,
    "xml": _of_text(lambda text: f'<?xml version="1.0"?><r><i k="1"/><i>{html.escape(text)}</i></r>'),
    "protobuf": protobuf,
    "grpc": grpc,
    "msgpack": lambda data: msgpack.packb({"v": 1, "data": {"list": [data]}}),
    "cbor": lambda data: cbor2.dumps({"v": 1, "data": {"list": [data]}}),
    "jwt": jwt,
    "url": _of_text(lambda text: f"https://t.example.com/c?a=1&u={urllib.parse.quote(text, safe='')}"),
}
COMPRESSIONS: dict[str, Encoder] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zlib": zlib.compress,
    "deflate": _raw_deflate,
    "brotli": lambda data: brotli.compress(data, quality=5),
    "zstd": zstandard.compress,
    "lz4": lambda data: bytes(cramjam.lz4.compress(data)),
    "snappy": lambda data: bytes(cramjam.snappy.compress(data)),
}
TEXTS: dict[str, Encoder] = {
    "base64": base64.b64encode,
    "base64-unpadded": lambda data: base64.b64encode(data).rstrip(b"="),
    "base64url": base64.urlsafe_b64encode,
    "base64-lines": lambda data: base64.encodebytes(data),
    "base64-in-text": lambda data: b"id: " + base64.b64encode(data) + b" (v2)",
    "base64-after-letters": lambda data: b"k9" + base64.b64encode(data) if _text(data) else None,
    "hex": lambda data: data.hex().encode(),
    "hex-upper": lambda data: data.hex().upper().encode(),
    "percent": lambda data: urllib.parse.quote(data, safe="").encode(),
    "html-entities": _of_text(lambda text: "".join(f"&#{ord(char)};" for char in text)),
    "unicode-escape": _of_text(lambda text: "".join(f"\\u{ord(char):04x}" for char in text)),
    "utf-16le": _of_text(lambda text: text.encode("utf-16le")),
    "utf-16be": _of_text(lambda text: text.encode("utf-16be")),
}
ENCODERS: dict[str, Encoder] = {**STRUCTURES, **COMPRESSIONS, **TEXTS}

VALUES = (
    b"13800138000",
    b"cdda802e-fb9c-47ad-9866-0794d394c912",
    b"861234567890123",
    "欧阳娜娜小朋友".encode(),
    b"31.230416,121.473701",
    b"zhang.san@example.com",
    b"02:00:5e:10:00:01",
    "上海市浦东新区世纪大道100号".encode(),
)
