"""Hashes of a value and of its spellings, and the ways to hide a value without any cipher."""

import base64
import codecs
import json
import zlib
from collections.abc import Iterator

import mmh3

from pia_runtime.bench.case import Draft, Expected, in_body
from pia_runtime.bench.cases_spelled import spelled_values
from pia_runtime.bench.cases_wrapped import NEUTRAL, STRONG
from pia_runtime.bench.digests import DIGESTS
from pia_runtime.bench.events import EventLog
from pia_runtime.bench.layers import protobuf_message, varint
from pia_runtime.bench.person import Person

_PATH = (f"json:$.{NEUTRAL}",)
_EVERY = ("gaid", "imei", "android_id", "phone_number", "mac_wifi", "email_address")
_XOR_KEYS = (0x01, 0x2A, 0x5A, 0x80, 0xFF)


def _body(text: str) -> bytes:
    return json.dumps({"t": 1, NEUTRAL: text}).encode()


def _draft(name: str, data: str, text: str, encoding: str) -> Draft:
    return name, *in_body(_body(text), Expected(data, "request.body", _PATH, encoding))


def _hex(name: str, text: str) -> str:
    return DIGESTS[name](text.encode()).hex()


def digests(person: Person, _: EventLog) -> Iterator[Draft]:
    """Every algorithm over the plain value; the usual three over every strong kind."""
    for data in STRONG:
        for name in DIGESTS if data in _EVERY else ("md5", "sha1", "sha256"):
            yield _draft(f"{name} of {data}", data, _hex(name, person.values[data]), name)
            yield _draft(f"{name} of {data}, upper hex", data, _hex(name, person.values[data]).upper(), name)


def spelled_digests(person: Person, _: EventLog) -> Iterator[Draft]:
    """md5, sha1 and sha256 of every spelling, country codes included."""
    spelled = spelled_values(person)
    spelled["phone_number"] |= {code: code + person.values["phone_number"] for code in ("+86", "0086", "86")}
    for data in ("imei", "mac_wifi", "gaid", "oaid", "android_id", "email_address", "phone_number", "id_card_number"):
        for spelling, text in spelled[data].items():
            for name in ("md5", "sha1", "sha256"):
                yield _draft(f"{name} of {data} {spelling}", data, _hex(name, text), f"{name}({spelling})")


def digest_forms(person: Person, _: EventLog) -> Iterator[Draft]:
    """Raw digests in base64 and protobuf, half and unpadded md5, hashes of hashes, of UTF-16, checksums."""
    for data in _EVERY:
        value = person.values[data]
        yield from _raw_digests(data, value)
        yield from _odd_digests(data, value)
        for outer in ("md5", "sha1", "sha256", "sha512"):
            for inner in ("md5", "sha1", "sha256", "sha512"):
                yield _draft(
                    f"{outer} of {inner} of {data}", data, _hex(outer, _hex(inner, value)), f"{outer}({inner})"
                )
            raw = DIGESTS[outer](DIGESTS[outer](value.encode())).hex()
            yield _draft(f"{outer} of the bytes of {outer} of {data}", data, raw, f"{outer}(bytes({outer}))")


def _raw_digests(data: str, value: str) -> Iterator[Draft]:
    for name in ("md5", "sha1", "sha256", "sha512"):
        raw = DIGESTS[name](value.encode())
        label = Expected(data, "request.body", (*_PATH, "base64"), name)
        yield f"base64 of raw {name} of {data}", *in_body(_body(base64.b64encode(raw).decode()), label)
        label = Expected(data, "request.body", ("protobuf:3.2",), name)
        yield f"raw {name} of {data} in protobuf", *in_body(protobuf_message(raw), label)


