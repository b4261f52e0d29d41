"""Positions: numbers within metres of a known place, as decimal degrees or as integers scaled by a power of ten.

A latitude needs its longitude close by (same leaf, or a field of the same container); alone it is at most ``possible``.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pia_runtime.detection.needles_positions import (
    AXES,
    DEGREE_SIGN,
    METRES_PER_DEGREE,
    NMEA_SIGNS,
    RATIONAL_SIGN,
    Axis,
    Position,
    centre,
    position_text,
    reach,
)
from pia_runtime.model.detection import Leaf, Match

_EXPONENT = re.compile(rb"(?<![0-9.])-?[0-9]\.[0-9]{2,}[eE][+-]?[0-9]{1,2}(?![0-9.])")
_COMMA = re.compile(rb"\s*(-?[0-9]{1,3}),([0-9]{4,})\s*")
"""A whole value with the decimal comma of the device's language; within a text a comma parts two numbers."""
_NUMBER = re.compile(rb"(?<![0-9.])-?[0-9]{1,3}\.[0-9]{2,}(?![0-9])|(?<![0-9.])-?[0-9]{5,10}(?![0-9.])")
_SCALES = ((10**6, "e6"), (10**7, "e7"), (10**5, "e5"))
_SEXAGESIMAL = re.compile(
    rb"(?<![0-9.])([0-9]{1,3})\xc2\xb0 ?([0-9]{1,2})(?:'|\xe2\x80\xb2) ?"
    rb"([0-9]{1,2}(?:\.[0-9]+)?)(?:\"|''|\xe2\x80\xb3)? ?([NSEW]?)"
)
_RATIONAL = re.compile(rb"(?<![0-9./])([0-9]{1,3})/1, ?([0-9]{1,2})/1, ?([0-9]{1,10})/(10{0,8})(?![0-9])")
_NMEA = re.compile(rb"(?<![0-9.])([0-9]{2,3})([0-9]{2}\.[0-9]{2,}),([NSEW])(?![A-Za-z])")
_SOUTH_AND_WEST = (b"S", b"W")
_CLOSE_LEAVES = 8
_CLOSE_BYTES = 200
_KEYS: dict[Axis, re.Pattern[str]] = {
    "lat": re.compile(r"lat|纬度", re.IGNORECASE),
    "lon": re.compile(r"lng|lon|经度", re.IGNORECASE),
}
_LONE_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class _Found:
    leaf: int
    start: int
    axis: Axis
    degrees: float
    encoding: str
    decimals: int


def match_positions(positions: Iterable[Position], leaves: Sequence[Leaf], candidates: Iterable[int]) -> list[Match]:
    """Matches of positions among the leaves.

    Args:
        positions: known or observed places.
        leaves: of one flow, in order.
        candidates: indexes of the leaves in which a digit prefix was seen.
    """
    indexes = sorted(candidates)
    return [match for position in positions for match in _matches(position, leaves, indexes)]


def _matches(position: Position, leaves: Sequence[Leaf], indexes: list[int]) -> list[Match]:
    found = [number for index in indexes for number in _numbers(position, index, leaves[index].data)]
    lats = [number for number in found if number.axis == "lat"]
    lons = [number for number in found if number.axis == "lon"]
    paired = [
        _match(position, leaves[lat.leaf], lat, "certain")
        for lat in lats
        if any(_together(position, leaves, lat, lon) for lon in lons)
    ]
    if paired:
        return _distinct(paired)
    return _distinct(
        [_match(position, leaves[one.leaf], one, "possible") for one in found if _telling_alone(leaves, one)]
    )


