"""From a hit of the pattern matcher to proof: the whole value, exactly, with the boundaries and context its kind asks for.

``13800138000`` inside a longer number is no hit. Base64 and hex are undone around a hit, so that the same boundaries hold there.
"""

import base64
import binascii
import codecs
import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pia_runtime.decoding.text import is_text
from pia_runtime.detection.needles_strength import Context, telling_key
from pia_runtime.detection.variants_shapes import Shape, is_cjk

Wrap = Literal["plain", "base64", "hex", "reversed", "rot13", "rot47", "utf-16le", "utf-16be", "opaque", "whole"]
"""How the text around a hit is read to see its boundaries. ``opaque``: no boundaries; ``whole``: it must be the entire leaf."""

MINIMAL_PREFIX = 16
"""Characters of a random-looking value that still identify it where a program cut it short."""

_WINDOW = 24
_BASE64_CHARACTER = re.compile(rb"[A-Za-z0-9+/_-]*")
_BASE64_TAIL = re.compile(rb"[A-Za-z0-9+/_-]*\Z")
_ROT47 = bytes(33 + (code - 33 + 47) % 94 if 33 <= code <= 126 else code for code in range(256))


class Needle(NamedTuple):
    """One way in which one value may stand in a leaf; a tuple, because a capture has tens of thousands.

    Attributes:
        data: the bytes searched for.
        inner: what ``data`` stands for where base64 hides its edges; the exact bytes that must come out of decoding.
        offset: how many bytes (0-2) stand before ``inner`` in its base64 group.
        shape: decides the boundaries.
        context: what a weak value needs around it.
        shortens: whether a prefix of at least :data:`MINIMAL_PREFIX` characters is proof too.
        confidence: of a match; ``possible`` for a digest over so much else that it may be a signature.
        group: members of one group prove something only when two of them are seen together (names of installed apps).
        plaintext: what a recorded cipher or encoder turned into ``data``; searched in its place instead of being reported.
    """

    data: bytes
    identifier: str
    value: str
    basis: Literal["known", "observed", "derived"]
    encoding: str
    shape: Shape | Literal["none"]
    wrap: Wrap = "plain"
    caseless: bool = False
    context: Context = "none"
    inner: bytes = b""
    offset: int = 0
    shortens: bool = False
    learned_from: tuple[int, ...] = ()
    plaintext: bytes | None = None
    group: str = ""
    confidence: Literal["certain", "possible"] = "certain"


@dataclass(frozen=True, slots=True)
class Span:
    """Where a needle stands in a leaf; ``prefix`` when only its beginning does."""

    start: int
    end: int
    prefix: bool = False


def confirm(needle: Needle, data: bytes, start: int, key: str) -> Span | None:
    """Decide whether ``needle`` really stands at ``start`` of a leaf.

    Args:
        needle: what the matcher believes to have seen.
        data: the whole leaf.
        start: where in it.
        key: the nearest field name, for values that prove little by themselves.
    """
    end = start + len(needle.data)
    found = data[start:end]
    if found != needle.data and not (needle.caseless and found.lower() == needle.data.lower()):
        return _confirm_prefix(needle, data, start) if needle.shortens else None
    span = Span(start, end)
    if not _framed(needle, data, span):
        return None
    return span if _in_context(needle, data, span, key) else None


def _confirm_prefix(needle: Needle, data: bytes, start: int) -> Span | None:
    length = 0
    found, wanted = data[start : start + len(needle.data)], needle.data
    if needle.caseless:
        found, wanted = found.lower(), wanted.lower()
    for left, right in zip(found, wanted, strict=False):
        if left != right:
            break
        length += 1
    if length < MINIMAL_PREFIX:
        return None
    before, after = data[max(0, start - _WINDOW) : start], data[start + length : start + length + _WINDOW]
    alone = not re.match(rb"[0-9A-Za-z]|-[0-9A-Fa-f]", after) and bounded(needle.shape, before, found[:length], after)
    return Span(start, start + length, prefix=True) if alone else None


