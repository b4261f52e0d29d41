"""Searching leaves for needles: all leaves in one pass of the matcher, or one by one as the slow, obvious oracle."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from pia_runtime.detection.confirm import Needle, Span, confirm
from pia_runtime.detection.needles import NeedleSet
from pia_runtime.detection.scanner_choice import complexity
from pia_runtime.model.detection import Leaf

_BASIS_RANK = {"known": 0, "observed": 1, "derived": 2}


@dataclass(frozen=True, slots=True)
class Hit:
    """A confirmed needle: ``leaf`` is the index of the leaf, ``span`` the bytes in it."""

    leaf: int
    needle: Needle
    span: Span


@dataclass(frozen=True, slots=True)
class Hits:
    """What one pass over the leaves gave; ``numbers`` are leaves in which a position may stand."""

    confirmed: tuple[Hit, ...]
    numbers: frozenset[int]


def search(needles: NeedleSet, leaves: Sequence[Leaf]) -> Hits:
    """Every confirmed needle in the leaves, by one pass of the matcher over all of them joined."""
    joined = b"\n".join(leaf.data for leaf in leaves)
    starts = list(accumulate((len(leaf.data) + 1 for leaf in leaves), initial=0))
    confirmed: list[Hit] = []
    numbers: set[int] = set()
    for pattern, position in needles.matcher.finditer(joined):
        index = bisect_right(starts, position) - 1
        candidates = needles.by_pattern[pattern]
        if not candidates:
            numbers.add(index)
        confirmed.extend(_confirmed(candidates, leaves[index], index, position - starts[index]))
    return Hits(tuple(_outermost(confirmed)), frozenset(numbers))


def search_slowly(needles: NeedleSet, leaves: Sequence[Leaf]) -> Hits:
    """The same by looking for every needle in every leaf: the oracle that :func:`search` is tested against."""
    confirmed: list[Hit] = []
    numbers: set[int] = set()
    for index, leaf in enumerate(leaves):
        folded = leaf.data.lower()
        for pattern, candidates in zip(needles.patterns, needles.by_pattern, strict=True):
            for position in _occurrences(folded if pattern.caseless else leaf.data, pattern.data):
                if not candidates:
                    numbers.add(index)
                confirmed.extend(_confirmed(candidates, leaf, index, position))
    return Hits(tuple(_outermost(confirmed)), frozenset(numbers))


def _occurrences(data: bytes, wanted: bytes) -> Iterator[int]:
    position = data.find(wanted)
    while position >= 0:
        yield position
        position = data.find(wanted, position + 1)


def _confirmed(candidates: Iterable[Needle], leaf: Leaf, index: int, start: int) -> Iterator[Hit]:
    for needle in candidates:
        span = confirm(needle, leaf.data, start, leaf.key)
        if span:
            yield Hit(index, needle, span)


def _outermost(hits: list[Hit]) -> Iterator[Hit]:
    """Of overlapping hits of one value in one leaf only the longest, and of equally long ones the simplest."""
    taken: dict[tuple[int, str, str], list[Span]] = {}
    for hit in sorted(hits, key=_preference):
        if hit.needle.group or hit.needle.plaintext is not None:
            yield hit
            continue
        spans = taken.setdefault((hit.leaf, hit.needle.identifier, hit.needle.value), [])
        if not any(span.start < hit.span.end and hit.span.start < span.end for span in spans):
            spans.append(hit.span)
            yield hit


def _preference(hit: Hit) -> tuple[int, bool, int, int, int, str]:
    return (
        hit.leaf,
        hit.span.prefix,
        hit.span.start - hit.span.end,
        _BASIS_RANK[hit.needle.basis],
        complexity(hit.needle.encoding),
        hit.needle.encoding,
    )
