"""The recursion: from bytes to leaves, within the budget, each leaf with the steps that led to it."""

import re
from collections.abc import Callable
from functools import lru_cache

from pia_runtime.decoding.budget import Budget, Decoded
from pia_runtime.decoding.entropy import MIN_ENCODED, MIN_OPAQUE, describe_opaque
from pia_runtime.decoding.form import Child, Form, OverBudgetError, Terminal
from pia_runtime.decoding.formats.brotli_stream import unbrotli
from pia_runtime.decoding.formats.charsets import GB18030, UTF16
from pia_runtime.decoding.formats.deflated import inflate
from pia_runtime.decoding.formats.escapes import PERCENT, has_bare_signs, is_doubtful_percent
from pia_runtime.decoding.formats.exif_tags import EXIF
from pia_runtime.decoding.formats.protobuf_wire import PROTOBUF
from pia_runtime.decoding.formats.slices import SLICE
from pia_runtime.decoding.magic import is_media
from pia_runtime.decoding.registry import BINARY, BY_FIRST_BYTE, BY_NAME, MARKS, TEXT, UNMARKED
from pia_runtime.decoding.text import is_text
from pia_runtime.model.detection import Leaf, Opaque
from pia_runtime.model.flow import Location

_INERT = re.compile(
    rb"[^%&\\{}\[\]<=\"\x00-\x08\x0b\x0e-\x1f\x7f-\xff]{0,7}\Z|[\d.,: +-]{0,20}\Z|[a-z_./ ,:-]{0,200}\Z"
).match
"""Values that can hold nothing: short and without any mark, numbers and dates, words without capitals and digits."""

_holds_words = re.compile(rb"[\x20-\x7e]{8}").search
"""Whether there is text in binary data; a wrong guess at its compression hardly ever gives eight such bytes in a row."""

_new_leaf = tuple.__new__
"""Makes a :class:`Leaf` in half the time of calling it, where there are a hundred in a flow."""

_BROKEN: dict[str, tuple[tuple[str, Callable[[bytes, int], bytes]], ...]] = {
    "br": (("brotli", lambda data, room: unbrotli(data, room, whole=False)),),
    "deflate": (
        ("zlib", lambda data, room: inflate(data, 15, room, whole=False)),
        ("deflate", lambda data, room: inflate(data, -15, room, whole=False)),
    ),
}
_BELIEVED = 16
"""Bytes of text that a stream without a magic number must give before it breaks off."""

_NO_MARKS = bytes(byte for byte in range(256) if byte not in MARKS)
_FREE_RATIO = 64 << 10
_DIGEST = 64
"""One digest in 200 parses as protobuf by chance, so up to this size the bytes are kept beside the parts."""
_FRAMES = "grpc:"
_QUOTE = 0x22
"""A text in quotes is JSON, and may be a value with its quotes: Android names networks so."""
_OPENS_TEXT = b'{[<"'
"""First bytes of JSON and XML, which may be written in GB 18030 as a whole."""
_LINE_FEED = 0x0A
"""Also the tag of a message's first field where that is text: ``\n$cdda802e-…`` is text and a message at once."""
_SHORTEST_TEXT_MESSAGE = 8
_SHORT = 512
_SHORT_OUTPUT = 64 << 10
_SHORT_LEAVES = 1000
_SHORT_DEPTH = 16


