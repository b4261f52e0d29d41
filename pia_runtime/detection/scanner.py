"""One flow in, every identifier in it out: decode, search all leaves at once, confirm, and say each thing once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pia_runtime.decoding import Budget, decode_flow
from pia_runtime.detection.confirm import Needle
from pia_runtime.detection.needles import NeedleSet
from pia_runtime.detection.scanner_choice import choose
from pia_runtime.detection.scanner_hidden import Unhider
from pia_runtime.detection.scanner_incoming import as_flow, incoming_bytes, incoming_part, outgoing_part
from pia_runtime.detection.scanner_leaves import Hit, Hits, search, search_slowly
from pia_runtime.detection.scanner_positions import match_positions
from pia_runtime.model.detection import Leaf, Match, Opaque
from pia_runtime.model.flow import Flow

_MAX_UNCOVERED = 4
"""Ciphertexts within ciphertexts that are followed."""
_OUTGOING = ("request.", "websocket.client")
_MANY = 2
"""Members of a group (names of installed apps) that must be seen together."""


class Detector(Protocol):
    """A further detector: adapters for documented requests, patterns with proof."""

    def detect(self, flow: Flow, leaves: Sequence[Leaf]) -> Sequence[Match]:
        """Matches in a flow whose leaves are given."""
        ...


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a flow holds.

    Attributes:
        matches: those at ``response.…`` and ``websocket.server`` are no transmissions.
        opaque: what left the device and could not be read.
    """

    matches: tuple[Match, ...]
    opaque: tuple[Opaque, ...]


def structured_values(needles: Sequence[Needle]) -> Iterator[bytes]:
    """Values that decoding would take apart, so that they never stood in a leaf: an address with a query, JSON, a form."""
    for value in {needle.value for needle in needles if not needle.group}:
        data = value.encode("utf-8", "surrogatepass")
        found = decode_flow(as_flow(data)).leaves
        if found and not any(leaf.path == () and leaf.location == "request.body" for leaf in found):
            yield data


class Scanner:
    """Finds everything of one needle set in flows.

    Args:
        needles: what is searched for.
        budget: limits of decoding, per flow.
        extra: further detectors; what they say of a place where a value was found is left out.
    """

    def __init__(self, needles: NeedleSet, *, budget: Budget | None = None, extra: Sequence[Detector] = ()) -> None:
        self._needles = needles
        self._budget = replace(budget or Budget(), whole=frozenset(structured_values(needles.needles)))
        self._extra = tuple(extra)
        self._unhider = Unhider(needles.needles, needles.engine)

    def scan(self, flow: Flow) -> ScanResult:
        """Everything found in a flow, each value once a place, in a stable order.

        What left the device is decoded to the bottom. What came back is decoded only where its bytes, content codings
        removed, show one of the needles: it can never be a transmission.
        """
        outgoing = decode_flow(outgoing_part(flow), self._budget)
        leaves = outgoing.leaves
        if self._answered(flow):
            leaves += decode_flow(incoming_part(flow), self._budget).leaves
        return self._result(flow, leaves, outgoing.opaque, search(self._needles, leaves))

    def scan_slow(self, flow: Flow) -> ScanResult:
        """The same by the obvious way, for tests: everything is decoded, every needle is looked for in every leaf."""
        decoded = decode_flow(flow, self._budget)
        opaque = tuple(part for part in decoded.opaque if part.location.startswith(_OUTGOING))
        return self._result(flow, decoded.leaves, opaque, search_slowly(self._needles, decoded.leaves))

    def _answered(self, flow: Flow) -> bool:
        """Whether what came back is worth decoding."""
        return any(True for data in incoming_bytes(flow, self._budget) for _ in self._needles.matcher.finditer(data))

    def _result(self, flow: Flow, leaves: tuple[Leaf, ...], opaque: tuple[Opaque, ...], hits: Hits) -> ScanResult:
        matches = [*self._matches(leaves, hits, 0)]
        explained = {_place(leaves[hit.leaf]) for hit in hits.confirmed if hit.needle.plaintext is not None}
        for detector in self._extra:
            matches.extend(detector.detect(flow, leaves))
        return ScanResult(tuple(map(_with_message, choose(matches))), _unexplained(opaque, explained))

    def _matches(self, leaves: Sequence[Leaf], hits: Hits, depth: int) -> Iterator[Match]:
        for hit in hits.confirmed:
            if hit.needle.plaintext is not None:
                yield from self._uncovered(leaves[hit.leaf], hit.needle, depth)
            elif not hit.needle.group:
                yield _match(leaves[hit.leaf], hit.needle, prefix=hit.span.prefix)
        yield from _groups(leaves, hits.confirmed)
        yield from match_positions(self._needles.positions, leaves, hits.numbers)
        for hidden in (*self._unhider.xored(leaves), *self._unhider.split(leaves)):
            match = _match(leaves[hidden.leaf], hidden.needle)
            yield replace(match, path=match.path + hidden.steps)

    def _uncovered(self, leaf: Leaf, needle: Needle, depth: int) -> Iterator[Match]:
        """Search what a recorded cipher turned into this leaf, in the leaf's place."""
        if depth >= _MAX_UNCOVERED or needle.plaintext is None:
            return
        alphabet = "base64url" if b"-" in needle.data or b"_" in needle.data else "base64"
        wrapped = (alphabet,) if needle.wrap == "base64" else ("hex",) if needle.caseless else ()
        path = (*leaf.path, *wrapped, needle.encoding)
        inner = decode_flow(as_flow(needle.plaintext), self._budget).leaves
        body = [found._replace(location=leaf.location) for found in inner if found.location == "request.body"]
        for match in self._matches(body, search(self._needles, body), depth + 1):
            learned = tuple(sorted({*needle.learned_from, *match.learned_from}))
            yield replace(match, path=path + match.path, basis="derived", learned_from=learned)


def _place(leaf: Leaf | Opaque) -> tuple[str, tuple[str, ...]]:
    return leaf.location, leaf.path


def _unexplained(opaque: tuple[Opaque, ...], explained: set[tuple[str, tuple[str, ...]]]) -> tuple[Opaque, ...]:
    """What stays unread once recorded ciphers have spoken."""
    return tuple(part for part in opaque if _place(part) not in explained)


def _match(leaf: Leaf, needle: Needle, *, prefix: bool = False) -> Match:
    encoding = needle.encoding
    if prefix:
        encoding = "prefix" if encoding == "plain" else f"prefix({encoding})"
    return Match(
        data=needle.identifier,
        basis=needle.basis,
        encoding=encoding,
        value=needle.value,
        location=leaf.location,
        path=leaf.path,
        confidence=needle.confidence,
        learned_from=needle.learned_from,
    )


def _groups(leaves: Sequence[Leaf], hits: Sequence[Hit]) -> Iterator[Match]:
    """Installed apps: at least two different names of one list in one part of the flow, reported where the first stands."""
    members: dict[tuple[str, str, str], list[Hit]] = {}
    for hit in hits:
        if hit.needle.group:
            members.setdefault((hit.needle.group, hit.needle.value, leaves[hit.leaf].location), []).append(hit)
    for seen in members.values():
        if len({hit.needle.data for hit in seen}) >= _MANY:
            first = min(seen, key=lambda hit: hit.leaf)
            yield _match(leaves[first.leaf], first.needle)


def _with_message(match: Match) -> Match:
    """Name the WebSocket message a match stands in."""
    first = match.path[0] if match.path else ""
    if match.message is None and match.location.startswith("websocket.") and first.startswith("message:"):
        return replace(match, message=int(first.removeprefix("message:")))
    return match
