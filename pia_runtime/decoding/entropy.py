"""When bytes that no format explains count as a blind spot.

Measured is Shannon's entropy of the byte distribution in bits per byte, and compared with what random bytes of the same
length have on average: 4.9 bits for 32 bytes, 7.2 for 256, close to 8 for many. Encrypted data, and data compressed in a
way nobody here knows, lie within 6 % of that; text (at most about 5.2 bits), tables of numbers and machine code below.
"""

import math
from collections import Counter
from functools import lru_cache

from pia_runtime.decoding.magic import is_media

MIN_OPAQUE = 32
"""Shorter ones are keys, digests and addresses; they are searched as they are."""
MIN_ENCODED = 65
"""Where the bytes were written as base64 or hexadecimal: digests and tokens of up to 64 bytes are no blind spot."""
_SAMPLE = 65536
_SHARE = 0.94


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
    return "high_entropy" if entropy(sample) >= _SHARE * expected(len(sample)) else None


@lru_cache(maxsize=4096)
def expected(size: int) -> float:
    """Mean entropy of that many random bytes: the count of each byte value is close to a Poisson variable."""
    rate = size / 256
    most = int(rate + 12 * math.sqrt(rate) + 12)
    chance, total = math.exp(-rate), 0.0
    for count in range(1, most):
        chance *= rate / count
        total += chance * count * math.log2(count)
    return math.log2(size) - 256 / size * total