class Walk:
    """Decodes one flow. Call :meth:`expand` for each part of it, then :meth:`result`.

    Args:
        budget: limits.
        remembering: whether what short values lead to is remembered from flow to flow.
    """

    def __init__(self, budget: Budget, *, remembering: bool = True) -> None:
        self._budget = budget
        self._remembering = remembering
        self._room = budget.max_output
        self._whole, self._whole_sizes = budget.whole, frozenset(map(len, budget.whole))
        self._leaves: list[Leaf] = []
        self._opaque: list[Opaque] = []

    def result(self) -> Decoded:
        """What was found so far."""
        return Decoded(tuple(self._leaves), tuple(self._opaque))

    def children(self, location: Location, path: tuple[str, ...], found: list[Child]) -> None:
        """Expand parts one after the other."""
        leaves, append, room = self._leaves, self._leaves.append, self._budget.max_leaves
        framed = bool(found) and found[0][0].startswith(
            _FRAMES
        )  # where text may be a message, what is plain elsewhere is not
        remembering = self._remembering and not framed and len(path) + 1 < self._budget.max_depth
        for step, key, data in found:
            if (not framed and _INERT(data)) or (remembering and len(data) <= _SHORT and _is_plain(data)):
                if len(leaves) < room:
                    append(_new_leaf(Leaf, (location, (*path, step), key, data)))
                else:
                    self._leaf(location, (*path, step), key, data)
            elif type(data) is Terminal:
                self._leaf(location, (*path, step), key, bytes(data))
            else:
                self.expand(location, (*path, step), key, data)

    def repeated(self, location: Location, found: list[Child]) -> None:
        """Expand parts that flow after flow says again: headers, cookies, path segments. The result is remembered."""
        for step, key, data in found:
            if len(data) <= _SHORT:
                part = _remembered(location, step, key, data, self._budget.max_depth, self._whole)
                size = sum([len(leaf.data) for leaf in part.leaves])
                fits = size <= self._room and len(self._leaves) + len(part.leaves) <= self._budget.max_leaves
                if fits and not any(opaque.reason == "budget_exceeded" for opaque in part.opaque):
                    self._room -= size
                    self._leaves += part.leaves
                    self._opaque += part.opaque
                    continue
            self.expand(location, (step,), key, data)

    def expand(self, location: Location, path: tuple[str, ...], key: str, data: bytes) -> None:
        """Everything that is reachable from these bytes."""
        mark = len(self._leaves)
        self._expand(location, path, key, data)
        whole = len(data) in self._whole_sizes and bytes(data) in self._whole
        if whole and not any(leaf.path == path for leaf in self._leaves[mark:]):
            self._leaf(location, path, key, data)

    def _expand(self, location: Location, path: tuple[str, ...], key: str, data: bytes) -> None:
        if not data:
            return
        if len(path) >= self._budget.max_depth:
            self._end(location, path, key, data)
            return
        # Parsers of JSON take such bytes as they are, and leave its Chinese names unreadable; those of XML take none.
        if data[0] in _OPENS_TEXT and not data.isascii() and self._take(GB18030, location, path, key, data):
            return
        for form in BY_FIRST_BYTE[data[0]]:
            if form.might_be(data) and self._take(form, location, path, key, data):
                if data[0] == _QUOTE and b"\\" not in data:
                    self._leaf(location, path, key, data)
                return
        if is_text(data):
            self._text(location, path, key, data)
        elif is_media(data):
            self._leaf(location, path, key, data)
            if EXIF.might_be(data):
                self._take(EXIF, location, path, key, data)
        else:
            self._binary(location, path, key, data)

    def unwrapped(self, name: str, location: Location, path: tuple[str, ...], data: bytes) -> bytes | None:
        """Undo one compression that a header names.

        Returns:
            The output; empty where the data is not of this kind; None where it was over the budget, which is recorded.
        """
        try:
            found = BY_NAME[name].children(data, "", self._allowed(data))
        except OverBudgetError:
            self._blind(location, path, "budget_exceeded", data)
            return None
        self._room -= sum([len(child[2]) for child in found])
        return found[0][2] if found else b""

    def broken(self, coding: str, location: Location, path: tuple[str, ...], data: bytes) -> tuple[str, bytes] | None:
        """The step and what comes out of a stream that a header names and that breaks off: text, or nothing is believed."""
        for name, undo in _BROKEN.get(coding, ()):
            try:
                out = undo(data, self._allowed(data))
            except OverBudgetError:
                self._blind(location, path, "budget_exceeded", data)
                return None
            if len(out) >= _BELIEVED and any(is_text(out[: len(out) - cut]) for cut in range(4)):
                self._room -= len(out)
                return name, out
        return None

    def forgive(self, location: Location, path: tuple[str, ...]) -> None:
        """Media without a magic number look like noise; where the headers say so they are no blind spot."""
        self._opaque = [
            opaque
            for opaque in self._opaque
            if (opaque.reason, opaque.location, opaque.path) != ("high_entropy", location, path)
        ]

    def _text(self, location: Location, path: tuple[str, ...], key: str, data: bytes) -> None:
        """Text is a leaf unless one form says it all; what is found inside it stands beside it."""
        beside: list[Form] = [PROTOBUF] if _may_be_message(path, data) else []
        for form in TEXT if data.translate(None, _NO_MARKS) else UNMARKED:
            if form.might_be(data):
                if form.keeps != "replaces" or (form is PERCENT and is_doubtful_percent(data)):
                    beside.append(form)
                elif self._take(form, location, path, key, data):
                    return
        mark = len(self._leaves)
        if PERCENT in beside and self._take(PERCENT, location, path, key, data):
            beside.remove(PERCENT)
            written = data.count(b"%") > 1 and not has_bare_signs(data)
            if written and any(len(leaf.path) > len(path) + 1 for leaf in self._leaves[mark:]):
                return  # bytes of a known form came out, which is no chance
        self._leaf(location, path, key, data)
        for form in beside:
            self._take(form, location, path, key, data)

    def _binary(self, location: Location, path: tuple[str, ...], key: str, data: bytes) -> None:
        for form in BINARY:
            if form.might_be(data) and self._take(form, location, path, key, data):
                if form.keeps != "replaces" or (len(data) <= _DIGEST and _may_be_chance(form, data)):
                    self._leaf(location, path, key, data)
                if form is not SLICE:
                    return
                break
        else:
            self._leaf(location, path, key, data)
        encoded = bool(path) and path[-1].startswith(("base64", "hex"))
        reason = describe_opaque(data, MIN_ENCODED if encoded else MIN_OPAQUE)
        if reason is not None:
            self._blind(location, path, reason, data)

    def _take(self, form: Form, location: Location, path: tuple[str, ...], key: str, data: bytes) -> bool:
        """Take a form's parts in; False where the data is not of this form."""
        try:
            found = form.children(data, key, self._allowed(data))
        except OverBudgetError:
            if form.keeps == "replaces" and is_text(data):
                self._leaf(location, path, key, data)
            self._blind(location, path, "budget_exceeded", data)
            return True
        if not found:
            return False
        self._room -= sum([len(child[2]) for child in found])
        if form.keeps == "guesses":
            return self._guess(location, path, found)
        self.children(location, path, found)
        return True

    def _allowed(self, data: bytes) -> int:
        """How large the parts may be: what is left of the budget, and not absurdly more than the data."""
        return max(0, min(self._room, max(_FREE_RATIO, len(data) * self._budget.max_ratio)))

    def _guess(self, location: Location, path: tuple[str, ...], found: list[Child]) -> bool:
        """Keep a part only where it turned out to be text or of a known form, a slice only where more was found in it."""
        kept = False
        for step, key, data in found:
            leaves, opaque = len(self._leaves), len(self._opaque)
            inner = (*path, step)
            self.expand(location, inner, key, data)
            only_itself = len(self._leaves) == leaves + 1 and self._leaves[-1].path == inner
            if only_itself and (step.startswith("slice") or not is_text(data)):
                del self._opaque[opaque:]
                # Unknown binary data with words in it may be what was compressed; that stays unsaid, but not unsearched.
                if step.startswith("slice") or not _holds_words(data):
                    del self._leaves[leaves:]
            else:
                kept = True
        return kept

    def _leaf(self, location: Location, path: tuple[str, ...], key: str, data: bytes) -> None:
        if len(self._leaves) < self._budget.max_leaves:
            self._leaves.append(Leaf(location, path, key, data))
        elif not self._opaque or self._opaque[-1].reason != "budget_exceeded":
            self._blind(location, path, "budget_exceeded", data)

    def _end(self, location: Location, path: tuple[str, ...], key: str, data: bytes) -> None:
        """As deep as it goes: blind only where a further step would have been possible."""
        self._leaf(location, path, key, data)
        if any(form.might_be(data) for form in BY_FIRST_BYTE[data[0]]) or not is_text(data):
            self._blind(location, path, "too_deep", data)

    def _blind(self, location: Location, path: tuple[str, ...], reason: str, data: bytes) -> None:
        if len(self._opaque) < self._budget.max_leaves:
            self._opaque.append(Opaque(location, path, reason, len(data)))


