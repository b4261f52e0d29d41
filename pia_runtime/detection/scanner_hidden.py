"""Two ways to hide a value that no needle shows: XOR with one byte, and splitting over neighbouring fields.

XOR with any single byte leaves the differences of neighbouring bytes unchanged, so one pattern a value finds all 255 keys.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pia_runtime.detection.confirm import Needle, bounded
from pia_runtime.detection.matcher import Engine, Matcher, Pattern, compile_patterns
from pia_runtime.model.detection import Leaf

_MINIMAL_XOR = 8
_PATTERN_LENGTH = 16
_MINIMAL_SPLIT = 10
_MINIMAL_PART = 3
_MAX_PARTS = 4
_MAX_LEAVES = 32
_MAX_WRAPPED = 4096
_WINDOW = 24
_MINIMAL_WRAPPED = 11
_SHORT = 512
_BASE64 = re.compile(rb"(?![a-z/_-]+\Z|[0-9]+\Z)[A-Za-z0-9+/_-]{11,}={0,2}").fullmatch
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){8,}").fullmatch
_NO_STEPS: tuple[str, ...] = ()
_STANDARD_ALPHABET = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True, slots=True)
class Hidden:
    """A needle found in disguise: in which leaf, how it was hidden, and the steps inside the leaf that lead there."""

    leaf: int
    needle: Needle
    steps: tuple[str, ...] = ()


class Unhider:
    """Searches leaves for XORed and split values of a needle set."""

    def __init__(self, needles: Sequence[Needle], engine: Engine | None = None) -> None:
        plain = [
            needle for needle in needles if needle.wrap == "plain" and needle.inner == b"" and _is_text_form(needle)
        ]
        self._xor = [
            needle for needle in plain if len(needle.data) >= _MINIMAL_XOR and len(set(_differences(needle.data))) > 3
        ]
        self._matcher: Matcher = compile_patterns(
            [Pattern(_differences(needle.data)[:_PATTERN_LENGTH]) for needle in self._xor], engine
        )
        self._splits: dict[bytes, list[Needle]] = {}
        for needle in plain:
            if len(needle.data) >= _MINIMAL_SPLIT:
                for length in range(_MINIMAL_PART, len(needle.data) - _MINIMAL_PART + 1):
                    self._splits.setdefault(needle.data[:length], []).append(needle)

    def xored(self, leaves: Sequence[Leaf]) -> Iterator[Hidden]:
        """Values XORed with one byte, in leaves as they are and in leaves that are base64 or hex as a whole."""
        if not self._xor:
            return
        if not self._suspicious([leaf.data for leaf in leaves]):
            return
        pieces = [(index, _NO_STEPS, leaf.data) for index, leaf in enumerate(leaves)]
        for index, leaf in enumerate(leaves):
            pieces.extend((index, (step,), data) for step, data in unwrapped(leaf.data))
        joined = b"\n".join(data for _, _, data in pieces)
        starts = _starts([data for _, _, data in pieces])
        for pattern, position in self._matcher.finditer(_differences(joined)):
            at = int(np.searchsorted(starts, position, side="right")) - 1
            index, steps, data = pieces[at]
            name = _xor_name(self._xor[pattern], data, position - int(starts[at]))
            if name:
                yield Hidden(index, self._xor[pattern]._replace(encoding=name), steps)

    def _suspicious(self, values: list[bytes]) -> bool:
        """Whether the differences of any value, or of what it holds, show a pattern; nearly always not."""
        values += [data for value in values for _, data in unwrapped(value)]
        return any(True for _ in self._matcher.finditer(_differences(b"\n".join(values))))

    def split(self, leaves: Sequence[Leaf]) -> Iterator[Hidden]:
        """Values whose pieces are the whole content of fields that follow one another."""
        for index, leaf in enumerate(leaves):
            for needle in self._splits.get(leaf.data, ()):
                if _continues(leaves, index, needle.data):
                    yield Hidden(index, needle._replace(encoding=_named("split", needle)))


def _is_text_form(needle: Needle) -> bool:
    return needle.plaintext is None and not needle.group and not needle.caseless and needle.context == "none"


def _named(how: str, needle: Needle) -> str:
    return how if needle.encoding == "plain" else f"{how}({needle.encoding})"


def _differences(data: bytes) -> bytes:
    """Each byte XOR the next."""
    array = np.frombuffer(data, np.uint8)
    return (array[1:] ^ array[:-1]).tobytes()


def _starts(parts: list[bytes]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    lengths = np.fromiter((len(part) + 1 for part in parts), np.int64, len(parts))
    return np.cumsum(lengths) - lengths


def _xor_name(needle: Needle, data: bytes, start: int) -> str:
    """``xor(0x5a)`` where the bytes at ``start`` are the value under that key and stand free; else empty."""
    found = data[start : start + len(needle.data)]
    if len(found) != len(needle.data):
        return ""
    key = found[0] ^ needle.data[0]
    window = bytes(byte ^ key for byte in data[max(0, start - _WINDOW) : start + len(found) + _WINDOW])
    lead = min(start, _WINDOW)
    if key == 0 or window[lead : lead + len(found)] != needle.data:
        return ""
    free = bounded(needle.shape, window[:lead], needle.data, window[lead + len(found) :])
    return _named(f"xor(0x{key:02x})", needle) if free else ""


def unwrapped(data: bytes) -> tuple[tuple[str, bytes], ...]:
    """What a value holds, as (step, bytes), if the whole of it is hex or base64.

    Junk included, which the decoder rightly does not believe; but lower-case words are words, and hexadecimal digits are
    not read as base64: the chance that eleven letters of base64 look like either is one in ten thousand.
    """
    if not _MINIMAL_WRAPPED <= len(data) <= _MAX_WRAPPED:
        return ()
    return _short_unwrapped(data) if len(data) <= _SHORT else _unwrapped(data)


def _unwrapped(data: bytes) -> tuple[tuple[str, bytes], ...]:
    if _HEX(data):
        return (("hex", binascii.unhexlify(data)),)
    if _BASE64(data):
        bare = data.rstrip(b"=")
        if len(bare) % 4 != 1:
            step = "base64url" if b"-" in bare or b"_" in bare else "base64"
            return ((step, base64.b64decode(bare.translate(_STANDARD_ALPHABET) + b"=" * (-len(bare) % 4))),)
    return ()


_short_unwrapped = lru_cache(maxsize=16384)(_unwrapped)
"""Remembered, because apps repeat themselves."""


def _continues(leaves: Sequence[Leaf], index: int, value: bytes) -> bool:
    """Whether the fields behind ``index`` hold the rest of the value, and nothing but it."""
    first = leaves[index]
    rest = value[len(first.data) :]
    parts = 1
    last = first.path
    for leaf in leaves[index + 1 : index + _MAX_LEAVES]:
        if leaf.location == first.location and len(leaf.path) > len(last) and leaf.path[: len(last)] == last:
            continue  # what the decoder read into the part before, which happens to look like base64 or hex
        beside = leaf.location == first.location and leaf.path[:-1] == first.path[:-1]
        if not beside or len(leaf.data) < _MINIMAL_PART or not rest.startswith(leaf.data):
            return False
        rest, last, parts = rest[len(leaf.data) :], leaf.path, parts + 1
        if not rest or parts == _MAX_PARTS:
            return not rest
    return False
