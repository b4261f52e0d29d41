"""Two numbers that are a place on the ground: neighbouring fields, or one text under a name that tells."""

import re
from collections.abc import Callable, Iterator, Sequence

from pia_runtime.detection.field_path import websocket_message
from pia_runtime.detection.validators import position
from pia_runtime.knowledge.patterns import Positions
from pia_runtime.model.detection import Leaf, Match

_DEGREES = re.compile(rb"\s*[+-]?[0-9]{1,3}\.[0-9]{4,16}\s*")
_PAIR = re.compile(rb"\s*([+-]?[0-9]{1,3}\.[0-9]{4,16})\s*[,;| ]\s*([+-]?[0-9]{1,3}\.[0-9]{4,16})\s*")
_LONGEST = 64
_LAST_NAME = re.compile(r'(?:\.[^.\[\]]+|\["(?:[^"\\]|\\.)*"\])$')

Words = Callable[[str], frozenset[str]]


def positions(leaves: Sequence[Leaf], rule: Positions, words_of: Words) -> Iterator[Match]:
    """Positions in the leaves of one request, in order; a pair of fields is told at the latitude.

    Args:
        leaves: of the request.
        rule: the names that tell.
        words_of: splits a field name into the runs of words that are looked up.
    """
    latitudes: dict[tuple[object, ...], Leaf] = {}
    longitudes: dict[tuple[object, ...], Leaf] = {}
    for leaf in leaves:
        if len(leaf.data) > _LONGEST:
            continue
        if _DEGREES.fullmatch(leaf.data):
            names = words_of(leaf.key)
            table = latitudes if names & rule.latitude_keys else longitudes if names & rule.longitude_keys else None
            if table is not None:
                table.setdefault(_parent(leaf), leaf)
        elif (pair := _PAIR.fullmatch(leaf.data)) and words_of(leaf.key) & rule.pair_keys:
            yield from _told(leaf, pair[1], pair[2], rule)
    for parent, leaf in latitudes.items():
        if parent in longitudes:
            yield from _told(leaf, leaf.data, longitudes[parent].data, rule)


def _told(leaf: Leaf, first: bytes, second: bytes, rule: Positions) -> Iterator[Match]:
    one, two = first.decode().strip(), second.decode().strip()
    if abs(float(one)) > 90:  # longitude stands first, as AMap writes it
        one, two = two, one
    value = position(one, two)
    if value:
        yield Match(
            data="location_precise",
            basis="pattern",
            encoding="plain",
            value=value,
            location=leaf.location,
            path=leaf.path,
            confidence=rule.confidence,
            source="position",
            message=websocket_message(leaf.path),
        )


def _parent(leaf: Leaf) -> tuple[object, ...]:
    """Where a field stands: its path without its own name, so that neighbours have the same."""
    kind, _, rest = leaf.path[-1].partition(":") if leaf.path else ("", "", "")
    inside = _LAST_NAME.sub("", rest) if rest.startswith("$") else ""
    return (leaf.location, leaf.path[:-1], kind, inside)
