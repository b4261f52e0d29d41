"""Containers and media that name themselves by their first bytes.

Sources of the numbers: RFC 1952 (gzip), RFC 8878 (zstd), LZ4 frame format 1.6.4, snappy framing format, RFC 2083 (PNG),
ISO/IEC 10918-1 (JPEG), the RIFF, Ogg, ISO base media and WOFF specifications.
"""

import re

GZIP = b"\x1f\x8b\x08"
ZSTD = b"\x28\xb5\x2f\xfd"
LZ4 = b"\x04\x22\x4d\x18"
SNAPPY = b"\xff\x06\x00\x00sNaPpY"

_COMPRESSED = (GZIP, ZSTD, LZ4, SNAPPY, b"bplist00")
_MEDIA = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF....(?:WEBP|WAVE|AVI )|OggS|wOF[F2]|\x00\x01\x00\x00\x00|OTTO"
    rb"|....ftyp|\x1aE\xdf\xa3|ID3[\x02-\x04]|fLaC|FLV\x01|\xff[\xf1\xf9\xfb\xf3]|\x00\x00\x01\x00[\x01-\x10]\x00|BM....\x00{4}"
    rb"|\x47.{187}\x47|%PDF-|PK\x03\x04|dex\n0|\x7fELF|\x00asm",
    re.DOTALL,
).match


def is_compressed(data: bytes) -> bool:
    """Whether the data names itself as a compression or a binary property list."""
    return data.startswith(_COMPRESSED)


def is_known(data: bytes) -> bool:
    """Whether the data names itself as a compression, a binary property list or media."""
    return is_compressed(data) or is_media(data)


def is_media(data: bytes) -> bool:
    """Images, sound, video, fonts, archives and programs: no place where values hide, and no blind spot either."""
    return _MEDIA(data) is not None
