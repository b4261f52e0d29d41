"""Many byte patterns in one pass: Hyperscan for much traffic where it is installed, Aho-Corasick else, behind one interface.

Both report every occurrence of every pattern, overlaps included; a test compares them on random data.
"""

import importlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol

import ahocorasick_rs

Engine = Literal["hyperscan", "ahocorasick"]


class Pattern(NamedTuple):
    """Bytes to look for; ``caseless`` folds ASCII letters (for hex digits). A tuple: tens of thousands are hashed."""

    data: bytes
    caseless: bool = False


class Matcher(Protocol):
    """A compiled set of patterns, safe to use from several threads."""

    @property
    def engine(self) -> Engine:
        """Which program does the matching."""
        ...

    def finditer(self, data: bytes) -> Iterable[tuple[int, int]]:
        """``(pattern index, start)`` of every occurrence, in no particular order."""
        ...


_SMALL = 16 << 20
"""Below this many bytes of flows Hyperscan's compilation (some 30 us a pattern, eight times that of Aho-Corasick) costs more than
its faster scan saves; ``benchmarks/campaign.py`` shows what that is in a campaign of small captures."""


def engine_for(flow_bytes: int) -> Engine | None:
    """The engine that is done first with so many bytes of flows, building included; None for the fastest scan."""
    return "ahocorasick" if flow_bytes < _SMALL else None


def hyperscan_available() -> bool:
    """Whether the fast engine is installed."""
    return _hyperscan() is not None


def compile_patterns(patterns: Sequence[Pattern], engine: Engine | None = None) -> Matcher:
    """Compile patterns for repeated scanning.

    Args:
        patterns: what to look for; a hit names the index in here.
        engine: which one to take; None takes the fastest that is installed.

    Raises:
        ValueError: a pattern is empty.
    """
    return _compiled(tuple(patterns), engine)


@lru_cache(maxsize=8)
def _compiled(patterns: tuple[Pattern, ...], engine: Engine | None) -> Matcher:
    """Captures of one campaign mostly share their patterns, and compiling takes longer than scanning a small capture."""
    if any(not pattern.data for pattern in patterns):
        raise ValueError("an empty pattern matches everywhere")
    if not patterns:
        return _NothingMatcher()
    module = _hyperscan() if engine in (None, "hyperscan") else None
    if module is not None:
        return _HyperscanMatcher(module, patterns)
    return _AhoCorasickMatcher(patterns)


def _hyperscan() -> Any:  # noqa: ANN401  (a module that may be absent)
    try:
        return importlib.import_module("hyperscan")
    except ImportError:
        return None


_ESCAPED = tuple(b"\\x%02x" % byte for byte in range(256))


@dataclass(frozen=True, slots=True)
class JoinedMatcher:
    """Two compiled sets searched one after the other; the second one's indices follow on the first one's.

    Compiling a large set takes longer than scanning a small capture: what is learned later is compiled by itself.

    Attributes:
        first: the larger set.
        size: how many patterns it has.
        second: what came later.
    """

    first: Matcher
    size: int
    second: Matcher

    @property
    def engine(self) -> Engine:
        """Of the larger set."""
        return self.first.engine

    def finditer(self, data: bytes) -> Iterator[tuple[int, int]]:
        """As of :class:`Matcher`."""
        yield from self.first.finditer(data)
        for index, start in self.second.finditer(data):
            yield index + self.size, start


class _NothingMatcher:
    engine: Engine = "ahocorasick"

    def finditer(self, data: bytes) -> Iterable[tuple[int, int]]:
        return ()


class _HyperscanMatcher:
    engine: Engine = "hyperscan"

    def __init__(self, module: Any, patterns: Sequence[Pattern]) -> None:  # noqa: ANN401
        self._module = module
        self._lengths = [len(pattern.data) for pattern in patterns]
        # Escaped expressions instead of literal=True: literals with NUL bytes were cut short by the binding.
        self._database = module.Database(mode=module.HS_MODE_BLOCK)
        self._database.compile(
            expressions=[b"".join(map(_ESCAPED.__getitem__, pattern.data)) for pattern in patterns],
            ids=list(range(len(patterns))),
            flags=[module.HS_FLAG_CASELESS if pattern.caseless else 0 for pattern in patterns],
        )
        self._local = threading.local()

    def finditer(self, data: bytes) -> Iterator[tuple[int, int]]:
        hits: list[tuple[int, int]] = []
        append, lengths = hits.append, self._lengths

        def found(index: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append((index, end - lengths[index]))

        self._database.scan(data, match_event_handler=found, scratch=self._scratch())
        return iter(hits)

    def _scratch(self) -> Any:  # noqa: ANN401
        # One scratch a thread: a scan releases the GIL, and two scans in one scratch raise ScratchInUseError.
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = self._module.Scratch(self._database)
        return scratch


class _AhoCorasickMatcher:
    engine: Engine = "ahocorasick"

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._exact = [index for index, pattern in enumerate(patterns) if not pattern.caseless]
        self._folded = [index for index, pattern in enumerate(patterns) if pattern.caseless]
        build = ahocorasick_rs.BytesAhoCorasick
        self._exact_automaton = build([patterns[index].data for index in self._exact]) if self._exact else None
        self._folded_automaton = (
            build([patterns[index].data.lower() for index in self._folded]) if self._folded else None
        )

    def finditer(self, data: bytes) -> Iterator[tuple[int, int]]:
        if self._exact_automaton:
            for index, start, _end in self._exact_automaton.find_matches_as_indexes(data, overlapping=True):
                yield self._exact[index], start
        if self._folded_automaton:
            for index, start, _end in self._folded_automaton.find_matches_as_indexes(data.lower(), overlapping=True):
                yield self._folded[index], start
