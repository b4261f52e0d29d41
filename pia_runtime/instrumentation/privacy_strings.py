"""Strings in which consent platforms keep the user's choices: IAB TCF v2, GPP and US Privacy. Pure; hostile input is bounded.

Facts: IAB Tech Lab, "Transparency and Consent String with Global Vendor & CMP List Formats" v2.3, "Global Privacy Platform"
consent string specification and its US sections, "CCPA Compliance Framework" US Privacy String
(github.com/InteractiveAdvertisingBureau).
The one Python package for TCF has had no release since 2022 and knows neither GPP nor the newer segments, so that the few
fields needed here are read by this module; its test vectors come from the IAB's own library.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pia_runtime.instrumentation.sdk_consent import Said

MAX_STRING = 16_384
"""Longer strings are not decoded: real ones have a few hundred characters."""

MAX_VENDOR = 20_000
"""Vendor numbers above this are refused; the list had fewer than 2 000 in 2025."""

SALE = "purpose:sale_or_sharing"
"""Scope of the American opt-out. It is no refusal of the policy: collection goes on, selling does not."""

_TC, _GPP, _USP = "iabtcf_tcstring", "iabgpp_hdr_gppstring", "iabusprivacy_string"
_SECTIONS = {2: "tcfeuv2", 5: "tcfcav1", 6: "uspv1", 7: "usnat"}
_OPTED_OUT = 1


class NotAPrivacyStringError(ValueError):
    """The text is not what its key promises; the message says why."""


@dataclass(frozen=True, slots=True)
class TcString:
    """The core of an IAB TCF v2 string.

    Attributes:
        purposes: numbers 1 to 24 that the user consented to; ``purposes_li`` those with legitimate interest established.
        vendors: numbers of the vendors consented to.
        purpose_one_treatment: purpose 1 was not put to the user at all (publisher's country does without).
    """

    cmp_id: int
    language: str
    vendor_list: int
    special_features: tuple[int, ...]
    purposes: tuple[int, ...]
    purposes_li: tuple[int, ...]
    purpose_one_treatment: bool
    vendors: tuple[int, ...] = field(default=())

    @property
    def allows_access(self) -> bool:
        """Whether anything on the device may be read: purpose 1, or any where purpose 1 was not asked about."""
        return bool(self.purposes) if self.purpose_one_treatment else 1 in self.purposes


class _Bits:
    """Reads a base64url text bit by bit."""

    def __init__(self, text: str) -> None:
        if not text or len(text) > MAX_STRING:
            raise NotAPrivacyStringError("empty or too long")
        try:
            # Filled up with A (six zero bits), because the last character may carry bits that fill no byte.
            data = base64.b64decode(text + "A" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise NotAPrivacyStringError("not base64url") from error
        self._bits = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def number(self, width: int) -> int:
        if width > self._left:
            raise NotAPrivacyStringError("ends too early")
        self._left -= width
        return (self._bits >> self._left) & ((1 << width) - 1)

    def flags(self, count: int) -> tuple[int, ...]:
        """Numbers, from 1, of the bits that are set."""
        value = self.number(count)
        return tuple(n for n in range(1, count + 1) if value >> (count - n) & 1)

    def letters(self) -> str:
        return "".join(chr(65 + self.number(6)) for _ in range(2))

    def fibonacci(self) -> int:
        """A number in Fibonacci coding: bits stand for 1, 2, 3, 5, 8 …, two ones end it."""
        total, last, (a, b) = 0, 0, (1, 2)
        while a <= MAX_VENDOR:
            bit = self.number(1)
            if bit and last:
                return total
            total += a * bit
            last, (a, b) = bit, (b, a + b)
        raise NotAPrivacyStringError("a number without an end")


def decode_tc_string(text: str) -> TcString:
    """Decode the core segment of a TC string.

    Raises:
        NotAPrivacyStringError: it is none of version 2.
    """
    bits = _Bits(text.partition(".")[0])
    if bits.number(6) != 2:
        raise NotAPrivacyStringError("no TC string of version 2")
    bits.number(72)  # created, last updated
    cmp_id = bits.number(12)
    bits.number(18)  # CMP version, screen
    language, vendor_list = bits.letters(), bits.number(12)
    bits.number(8)  # policy version, service-specific, non-standard texts
    special, purposes, interests = bits.flags(12), bits.flags(24), bits.flags(24)
    treatment = bool(bits.number(1))
    bits.number(12)  # publisher's country
    return TcString(cmp_id, language, vendor_list, special, purposes, interests, treatment, _vendors(bits))


def _vendors(bits: _Bits) -> tuple[int, ...]:
    highest = bits.number(16)
    if highest > MAX_VENDOR:
        raise NotAPrivacyStringError("vendor numbers beyond the list")
    if not bits.number(1):
        return bits.flags(highest)
    found: set[int] = set()
    for _ in range(bits.number(12)):
        is_range, first = bits.number(1), bits.number(16)
        last = bits.number(16) if is_range else first
        if not first <= last <= MAX_VENDOR:
            raise NotAPrivacyStringError("a vendor range that runs backwards")
        found.update(range(first, last + 1))
    return tuple(sorted(found))


def decode_gpp(text: str) -> dict[str, str]:
    """Split a GPP string into its sections, named as in the specification (``section-<n>`` where this module knows none).

    Raises:
        NotAPrivacyStringError: it is none of version 1, or has not the sections that it announces.
    """
    header, *sections = text.split("~")
    bits = _Bits(header)
    if bits.number(6) != 3 or bits.number(6) != 1:
        raise NotAPrivacyStringError("no GPP string of version 1")
    ids: list[int] = []
    last = 0
    for _ in range(bits.number(12)):
        is_range = bits.number(1)
        first = last + bits.fibonacci()
        last = first + bits.fibonacci() if is_range else first
        ids += range(first, min(last, MAX_VENDOR) + 1)
    if len(ids) != len(sections):
        raise NotAPrivacyStringError(f"announces {len(ids)} sections and has {len(sections)}")
    return {_SECTIONS.get(number, f"section-{number}"): part for number, part in zip(ids, sections, strict=True)}


def is_privacy_string(key: str) -> bool:
    """Whether a preference key holds one of the strings that :func:`read_privacy_string` reads."""
    return key.casefold() in (_TC, _GPP, _USP)


def read_privacy_string(key: str, text: str, before: str = "") -> list[Said]:
    """What a string says about consent, and in ``extra`` the string itself with its purposes.

    Args:
        key: the preference's key.
        text: its new value.
        before: its value until now, "" where there was none: a refusal after a grant is a withdrawal.

    Returns:
        Nothing where the text was removed or cannot be decoded.
    """
    try:
        said = _opinions(key.casefold(), text)
    except NotAPrivacyStringError:
        return []
    try:
        earlier = {scope: given for scope, given, _ in _opinions(key.casefold(), before)} if before else {}
    except NotAPrivacyStringError:
        earlier = {}
    found = []
    for scope, given, extra in said:
        if scope == SALE and given and earlier.get(scope) is not False:
            continue  # not having objected is no consent
        signal = "given" if given else ("withdrawn" if earlier.get(scope) else "refused")
        found.append(Said(signal, scope, text, {"raw": text[:MAX_STRING], **extra}))  # type: ignore[arg-type]
    return found


def _opinions(key: str, text: str) -> list[tuple[str, bool, dict[str, Any]]]:
    """(scope, yes or no, fields) for everything that the string speaks about."""
    if key == _USP:
        return _us_privacy(text)
    if key == _TC:
        return [_tcf(text)]
    sections = decode_gpp(text)
    found = [_tcf(sections["tcfeuv2"])] if "tcfeuv2" in sections else []
    if "uspv1" in sections:
        found += _us_privacy(sections["uspv1"])
    if "usnat" in sections:
        found.append(_us_national(sections["usnat"]))
    return [(scope, given, {**extra, "gpp_sections": sorted(sections)}) for scope, given, extra in found]


def _tcf(text: str) -> tuple[str, bool, dict[str, Any]]:
    core = decode_tc_string(text)
    fields: Mapping[str, Any] = {
        "cmp_id": core.cmp_id,
        "vendor_list": core.vendor_list,
        "language": core.language,
        "purposes": list(core.purposes),
        "purposes_legitimate_interest": list(core.purposes_li),
        "special_features": list(core.special_features),
        "vendors": list(core.vendors),
    }
    return "policy", core.allows_access, dict(fields)


def _us_privacy(text: str) -> list[tuple[str, bool, dict[str, Any]]]:
    """Version, notice given, opted out of sale, limited service provider agreement; ``-``: does not apply."""
    if len(text) != 4 or text[0] != "1" or set(text[1:].upper()) - set("YN-"):
        raise NotAPrivacyStringError("no US Privacy string of version 1")
    return [] if text[2] == "-" else [(SALE, text[2].upper() != "Y", {})]


def _us_national(text: str) -> tuple[str, bool, dict[str, Any]]:
    bits = _Bits(text.partition(".")[0])
    bits.number(6 + 6 * 2)  # version, six notices
    names = ("sale", "sharing", "targeted_advertising")
    opted = {name: bits.number(2) == _OPTED_OUT for name in names}
    return SALE, not (opted["sale"] or opted["sharing"]), {"opted_out": [name for name, out in opted.items() if out]}
