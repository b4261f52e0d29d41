"""When bytes that no format explains count as a blind spot.

Measured is Shannon's entropy of the byte distribution in bits per byte. Random data of ``n`` bytes cannot reach 8 where
``n`` is small (32 bytes have at most 5), so the bound is 0.9 of what is possible: ``min(8, log2 n)``. Encrypted and
compressed data lie above it, text (at most about 5.2 bits), tables of numbers and machine code below.
"""

import math
from collections import Counter

from pia_runtime.decoding.magic import is_media

MIN_OPAQUE = 32
"""Shorter ones are keys, digests and addresses; they are searched as they are."""
MIN_ENCODED = 65
"""Where the bytes were written as base64 or hexadecimal: digests and tokens of up to 64 bytes are no blind spot."""
_SAMPLE = 65536
_SHARE = 0.9


def entropy(data: bytes) -> float:
    """Bits per byte, from 0 to 8; 0 for no data."""
    size = len(data)
    return -sum(count / size * math.log2(count / size) for count in Counter(data).values())


def describe_opaque(data: bytes, at_least: int = MIN_OPAQUE) -> str | None:
    """``high_entropy`` where the bytes look encrypted or compressed in a way nobody here knows, else None.

    Args:
        data: what no format explained.
        at_least: shorter data is never opaque.

    Only the first 64 KiB are measured.
    """
    if len(data) < at_least or is_media(data):
        return None
    sample = data[:_SAMPLE]
    return "high_entropy" if entropy(sample) >= _SHARE * min(8.0, math.log2(len(sample))) else None
