"""What a photograph says of itself (Exif): steps ``exif:Model`` and ``exif:GPSLatitude``.

Texts stand as they are; a position stands in signed degrees with seven decimals, computed from the degrees, minutes and
seconds that Exif writes. Pillow reads the tags, of at most one segment (64 KiB); pixels are never decoded.
"""

import math
import struct
import warnings
from collections.abc import Iterator, Mapping

from pia_runtime.decoding.form import Child, Form, by_children
from pia_runtime.decoding.text import to_bytes

_HEAD = b"Exif\0\0"
_SEGMENT = 1 << 16
_FAULTS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)
"""What Pillow raises on tags that are broken."""


def _might_be(data: bytes) -> bool:
    return data.find(_HEAD, 0, _SEGMENT) >= 0


def _children(data: bytes, key: str, room: int) -> list[Child]:
    try:
        found = list(_tags(data))
    except _FAULTS:
        return []
    return found if sum(len(part) for _, _, part in found) <= room else []


def _tags(data: bytes) -> Iterator[Child]:
    # Loaded where a photograph leaves, not where any request does: Pillow takes longer to load than most captures to read.
    from PIL import ExifTags, Image

    start = data.index(_HEAD)
    exif = Image.Exif()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # broken tags are passed over, not told on stderr
        exif.load(data[start : start + _SEGMENT])
        more, place = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    for number, value in [*exif.items(), *more.items()]:
        name = ExifTags.TAGS.get(number)
        text = value.strip("\0 ") if isinstance(value, str) else ""
        if name and text:
            yield f"exif:{name}", name, to_bytes(text)
    for name, number in (("GPSLatitude", ExifTags.GPS.GPSLatitude), ("GPSLongitude", ExifTags.GPS.GPSLongitude)):
        degrees = _degrees(place, number)
        if degrees is not None:
            yield f"exif:{name}", name, b"%.7f" % degrees


def _degrees(place: Mapping[int, object], number: int) -> float | None:
    """Signed degrees; the tag before a number says on which side it lies."""
    parts = place.get(number)
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    degrees = sum(float(part) / 60**power for power, part in enumerate(parts))
    side = str(place.get(number - 1, "")).strip("\0 ").upper()
    return None if not math.isfinite(degrees) else -degrees if side in ("S", "W") else degrees


EXIF = Form("exif", _might_be, _children, by_children(_children, "exif"), "adds")
