"""Values on their way out: masked for people, committed to for proof. The full value never leaves unless asked for."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote

import ahocorasick_rs
import orjson

_KEPT = 2
"""Characters shown at either end of a long value; enough to compare two lines by eye, too few to identify."""

_SHORTEST_SHOWN = 8

_SHORTEST_HIDDEN = 6
"""Shorter values occur in ordinary words; masking them would garble every sentence."""

_PIECE = 256
"""Characters of a long value looked for at a time: an automaton of whole ones costs the square of their length."""


def canonical(value: object) -> str:
    """The one spelling of a value that commitments are made over: text as it is, anything else as sorted JSON."""
    if isinstance(value, str):
        return value
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str).decode()


def mask(value: object) -> str | None:
    """A value with all but its ends replaced; containers are named by their size. None stays None."""
    if value is None or isinstance(value, bool):
        return None if value is None else "*"
    if isinstance(value, list):
        return f"[{len(value)} items]"
    if isinstance(value, dict):
        return "{" + f"{len(value)} fields" + "}"
    text = str(value)
    if len(text) < _SHORTEST_SHOWN:
        return "*" * len(text)
    return f"{text[:_KEPT]}{'*' * min(len(text) - 2 * _KEPT, 12)}{text[-_KEPT:]}"


_TOKEN = re.compile(r"(?=[^\s\"',;{}\[\]&<>=/:?()|]*\d{2})[^\s\"',;{}\[\]&<>=/:?()|]{6,}|[\u3400-\u9fff]{2,}")


def mask_tokens(text: str) -> str:
    """A text with every run masked that may be a value: six characters or more with two digits in a row, or Chinese words."""
    return _TOKEN.sub(lambda match: mask(match[0]) or "", text)


class Secrets:
    """Values that may not stand in any text that leaves; one pass finds all of them, however many there are.

    A value is found in either case, without its separators (``AA:BB…`` as ``aabb…``) and percent-encoded. The longest wins
    where several begin at one place. Values shorter than six characters are left: they occur in ordinary words; two Chinese
    characters are enough for a value of them.
    """

    def __init__(self, values: Iterable[str]) -> None:
        """Prepare for ``values``; what is too short to be told from ordinary words is left out."""
        spelled = sorted({piece for value in values for word in _spellings(value) for piece in _pieces(_folded(word))})
        kind = ahocorasick_rs.MatchKind.LeftmostLongest
        self._automaton = ahocorasick_rs.AhoCorasick(spelled, matchkind=kind) if spelled else None
        self._remembered = lru_cache(maxsize=65536)(self._masked)

    def __bool__(self) -> bool:
        return self._automaton is not None

    def mask_within(self, text: str) -> str:
        """The text with every one of the values in it masked."""
        return text if self._automaton is None else self._remembered(text)

    def _masked(self, text: str) -> str:
        assert self._automaton is not None  # noqa: S101 (for the type checker; mask_within asked)
        parts, done = [], 0
        for start, end in _joined(self._automaton.find_matches_as_indexes(_folded(text))):
            parts += [text[done:start], mask(text[start:end]) or ""]
            done = end
        return "".join([*parts, text[done:]]) if parts else text


_SEPARATORS = re.compile(r"[-:.\s]")
_HAN = re.compile("[\u3400-\u9fff]{2}")


def _spellings(value: str) -> Iterator[str]:
    text = value.strip()
    if len(text) < _SHORTEST_HIDDEN and not _HAN.match(text):
        return
    yield text
    bare = _SEPARATORS.sub("", text)
    if len(bare) >= _SHORTEST_SHOWN:
        yield bare
    encoded = quote(text.encode("utf-8", "surrogatepass"), safe="")
    if encoded != text:
        yield encoded


def _pieces(text: str) -> list[str]:
    """A long text cut into pieces, the last of which is the longest, so that none is short enough to be an ordinary word."""
    cuts = range(_PIECE, len(text) - _PIECE + 1, _PIECE)
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def _joined(matches: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Start and end of what was found, the pieces of one long value as one."""
    start, end = 0, 0
    for _, begun, ended in matches:
        if begun == end and end - start >= _PIECE:
            end = ended
            continue
        if end:
            yield start, end
        start, end = begun, ended
    if end:
        yield start, end


def _folded(text: str) -> str:
    """Lower case with every character in its place; surrogates, which no automaton takes, as the replacement character."""
    if text.isascii():
        return text.lower()
    lower = (char.lower() for char in text)
    return "".join(
        low if len(low) == 1 and not 0xD800 <= ord(low) < 0xE000 else "\ufffd" if len(low) == 1 else char
        for low, char in zip(lower, text, strict=True)
    )


def commit(key: bytes | None, data: str, value: object) -> str | None:
    """HMAC-SHA256(key, id ‖ 0x00 ‖ canonical value) in hex; None without a key or a value (capture format, ``commitment``)."""
    if key is None or value is None:
        return None
    return hmac.new(key, data.encode() + b"\0" + canonical(value).encode(), hashlib.sha256).hexdigest()
