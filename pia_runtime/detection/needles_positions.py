"""Places on earth as something to search for: digit prefixes say where to look, arithmetic decides."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pia_runtime.detection.matcher import Pattern
from pia_runtime.detection.needles_forms import Basis
from pia_runtime.model.session import Coordinates

Axis = Literal["lat", "lon"]
AXES: tuple[Axis, Axis] = ("lat", "lon")

METRES_PER_DEGREE = 111_320.0
"""Of latitude, mean; within 0.6 % of the ellipsoid, far below any tolerance here."""
_MAX_PREFIXES = 64
DEGREE_SIGN = "°".encode()
NMEA_SIGNS = (b"GGA,", b"RMC,", b"GLL,")
RATIONAL_SIGN = b"/1,"
"""What stands in every text that writes a position with minutes: the sign of degrees, the head of an NMEA sentence, or
the whole degrees of Exif's rational numbers."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place to be recognised by arithmetic: within ``tolerance_m`` metres of ``at``."""

    identifier: str
    at: Coordinates
    tolerance_m: float
    basis: Basis
    learned_from: tuple[int, ...] = ()


def position_text(at: Coordinates) -> str:
    """Canonical value of a position: latitude, comma, longitude, as short as they read back exactly."""
    return f"{at.lat!r},{at.lon!r}"


def centre(position: Position, axis: Axis) -> float:
    """The position's degrees on one axis."""
    return position.at.lat if axis == "lat" else position.at.lon


def reach(position: Position, axis: Axis) -> float:
    """Half-width in degrees that the tolerance allows on one axis."""
    shrink = 1.0 if axis == "lat" else max(math.cos(math.radians(position.at.lat)), 0.01)
    return position.tolerance_m / METRES_PER_DEGREE / shrink


def position_patterns(positions: Iterable[Position]) -> list[Pattern]:
    """Digit prefixes of every number that could lie within a position's tolerance; a hit only says "look here"."""
    prefixes = {prefix for position in positions for prefix in _prefixes(position)}
    return [
        Pattern(sign) for sign in sorted(prefixes | {DEGREE_SIGN, RATIONAL_SIGN, *NMEA_SIGNS} if prefixes else prefixes)
    ]


def _with_exponent(text: bytes) -> bytes:
    """How a number begins that is written with one digit before the point: ``3.123`` of ``31.23``."""
    digits = text.replace(b".", b"").lstrip(b"0")
    return digits[:1] + b"." + digits[1:]


def _prefixes(position: Position) -> set[bytes]:
    found: set[bytes] = set()
    for axis in AXES:
        middle, width = centre(position, axis), reach(position, axis)
        low, high = middle - width, middle + width
        if low < 0 < high:
            return {b"0."}
        near, far = sorted((abs(low), abs(high)))
        decimals = range(math.floor(near * 100), math.floor(far * 100) + 1)
        written = [b"%d.%02d" % divmod(number, 100) for number in decimals[:_MAX_PREFIXES]]
        found.update(written)
        found.update(text.replace(b".", b",") for text in written)
        found.update(_with_exponent(text) for text in written)
        scaled = range(math.floor(near * 1000), math.floor(far * 1000) + 1)
        found.update(b"%d" % number for number in scaled[:_MAX_PREFIXES])
    return found
