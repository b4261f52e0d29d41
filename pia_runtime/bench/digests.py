"""The hashes of the battery by the name that the analysis document gives them."""

import hashlib
from collections.abc import Callable

import mmh3
from Crypto.Hash import RIPEMD160

Digest = Callable[[bytes], bytes]


def _new(name: str) -> Digest:
    return lambda data: hashlib.new(name, data).digest()


DIGESTS: dict[str, Digest] = {
    **{name: _new(name) for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sm3")},
    **{f"sha3-{size}": _new(f"sha3_{size}") for size in (224, 256, 384, 512)},
    "blake2b": _new("blake2b"),
    "blake2s": _new("blake2s"),
    "ripemd160": lambda data: RIPEMD160.new(data).digest(),
    "murmur3-128": lambda data: mmh3.hash_bytes(data, 0, x64arch=True),
}
"""Name → digest of bytes."""
