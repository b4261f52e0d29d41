"""The functions behind ``knowledge/encodings``: each takes bytes and gives bytes; a transform is one or more of them in a row.

To add a transform is to add a YAML entry; only a function nobody has used yet is added here, beside its siblings.
"""

import base64
import codecs
import hashlib
import re
import struct
import zlib
from collections.abc import Callable, Iterable

import mmh3
from Crypto.Hash import RIPEMD160
from cryptography.hazmat.primitives import hashes

Function = Callable[[bytes], bytes]

_U64 = 1 << 64
_STANDARD_ALPHABET = bytes.maketrans(b"-_", b"+/")
_ROT47 = bytes(33 + (code - 33 + 47) % 94 if 33 <= code <= 126 else code for code in range(256))


def _hash(name: str) -> Function:
    return lambda data: hashlib.new(name, data).digest()


def _sm3(data: bytes) -> bytes:
    """GB/T 32905-2016."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def _utf16(byte_order: str) -> Function:
    return lambda data: data.decode("utf-8", "surrogateescape").encode(f"utf-16-{byte_order}", "surrogatepass")


def _hex_unpadded(data: bytes) -> bytes:
    """Each byte printed with ``%x``, so that 0x0a is one character and not two."""
    return "".join(f"{byte:x}" for byte in data).encode()


def _middle16(data: bytes) -> bytes:
    """Characters 8 to 24 of a hex md5: what is sold in China as the 16-digit md5."""
    return data[8:24]


def _unhex(data: bytes) -> bytes:
    """The bytes that a text writes: a hex number, with or without colons, dashes or dots, or what can only be base64.

    Empty where the text is neither.
    """
    try:
        return bytes.fromhex(data.translate(None, b":-.").decode("ascii"))
    except (UnicodeDecodeError, ValueError):
        return _unbase64(data)


def _unbase64(data: bytes) -> bytes:
    """At least 16 bytes, in letters of either case and digits: a Widevine id is handed over like that."""
    mixed = all(re.search(letters, data) for letters in (rb"[a-z]", rb"[A-Z]", rb"[0-9]"))
    if not mixed or len(data) % 4 or not re.fullmatch(rb"[A-Za-z0-9+/_-]{22,}={0,2}", data):
        return b""
    return base64.b64decode(data.translate(_STANDARD_ALPHABET))


def varint(number: int) -> bytes:
    """A non-negative number as a base-128 varint (protobuf, low group first)."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def _blake2b_256(data: bytes) -> bytes:
    """BLAKE2b asked for 32 bytes: another digest than the first half of the full one."""
    return hashlib.blake2b(data, digest_size=32).digest()


def _words_swapped(data: bytes) -> bytes:
    """Each word of eight bytes turned round: what printing little-endian 64-bit words as numbers does to them."""
    return b"".join(data[at : at + 8][::-1] for at in range(0, len(data), 8))


def _number(pack: Callable[[int], bytes]) -> Function:
    """Digits without a leading zero as a binary number; empty where the text is not one or does not fit 64 bits."""

    def convert(data: bytes) -> bytes:
        if not data.isdigit() or data.startswith(b"0") or int(data) >= _U64:
            return b""
        return pack(int(data))

    return convert


FUNCTIONS: dict[str, Function] = {
    **{
        name: _hash(name)
        for name in (
            "md5",
            "sha1",
            "sha224",
            "sha256",
            "sha384",
            "sha512",
            "sha3_224",
            "sha3_256",
            "sha3_384",
            "sha3_512",
            "blake2b",
            "blake2s",
        )
    },
    "ripemd160": lambda data: RIPEMD160.new(data).digest(),
    "blake2b_256": _blake2b_256,
    "sm3": _sm3,
    "crc32": lambda data: struct.pack(">I", zlib.crc32(data)),
    "adler32": lambda data: struct.pack(">I", zlib.adler32(data)),
    "murmur3_32": lambda data: struct.pack(">I", mmh3.hash(data, 0, signed=False)),
    "murmur3_128": lambda data: mmh3.hash_bytes(data, 0),
    "hex": lambda data: data.hex().encode(),
    "hex_unpadded": _hex_unpadded,
    "middle16": _middle16,
    "unhex": _unhex,
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "base32": lambda data: base64.b32encode(data).rstrip(b"="),
    "reversed": lambda data: data.decode("utf-8", "surrogateescape")[::-1].encode("utf-8", "surrogateescape"),
    "rot13": lambda data: codecs.encode(data.decode("latin-1"), "rot13").encode("latin-1"),
    "rot47": lambda data: data.translate(_ROT47),
    "upper": bytes.upper,
    "utf_16le": _utf16("le"),
    "utf_16be": _utf16("be"),
    "utf_16le_bom": lambda data: codecs.BOM_UTF16_LE + _utf16("le")(data),
    "utf_16be_bom": lambda data: codecs.BOM_UTF16_BE + _utf16("be")(data),
    "bytes_reversed": lambda data: data[::-1],
    "words_swapped": _words_swapped,
    "decimal": lambda data: b"%d" % int.from_bytes(data),
    "varint": _number(varint),
    "fixed64_le": _number(lambda number: struct.pack("<Q", number)),
    "fixed64_be": _number(lambda number: struct.pack(">Q", number)),
}
"""Every function a knowledge entry may name in ``steps``."""


def apply_steps(steps: Iterable[str], data: bytes) -> bytes:
    """Run ``data`` through the named functions in order. Empty bytes mean that the value has no such form.

    Once empty it stays so: the md5 of nothing is in everybody's traffic and speaks of nobody.
    """
    for step in steps:
        data = FUNCTIONS[step](data) if data else b""
    return data


def base64_core(data: bytes, offset: int) -> bytes:
    """The characters of standard base64 that depend on ``data`` alone when ``offset`` (0-2) bytes stand before it.

    What stands before and behind decides the outer characters, so they are left out.
    """
    encoded = base64.b64encode(b"\0" * offset + data)
    lead = (0, 2, 3)[offset]
    tail = (0, 3, 2)[(offset + len(data)) % 3]
    return encoded[lead : len(encoded) - tail]
