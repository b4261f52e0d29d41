"""The ways in which one value is spelled: case, separators, check digit, country code, date and name order.

Spelling is not encoding: a variant is still text that a person recognises. Hashes and encodings come on top (transforms).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pia_runtime.detection.variants_shapes import CN_MOBILE, DATE, Shape, luhn_digit, shape
from pia_runtime.model.session import Contact, Coordinates, Packages

Value = str | Coordinates | Contact | Packages

COUNTRY_CODES = ("+86", "0086", "86")
"""Prefixes of a mainland number. The number itself stands inside them, so only hashes of these spellings are new needles."""

_FEWEST_PAIRS = 8
"""Bytes from which on a hexadecimal value is also looked for with its bytes printed apart."""

_SEPARATORS = re.compile(r"[\s:._·-]")
_NO_TOKEN = re.compile(r"[\s@/]").search
"""What a sentence, an address or a path has, and a number of something has not."""
_SHORTEST_TOKEN = 6


@dataclass(frozen=True, slots=True)
class Variant:
    """One spelling.

    Attributes:
        text: the value so spelled.
        name: what was done to it, a name of ``knowledge/encodings/spellings.yaml``; ``plain`` for nothing.
    """

    text: str
    name: str


def variants(identifier_id: str, value: Value) -> list[Variant]:
    """All spellings of a value, the value as given first, no text twice."""
    if isinstance(value, str):
        return _distinct(_spell(identifier_id, value))
    if isinstance(value, Coordinates):
        return _distinct(_coordinates(value))
    if isinstance(value, Contact):
        texts = (value.name, *value.phones, *value.emails)
        return _distinct(variant for text in texts for variant in _spell(contact_part_id(text), text))
    return _distinct(Variant(package, "plain") for package in value.packages)


def contact_part_id(text: str) -> str:
    """Taxonomy id whose spellings and boundaries suit a part of an address-book entry."""
    if "@" in text:
        return "email_address"
    return "phone_number" if sum(map(str.isdigit, text)) >= 5 else "person_name"


def _distinct(spelled: Iterable[Variant]) -> list[Variant]:
    unique: dict[str, Variant] = {}
    for variant in spelled:
        if variant.text:
            unique.setdefault(variant.text, variant)
    return list(unique.values())


def _spell(identifier_id: str, text: str) -> Iterator[Variant]:
    yield Variant(text, "plain")
    form = shape(identifier_id, text)
    yield from _BY_SHAPE.get(form, _text)(text)


def _cased(text: str) -> Iterator[Variant]:
    yield Variant(text.lower(), "lower")
    yield Variant(text.upper(), "upper")
    if text != text.strip() or (text[:1] == text[-1:] == '"'):
        bare = text.strip().strip('"')
        yield Variant(bare, "trimmed")
        yield Variant(bare.lower(), "trimmed,lower")
        yield Variant(bare.upper(), "trimmed,upper")


def _text(text: str) -> Iterator[Variant]:
    """Any other text; a single word with separators (``ORD-2025-77``, ``京A·8X921``) also without them."""
    yield from _cased(text)
    bare = _SEPARATORS.sub("", text)
    if bare != text and not _NO_TOKEN(text) and len(bare) >= _SHORTEST_TOKEN:
        yield from _stripped(bare)


def _token(text: str) -> Iterator[Variant]:
    """Hex and UUID: case, and separators removed; 32 hex digits also as a UUID."""
    bare = _SEPARATORS.sub("", text)
    yield from _cased(text)
    yield from _stripped(bare)
    yield from _bytes_printed(bare)
    if len(bare) == 32 and bare == text:
        parts = (bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:])
        yield Variant("-".join(parts).lower(), "dashed,lower")
        yield Variant("-".join(parts).upper(), "dashed,upper")


def _bytes_printed(bare: str) -> Iterator[Variant]:
    """Each byte by itself, as programs print arrays of bytes."""
    pairs = [bare[index : index + 2] for index in range(0, len(bare), 2)]
    if len(bare) % 2 == 0 and len(pairs) >= _FEWEST_PAIRS:
        for separator, name in ((" ", "spaces"), (":", "colons")):
            yield Variant(separator.join(pairs).lower(), name)
            yield Variant(separator.join(pairs).upper(), f"{name},upper")


def _stripped(bare: str) -> Iterator[Variant]:
    same_case = bare == bare.lower()
    yield Variant(bare, "stripped")
    yield Variant(bare.lower(), "stripped" if same_case else "stripped,lower")
    yield Variant(bare.upper(), "stripped,upper")


def _mac(text: str) -> Iterator[Variant]:
    bare = _SEPARATORS.sub("", text)
    yield from _cased(text)
    yield from _stripped(bare)
    pairs = [bare[index : index + 2] for index in range(0, 12, 2)]
    quads = [bare[index : index + 4] for index in range(0, 12, 4)]
    for name, joined in (
        ("colons", ":".join(pairs)),
        ("dashes", "-".join(pairs)),
        ("dots", ".".join(quads)),
        ("spaces", " ".join(pairs)),
    ):
        yield Variant(joined.lower(), name)
        yield Variant(joined.upper(), f"{name},upper")


def _imei(text: str) -> Iterator[Variant]:
    digits = re.sub(r"\D", "", text)
    body = digits[:14]
    whole = body + luhn_digit(body)
    yield Variant(digits, "stripped")
    # A 15th digit that is not the check digit is kept as given, above.
    yield Variant(whole, "with-check-digit") if len(digits) == 14 else Variant(body, "without-check-digit")
    for separator, name in (("-", "dashes"), (" ", "spaces")):
        yield Variant(separator.join((whole[:2], whole[2:8], whole[8:14], whole[14:])), name)


def _phone(text: str) -> Iterator[Variant]:
    mainland = CN_MOBILE.fullmatch(text)
    if not mainland:
        digits = re.sub(r"\D", "", text).removeprefix("00" if text.startswith("00") else "")
        yield from (Variant(digits, "stripped"), Variant(f"+{digits}", "plus"), Variant(f"00{digits}", "zeros"))
        return
    parts = mainland.groups()
    number = "".join(parts)
    yield Variant(number, "stripped")
    yield Variant(" ".join(parts), "spaces")
    yield Variant("-".join(parts), "dashes")
    for code in COUNTRY_CODES:
        yield Variant(code + number, code)


def _digits(text: str) -> Iterator[Variant]:
    groups = [text[index : index + 4] for index in range(0, len(text), 4)]
    if len(text) >= 12:
        yield Variant(" ".join(groups), "spaces")
        yield Variant("-".join(groups), "dashes")


def _date(text: str) -> Iterator[Variant]:
    found = DATE.fullmatch(text)
    if not found:
        return
    year, month, day = (int(part) for part in found.groups())
    for pattern, name in _DATE_ORDERS:
        yield Variant(pattern.format(y=year, m=month, d=day), name)


_DATE_ORDERS = (
    ("{y:04}-{m:02}-{d:02}", "yyyy-MM-dd"),
    ("{y:04}{m:02}{d:02}", "yyyyMMdd"),
    ("{y:04}/{m:02}/{d:02}", "yyyy/MM/dd"),
    ("{y:04}.{m:02}.{d:02}", "yyyy.MM.dd"),
    ("{y:04}-{m}-{d}", "yyyy-M-d"),
    ("{y:04}/{m}/{d}", "yyyy/M/d"),
    ("{y:04}年{m}月{d}日", "yyyy年M月d日"),
    ("{y:04}年{m:02}月{d:02}日", "yyyy年MM月dd日"),
    ("{d:02}/{m:02}/{y:04}", "dd/MM/yyyy"),
    ("{m:02}/{d:02}/{y:04}", "MM/dd/yyyy"),
    ("{d:02}.{m:02}.{y:04}", "dd.MM.yyyy"),
    ("{d:02}-{m:02}-{y:04}", "dd-MM-yyyy"),
)


def _name(text: str) -> Iterator[Variant]:
    yield from _cased(text)
    words = text.split()
    if len(words) < 2:
        return
    yield Variant(" ".join(reversed(words)), "reordered")
    yield Variant(f"{words[-1]}, {' '.join(words[:-1])}", "family-first")
    for joint, name in (("", "stripped"), ("_", "underscores"), (".", "dots")):
        yield Variant(joint.join(words), name)
        yield Variant(joint.join(words).lower(), f"{name},lower")
        yield Variant(joint.join(reversed(words)).lower(), f"{name},reordered,lower")


def _coordinates(value: Coordinates) -> Iterator[Variant]:
    """Joined texts for hashing and encoding; single decimals are found by number, within the tolerance."""
    lat, lon = repr(value.lat), repr(value.lon)
    yield Variant(f"{lat},{lon}", "lat,lon")
    yield Variant(f"{lon},{lat}", "lon,lat")
    yield Variant(f"{value.lat:.6f},{value.lon:.6f}", "lat,lon")
    yield Variant(f"{value.lon:.6f},{value.lat:.6f}", "lon,lat")


_BY_SHAPE: dict[Shape, Callable[[str], Iterator[Variant]]] = {
    "phone": _phone,
    "imei": _imei,
    "mac": _mac,
    "uuid": _token,
    "hex": _token,
    "digits": _digits,
    "date": _date,
    "name": _name,
    "ip": lambda _text: iter(()),
}