def _odd_digests(data: str, value: str) -> Iterator[Draft]:
    raw = value.encode()
    md5 = DIGESTS["md5"](raw)
    yield _draft(f"16 digits of md5 of {data}", data, md5.hex()[8:24], "md5-16")
    yield _draft(f"16 digits of md5 of {data}, upper", data, md5.hex()[8:24].upper(), "md5-16")
    unpadded = "".join(f"{byte:x}" for byte in md5)
    if unpadded != md5.hex():
        yield _draft(f"md5 of {data} without zero padding", data, unpadded, "md5-nopad")
    upper = md5.hex().upper()
    yield _draft(f"md5 of upper-hex md5 of {data}", data, _hex("md5", upper), "md5(upper-hex(md5))")
    for name in DIGESTS:
        for charset in ("utf-16le", "utf-16be", "utf-16"):
            if (name, charset) != ("sm3", "utf-16"):
                text = DIGESTS[name](value.encode(charset)).hex()
                yield _draft(f"{name} of {charset} of {data}", data, text, f"{name}({charset})")
    number = mmh3.hash128(raw)
    for text in (f"{number:032x}", str(number), "{:016x}{:016x}".format(*mmh3.hash64(raw, signed=False))):
        yield _draft(f"murmur3-128 of {data} as {len(text)} digits", data, text, "murmur3-128")
    thrice = _hex("md5", _hex("md5", md5.hex()))
    yield _draft(f"md5 of md5 of md5 of {data}", data, thrice, "md5(md5(md5))")
    yield _draft(f"crc32 of {data}", data, f"{zlib.crc32(raw):08x}", "crc32")
    yield _draft(f"crc32 of {data}, decimal", data, str(zlib.crc32(raw)), "crc32")
    yield _draft(f"adler32 of {data}", data, f"{zlib.adler32(raw):08x}", "adler32")
    yield _draft(f"murmur3 of {data}", data, str(mmh3.hash(raw, 0, signed=False)), "murmur3-32")


def hidden(person: Person, _: EventLog) -> Iterator[Draft]:
    """Reversed, rotated, XORed, split and shortened values."""
    for data in STRONG:
        value = person.values[data]
        yield _draft(f"{data} reversed", data, value[::-1], "reversed")
        if any(sign.isalpha() for sign in value):
            yield _draft(f"{data} rot13", data, codecs.encode(value, "rot13"), "rot13")
        yield _draft(f"{data} rot47", data, _rot47(value), "rot47")
        label = Expected(data, "request.body", (*_PATH, "base64"), "reversed")
        yield f"{data} reversed, in base64", *in_body(_body(base64.b64encode(value[::-1].encode()).decode()), label)
        yield from _xored(data, value)
        yield from _split(data, value)
    for data in ("gaid", "oaid", "android_id"):
        value = person.values[data]
        if len(value) > 20:
            yield _draft(f"{data} cut short", data, value[:23], "prefix")
        md5 = _hex("sha256", value)
        yield _draft(f"sha256 of {data} cut short", data, md5[:32], "prefix(sha256)")


def _rot47(text: str) -> str:
    return "".join(chr(33 + (ord(sign) - 33 + 47) % 94) if 33 <= ord(sign) <= 126 else sign for sign in text)


def _xored(data: str, value: str) -> Iterator[Draft]:
    for key in _XOR_KEYS:
        mixed = bytes(byte ^ key for byte in value.encode())
        name = f"xor(0x{key:02x})"
        message = b"\x08\x01\x1a" + varint(len(mixed)) + mixed
        yield f"{data} {name} in protobuf", *in_body(message, Expected(data, "request.body", ("protobuf:3",), name))
        label = Expected(data, "request.body", (*_PATH, "base64"), name)
        yield f"{data} {name} in base64", *in_body(_body(base64.b64encode(mixed).decode()), label)
        label = Expected(data, "request.body", (*_PATH, "hex"), name)
        yield f"{data} {name} in hex", *in_body(_body(mixed.hex()), label)


def _split(data: str, value: str) -> Iterator[Draft]:
    half, third = len(value) // 2, len(value) // 3
    label = Expected(data, "request.body", ("json:$.a",), "split")
    yield f"{data} in two fields", *in_body(json.dumps({"a": value[:half], "b": value[half:]}).encode(), label)
    parts = value[:third], value[third : 2 * third], value[2 * third :]
    label = Expected(data, "request.body", ("json:$.a[0]",), "split")
    yield f"{data} in three fields", *in_body(json.dumps({"a": parts}).encode(), label)
    if not any(sign in value for sign in "+&=% "):
        label = Expected(data, "request.body", ("form:a",), "split")
        yield f"{data} in two form fields", *in_body(f"a={value[:half]}&b={value[half:]}".encode(), label)
