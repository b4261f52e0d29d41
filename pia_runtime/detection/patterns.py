"""Values that prove themselves (basis ``pattern``): format, checksum, and a name or word that tells.

A field name is looked up once and remembered, so that a value under an ordinary name costs one dictionary access. What may
stand without a telling name is looked for in one text of all values joined, with four cheap searches; only a value that one
of them points at is looked at closely.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import get_args

from pia_runtime.detection.field_path import websocket_message
from pia_runtime.detection.positions import Role, positions
from pia_runtime.detection.validators import VALIDATORS, is_division
from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.patterns import Confidence, Pattern, Positions, Scan
from pia_runtime.model.detection import Leaf, Match
from pia_runtime.model.flow import Flow, Location

_REQUEST: frozenset[Location] = frozenset(
    {
        "request.url.host", "request.url.path", "request.url.query", "request.header", "request.cookie", "request.body",
        "request.trailer", "websocket.client",
    }
)  # fmt: skip
_MAX_LEAF = 1 << 18
_MAX_HITS = 200
"""Values of one pattern in one leaf; an address book of more is told as well by its first entries."""
_BEFORE = 12
_MIN_AGE_ALONE = 2
"""Years: a number with a date from today's orders would otherwise pass as somebody born now."""
_YEAR_NS = 31_556_952 * 1_000_000_000
_DIGEST_NAME = {32: "md5", 40: "sha1", 64: "sha256"}
_MAX_NAMES = 1 << 16
"""Field names that are remembered; they come from captured traffic."""
_POINT = ord(".")
_DIGITS_AS_ZERO = bytes(ord("0") if chr(code).isdecimal() and code < 128 else code for code in range(256))


@dataclass(frozen=True, slots=True)
class _Search:
    """Bytes without which no pattern of one kind can match, and a cheaper test of the whole whether there are any."""

    scan: Scan
    pattern: re.Pattern[bytes]
    needed: Callable[[bytes], bool]


_SEARCHES = (
    # 20 times faster than the pattern itself: all digits become 0, and one substring is looked for
    _Search("digits", re.compile(rb"[0-9]{17}"), lambda text: b"0" * 17 in text.translate(_DIGITS_AS_ZERO)),
    _Search("plus86", re.compile(rb"\+86"), lambda text: b"+86" in text),
    _Search("at", re.compile(rb"@"), lambda text: b"@" in text),
    # Chinese text: a word before a shorter number; a province before a letter
    _Search("digits", re.compile(rb"[\x80-\xff][^0-9\n]{0,8}[0-9 +-]{11}"), lambda text: not text.isascii()),
    _Search("plate", re.compile(rb"[\xe4-\xe9][\x80-\xbf]{2}[A-HJ-NP-Z]"), lambda text: not text.isascii()),
)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a field name tells: patterns to try on its value, and its part in a position."""

    patterns: tuple[Pattern, ...]
    role: Role | None


_HASHED = re.compile("md5|sha1|sha256|hash")
_COUNTED = re.compile("(?:cnt|(?<!ac)count|total|length|size|type|model|brand|version|enabled|status)$")
"""Names that end so speak about the thing and do not hold it: ``tel_cnt``, ``cardType``; a ``bankAccount`` does."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