def _may_be_message(path: tuple[str, ...], data: bytes) -> bool:
    """Whether text may be a message all the same: in a gRPC frame, or where it begins as a first field of text does."""
    framed = bool(path) and path[-1].startswith(_FRAMES)
    return (framed or data[0] == _LINE_FEED) and len(data) > _SHORTEST_TEXT_MESSAGE


def _may_be_chance(form: Form, data: bytes) -> bool:
    """Whether short bytes may mean something else: any message, and UTF-16 of Chinese alone, which two letters look like."""
    return form is PROTOBUF or (form is UTF16 and data.isascii() and b"\0" not in data)


@lru_cache(maxsize=32768)
def _is_plain(data: bytes) -> bool:
    """Whether a short value leads to itself and nothing else. Apps repeat themselves: session ids, versions, names."""
    walk = Walk(Budget(max_depth=_SHORT_DEPTH, max_output=_SHORT_OUTPUT, max_leaves=_SHORT_LEAVES), remembering=False)
    walk.expand("request.body", (), "", bytes(data))
    found = walk.result()
    return len(found.leaves) == 1 and found.leaves[0].path == () and not found.opaque


@lru_cache(maxsize=4096)
def _remembered(
    location: Location, step: str, key: str, data: bytes, max_depth: int, whole: frozenset[bytes]
) -> Decoded:
    """What one short part leads to, by itself and within a small budget."""
    budget = Budget(max_depth=max_depth, max_output=_SHORT_OUTPUT, max_leaves=_SHORT_LEAVES, whole=whole)
    walk = Walk(budget)
    walk.expand(location, (step,), key, data)
    return walk.result()