def _numbers(position: Position, index: int, data: bytes) -> list[_Found]:
    bounds = [(axis, centre(position, axis), reach(position, axis)) for axis in AXES]
    found = [
        _Found(index, start, axis, degrees, encoding, _LONE_DECIMALS)
        for start, degrees, encoding in _in_minutes(data)
        for axis, middle, width in bounds
        if abs(degrees - middle) <= width
    ]
    for start, text in _written(data):
        readings = [(float(text), "plain")] if b"." in text else [(int(text) / scale, name) for scale, name in _SCALES]
        decimals = len(text.partition(b".")[2]) or 6
        found.extend(
            _Found(index, start, axis, degrees, encoding, decimals)
            for degrees, encoding in readings
            for axis, middle, width in bounds
            if abs(degrees - middle) <= width
        )
    return found


def _written(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Numbers as programs write them: with a point, whole, with an exponent, or as a whole value with a decimal comma."""
    if comma := _COMMA.fullmatch(data):
        yield 0, comma[1] + b"." + comma[2]
        return
    for number in _EXPONENT.finditer(data) if b"e" in data or b"E" in data else ():
        yield number.start(), number.group()
    for number in _NUMBER.finditer(data):
        yield number.start(), number.group()


def _in_minutes(data: bytes) -> Iterator[tuple[int, float, str]]:
    """Degrees with minutes: ``31°13'49.5"N``, NMEA 0183's ``3113.8250,N`` and Exif's ``31/1,13/1,4950/100``."""
    if RATIONAL_SIGN in data:
        for found in _RATIONAL.finditer(data):
            yield found.start(), int(found[1]) + int(found[2]) / 60 + int(found[3]) / int(found[4]) / 3600, "rational"
    if DEGREE_SIGN in data:
        for found in _SEXAGESIMAL.finditer(data):
            degrees = int(found[1]) + int(found[2]) / 60 + float(found[3]) / 3600
            yield found.start(), -degrees if found[4] in _SOUTH_AND_WEST else degrees, "dms"
    if any(sign in data for sign in NMEA_SIGNS):
        for found in _NMEA.finditer(data):
            degrees = int(found[1]) + float(found[2]) / 60
            yield found.start(), -degrees if found[3] in _SOUTH_AND_WEST else degrees, "nmea"


def _together(position: Position, leaves: Sequence[Leaf], lat: _Found, lon: _Found) -> bool:
    if lat.encoding != lon.encoding or not _within(position, lat.degrees, lon.degrees):
        return False
    if lat.leaf == lon.leaf:
        return lat.start != lon.start and abs(lat.start - lon.start) <= _CLOSE_BYTES
    one, other = leaves[lat.leaf], leaves[lon.leaf]
    return (
        one.location == other.location
        and one.path[:-1] == other.path[:-1]
        and abs(lat.leaf - lon.leaf) <= _CLOSE_LEAVES
    )


def _within(position: Position, lat: float, lon: float) -> bool:
    north = (lat - position.at.lat) * METRES_PER_DEGREE
    east = (lon - position.at.lon) * METRES_PER_DEGREE * math.cos(math.radians(position.at.lat))
    return math.hypot(north, east) <= position.tolerance_m


def _telling_alone(leaves: Sequence[Leaf], one: _Found) -> bool:
    """A number under its own axis's name, precise enough, and no field of the other axis that contradicts it."""
    leaf = leaves[one.leaf]
    other: Axis = "lon" if one.axis == "lat" else "lat"
    near = leaves[max(0, one.leaf - _CLOSE_LEAVES) : one.leaf + _CLOSE_LEAVES + 1]
    return (
        one.decimals >= _LONE_DECIMALS
        and _KEYS[one.axis].search(leaf.key) is not None
        and not any(_KEYS[other].search(beside.key) for beside in near)
    )


def _match(position: Position, leaf: Leaf, one: _Found, confidence: Literal["certain", "possible"]) -> Match:
    return Match(
        data=position.identifier,
        basis=position.basis,
        encoding=one.encoding,
        value=position_text(position.at),
        location=leaf.location,
        path=leaf.path,
        confidence=confidence,
        learned_from=position.learned_from,
    )


def _distinct(matches: list[Match]) -> list[Match]:
    return list(dict.fromkeys(matches))