class PatternDetector:
    """Applies patterns to decoded requests.

    Args:
        patterns: from :func:`pia_runtime.knowledge.patterns.load_patterns`.
        rule: names of positions, from :func:`pia_runtime.knowledge.patterns.load_positions`.

    Raises:
        KnowledgeError: a pattern names a validator that does not exist.
    """

    def __init__(self, patterns: Sequence[Pattern], rule: Positions) -> None:
        for pattern in patterns:
            if pattern.validator not in VALIDATORS:
                raise KnowledgeError(f"pattern {pattern.id}: no validator {pattern.validator!r}")
        self._patterns = patterns
        self._rule = rule
        self._scanned = {scan: [pattern for pattern in patterns if pattern.scan == scan] for scan in get_args(Scan)}
        self._meanings: dict[str, _Meaning | None] = {}

    def detect(self, flow: Flow, leaves: Sequence[Leaf]) -> list[Match]:
        """Values in the request, each once where it stands most deeply decoded.

        Args:
            flow: the request; its time bounds dates of birth.
            leaves: all leaves of the flow; those of the response are not looked at.
        """
        year = 1970 + flow.t_ns // _YEAR_NS
        sent = [leaf for leaf in leaves if leaf.location in _REQUEST]
        told = [(leaf, meaning) for leaf in sent if (meaning := self._of_key(leaf.key)) is not None]
        found = [match for leaf, meaning in told for p in meaning.patterns for match in _under_key(p, leaf, year)]
        found.extend(positions([(leaf, meaning.role) for leaf, meaning in told if meaning.role], self._rule.confidence))
        found.extend(self._without_key(sent, year))
        return _innermost(found) if found else []

    def _of_key(self, key: str) -> _Meaning | None:
        try:
            return self._meanings[key]
        except KeyError:
            names, whole = words_of(key), "".join(_words(key))
            meaning = _Meaning(tuple(p for p in self._patterns if _tells(p, key, names, whole)), _role(self._rule, key))
            known = meaning if meaning.patterns or meaning.role else None
            if len(self._meanings) < _MAX_NAMES:
                self._meanings[key] = known
            return known

    def _without_key(self, leaves: Sequence[Leaf], year: int) -> Iterator[Match]:
        joined = b"\n".join([leaf.data for leaf in leaves])
        searches = [search for search in _SEARCHES if search.needed(joined)]
        ends = list(accumulate(len(leaf.data) + 1 for leaf in leaves)) if searches else []
        looked_at: set[tuple[Scan, int]] = set()
        for search in searches:
            for hit in search.pattern.finditer(joined):
                start = hit.start()
                if start and joined[start - 1] == _POINT:  # the decimals of a number
                    continue
                index = bisect_right(ends, start)
                if (search.scan, index) not in looked_at:
                    looked_at.add((search.scan, index))
                    yield from self._alone(self._scanned[search.scan], leaves[index], year)

    def _alone(self, patterns: Iterable[Pattern], leaf: Leaf, year: int) -> Iterator[Match]:
        text = _text(leaf)
        meaning = self._of_key(leaf.key)
        for pattern in patterns if text else ():
            if meaning and pattern in meaning.patterns:
                continue
            for hit in _hits(pattern, text):
                told = pattern.words and pattern.words.search(text, max(0, hit.start() - _BEFORE), hit.start())
                confidence = pattern.confidence if told else pattern.alone
                before = year if told else year - _MIN_AGE_ALONE
                match = _match(pattern, leaf, hit[0], confidence, before) if confidence else None
                # Of numbers of 18 digits one in 50 000 has a province, a date and a check digit by chance.
                if match and (told or not pattern.dated or is_division(match.value)):
                    yield match


def _tells(pattern: Pattern, key: str, names: frozenset[str], whole: str) -> bool:
    if whole in pattern.whole_keys or (pattern.words and pattern.words.search(key)):
        return True
    return _HASHED.search(whole) is None and _COUNTED.search(whole) is None and bool(names & pattern.keys)


def _role(rule: Positions, key: str) -> Role | None:
    """By the end of the name only: ``user_lat`` is a latitude, ``lat_ms`` a latency."""
    words = _words(key)
    ends = {"".join(words[start:]) for start in range(len(words))}
    roles: tuple[tuple[Role, frozenset[str]], ...] = (
        ("latitude", rule.latitude_keys),
        ("longitude", rule.longitude_keys),
        ("pair", rule.pair_keys),
    )
    return next((role for role, keys in roles if ends & keys), None)


def words_of(key: str) -> frozenset[str]:
    """All runs of neighbouring words of a field name, joined, also in the singular: ``idCards`` gives ``idcard``."""
    words = _words(key)
    runs = {"".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, min(i + 5, len(words)) + 1)}
    return frozenset(runs | {run.removesuffix("s") for run in runs})


def _words(key: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(key[:64])]


def _under_key(pattern: Pattern, leaf: Leaf, year: int) -> Iterator[Match]:
    text = _text(leaf)
    for hit in _hits(pattern, text):
        match = _match(pattern, leaf, hit[0], pattern.confidence, year)
        if match:
            yield match


def _hits(pattern: Pattern, text: str) -> list[re.Match[str]]:
    if pattern.inside:
        return [hit for _, hit in zip(range(_MAX_HITS), pattern.form.finditer(text), strict=False)]
    whole = pattern.form.fullmatch(text.strip())
    return [whole] if whole else []


def _match(pattern: Pattern, leaf: Leaf, text: str, confidence: Confidence, year: int) -> Match | None:
    value = VALIDATORS[pattern.validator](text)
    if value is None or (pattern.dated and int(value[6:10]) > year):
        return None
    return Match(
        data=pattern.data,
        basis="pattern",
        encoding=_DIGEST_NAME[len(value)] if pattern.digest else "plain",
        value=value,
        location=leaf.location,
        path=leaf.path,
        confidence=confidence,
        source=pattern.id,
        message=websocket_message(leaf.path),
    )


def _text(leaf: Leaf) -> str:
    if len(leaf.data) > _MAX_LEAF:
        return ""
    try:
        return leaf.data.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _innermost(matches: list[Match]) -> list[Match]:
    """Drop repeats, and what a longer path from the same place found again: a container and the value inside it."""
    kept: dict[tuple[object, ...], Match] = {}
    deeper = {(m.data, m.value, m.location, m.path[:cut]) for m in matches for cut in range(len(m.path))}
    for match in matches:
        place = (match.data, match.value, match.location, match.path)
        if place not in deeper:
            kept.setdefault(place, match)
    return list(kept.values())
