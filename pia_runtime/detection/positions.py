"""Two numbers that are a place on the ground: neighbouring fields, or one text under a name that tells."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from pia_runtime.detection.field_path import websocket_message
from pia_runtime.detection.validators import position
from pia_runtime.knowledge.patterns import Confidence
from pia_runtime.model.detection import Leaf, Match

_DEGREES = re.compile(rb"\s*[+-]?[0-9]{1,3}\.[0-9]{4,16}\s*")
_MILLIONTHS = re.compile(rb"\s*[+-]?[0-9]{7,9}\s*")
_PAIR = re.compile(rb"\s*([+-]?[0-9]{1,3}\.[0-9]{4,16})\s*[,;| ]\s*([+-]?[0-9]{1,3}\.[0-9]{4,16})\s*")
_LONGEST = 64
_LAST_NAME = re.compile(r'(?:\.[^.\[\]]+|\["(?:[^"\\]|\\.)*"\]|\[[01]\])$')

Role = Literal["latitude", "longitude", "pair"]
"""What a field name says its number is: one of the two, or both in one text."""

_ITEMS: Mapping[str, Role] = {"[0]": "latitude", "[1]": "longitude"}
"""Two items of an array under a name for both; which of them is which is decided by their size, as in one text."""


def positions(named: Sequence[tuple[Leaf, Role]], confidence: Confidence) -> Iterator[Match]:
    """Positions among the leaves of one request, in order; a pair of fields is told at the latitude.

    Args:
        named: leaves whose names tell, with what they tell.
        confidence: of every match.
    """
    fields: dict[Role, dict[tuple[object, ...], Leaf]] = {"latitude": {}, "longitude": {}}
    whole: dict[Role, dict[tuple[object, ...], Leaf]] = {"latitude": {}, "longitude": {}}
    for leaf, role in named:
        if len(leaf.data) > _LONGEST:
            continue
        if _DEGREES.fullmatch(leaf.data):
            part = role if role != "pair" else _ITEMS.get(leaf.path[-1][-3:] if leaf.path else "")
            if part:
                fields[part].setdefault(_parent(leaf), leaf)
        elif role != "pair" and _MILLIONTHS.fullmatch(leaf.data):
            whole[role].setdefault(_parent(leaf), leaf)
        elif role == "pair" and (pair := _PAIR.fullmatch(leaf.data)):
            yield from _told(leaf, pair[1], pair[2], confidence)
    for parent, leaf in fields["latitude"].items():
        if parent in fields["longitude"]:
            other = fields["longitude"][parent]
            # In an array the longitude may stand first; the position is told where the latitude is.
            stands = other if abs(float(leaf.data)) > 90 else leaf
            yield from _told(stands, leaf.data, other.data, confidence)
    for parent, leaf in whole["latitude"].items():
        if parent in whole["longitude"]:
            lat, lon = _in_degrees(leaf.data), _in_degrees(whole["longitude"][parent].data)
            if lat and lon and abs(float(lat)) <= 90:
                yield from _told(leaf, lat, lon, confidence, "e6")


def _in_degrees(data: bytes) -> bytes:
    """Millionths of degrees as degrees; nothing where they are no finer than 1 km, as round numbers of something else."""
    return b"%.6f" % (int(data) / 10**6) if int(data) % 10**4 else b""


def _told(leaf: Leaf, first: bytes, second: bytes, confidence: Confidence, encoding: str = "plain") -> Iterator[Match]:
    one, two = first.decode().strip(), second.decode().strip()
    if abs(float(one)) > 90:  # longitude stands first, as AMap writes it
        one, two = two, one
    value = position(one, two)
    if value:
        yield Match(
            data="location_precise",
            basis="pattern",
            encoding=encoding,
            value=value,
            location=leaf.location,
            path=leaf.path,
            confidence=confidence,
            source="position",
            message=websocket_message(leaf.path),
        )


def _parent(leaf: Leaf) -> tuple[object, ...]:
    """Where a field stands: its path without its own name, so that neighbours have the same."""
    kind, _, rest = leaf.path[-1].partition(":") if leaf.path else ("", "", "")
    inside = _LAST_NAME.sub("", rest) if rest.startswith("$") else ""
    return (leaf.location, leaf.path[:-1], kind, inside)