def _framed(needle: Needle, data: bytes, span: Span) -> bool:
    if needle.wrap == "opaque":
        return True
    if needle.wrap == "whole":
        return data.strip() == data[span.start : span.end]
    if needle.wrap == "base64":
        return _framed_in_base64(needle, data, span)
    neighbours = _neighbours(needle.wrap, data, span)
    if neighbours is None:
        return False
    plain = needle.inner or needle.data
    if bounded(needle.shape, neighbours[0], plain, neighbours[1]):
        return True
    return needle.wrap == "plain" and _is_counted(data, span)


def _is_counted(data: bytes, span: Span) -> bool:
    """Whether the value's own length stands before it in binary data, so that its edges are told (Avro writes it doubled).

    Length and neighbours may look like letters and digits: 0x24 ``cdda802e-…`` 0x61 is a UUID in CBOR.
    """
    size = span.end - span.start
    return span.start > 0 and data[span.start - 1] in (size, 2 * size) and not is_text(data)


def _neighbours(wrap: Wrap, data: bytes, span: Span) -> tuple[bytes, bytes] | None:
    """The text before and behind a hit, undone from the hit's encoding; None where it cannot stand there."""
    before, after = data[max(0, span.start - _WINDOW) : span.start], data[span.end : span.end + _WINDOW]
    if wrap == "hex":
        head, tail = _hex_run(before, from_end=True), _hex_run(after, from_end=False)
        # An odd number of digits on the left means that the hit straddles two bytes of a longer hex text.
        if len(head) % 2 and len(head) < _WINDOW:
            return None
        return binascii.unhexlify(head[len(head) % 2 :]), binascii.unhexlify(tail[: len(tail) // 2 * 2])
    if wrap == "reversed":
        return after[::-1], before[::-1]
    if wrap == "rot13":
        return _rot13(before), _rot13(after)
    if wrap == "rot47":
        return before.translate(_ROT47), after.translate(_ROT47)
    if wrap in ("utf-16le", "utf-16be"):
        return before[len(before) % 2 :].decode(wrap, "ignore").encode(), after.decode(wrap, "ignore").encode(
            errors="ignore"
        )
    return before, after


def _hex_run(data: bytes, *, from_end: bool) -> bytes:
    found = re.search(rb"[0-9A-Fa-f]*\Z", data) if from_end else re.match(rb"[0-9A-Fa-f]*", data)
    return found.group() if found else b""


def _rot13(data: bytes) -> bytes:
    return codecs.encode(data.decode("latin-1"), "rot13").encode("latin-1")


def _framed_in_base64(needle: Needle, data: bytes, span: Span) -> bool:
    """Decode the groups around the hit: the value must come out whole, and stand free there."""
    group = span.start - (0, 2, 3)[needle.offset]
    head = _BASE64_TAIL.search(data, max(0, group - _WINDOW), group) if group > 0 else None
    lead = len(head.group()) // 4 * 4 if head else 0
    first = group - lead
    if first < 0:
        return False
    tail = _BASE64_CHARACTER.match(data, span.end, span.end + _WINDOW)
    text = data[first : tail.end() if tail else span.end]
    try:
        decoded = base64.b64decode(_padded(text.translate(_STANDARD_ALPHABET)), validate=True)
    except binascii.Error:
        return False
    at = lead // 4 * 3 + needle.offset
    if decoded[at : at + len(needle.inner)] != needle.inner:
        return False
    return bounded(needle.shape, decoded[:at], needle.inner, decoded[at + len(needle.inner) :])


_STANDARD_ALPHABET = bytes.maketrans(b"-_", b"+/")


def _padded(text: bytes) -> bytes:
    text = text[:-1] if len(text) % 4 == 1 else text
    return text + b"=" * (-len(text) % 4)


def _in_context(needle: Needle, data: bytes, span: Span, key: str) -> bool:
    if needle.context == "none" or telling_key(needle.identifier, key):
        return True
    bare = data.strip(b" \t\r\n\"'")
    if needle.wrap == "opaque":
        bare = bare.rstrip(b"=")  # the padding of base32 is no part of the value
    return needle.context == "leaf" and bare == data[span.start : span.end].rstrip(b"=")


_BEFORE_DIGITS = re.compile(rb"(?:[0-9]|[0-9]\.)\Z")
_AFTER_DIGITS = re.compile(rb"[0-9]|\.[0-9]*[1-9]")
_COUNTRY_CODE = re.compile(rb"(?:\A|[^0-9])(?:\+|00)?86\Z")
_HEX_END = re.compile(rb"[0-9A-Fa-f]*\Z")
_HEX_START = re.compile(rb"[0-9A-Fa-f]*")
_BEFORE_MAC = re.compile(rb"[0-9A-Fa-f]\Z|(?:\A|[^0-9A-Za-z:-])[0-9A-Fa-f]{2}[:-]\Z|([:-])[0-9A-Fa-f]{2}\1\Z")
"""An octet more makes it another address; ``salt-71:`` is none, for one address has one separator."""
_AFTER_MAC = re.compile(rb"[0-9A-Fa-f]|[:-][0-9A-Fa-f]{2}(?![0-9A-Za-z])")
_BEFORE_EMAIL = re.compile(rb"[A-Za-z0-9._%+-]\Z")
_AFTER_EMAIL = re.compile(
    rb"[A-Za-z0-9_-]|\.(?!(?:json|xml|html?|php|jsp|aspx?|action|txt|csv|js|jpe?g|png|gif|webp|zip|gz)(?![A-Za-z0-9.-]))[A-Za-z0-9]"
)
"""The name goes on, unless what follows is the ending of a file: ``/v1/li@example.org.json``."""


def bounded(form: Shape | Literal["none"], before: bytes, value: bytes, after: bytes) -> bool:
    """Whether ``value`` stands free between its neighbours, as its shape demands."""
    if form in ("digits", "imei", "phone", "date"):
        return _bounded_digits(form, before, value, after)
    if form in ("hex", "uuid"):
        return not re.search(rb"[0-9A-Fa-f]\Z", before) and not re.match(rb"[0-9A-Fa-f]", after)
    if form == "mac":
        return not _BEFORE_MAC.search(before) and not _AFTER_MAC.match(after)
    if form in ("email", "package"):
        return not _BEFORE_EMAIL.search(before) and not _AFTER_EMAIL.match(after)
    if form == "ip":
        return not _BEFORE_DIGITS.search(before) and not re.match(rb"[0-9]|\.[0-9]", after)
    return form == "none" or _bounded_words(before, value, after)


def _bounded_digits(form: str, before: bytes, value: bytes, after: bytes) -> bool:
    if _AFTER_DIGITS.match(after):
        return False
    if _BEFORE_DIGITS.search(before) and not (form == "phone" and _COUNTRY_CODE.search(before)):
        return False
    # A run of digits in the middle of a digest is chance: look at the hex text that would hold it.
    head, tail = _HEX_END.search(before), _HEX_START.match(after)
    around = (head.group() if head else b"") + (tail.group() if tail else b"")
    return len(around) < 4 or around.isdigit() or not value.isdigit()


def _bounded_words(before: bytes, value: bytes, after: bytes) -> bool:
    left, right = before[-4:].decode("utf-8", "ignore")[-1:], after[:4].decode("utf-8", "ignore")[:1]
    text = value.decode("utf-8", "ignore")
    return not text or (_apart(left, text[0]) and _apart(text[-1], right))


def _apart(left: str, right: str) -> bool:
    """Whether two neighbouring characters do not belong to one word."""
    if not left or not right:
        return True
    if is_cjk(left) or is_cjk(right):
        return not (is_cjk(left) and is_cjk(right))
    return not (left.isalnum() and right.isalnum())
