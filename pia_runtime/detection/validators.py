"""Proof that a text is what it looks like: check digits, assigned prefixes, dates.

Every validator takes the text as found and returns the value in its canonical spelling, or None where it is not one.
Facts are from the standards named at each; nothing here is secret or specific to a person.
"""

import datetime
import ipaddress
import re
from collections.abc import Callable, Mapping

from pia_runtime.detection.variants_shapes import luhn_digit

Validator = Callable[[str], str | None]

_SEPARATORS = re.compile(r"[\s:.\-_·]")
_FEWEST_DIGITS = 4
"""A number made of fewer different digits than this (``000000000000000``, ``1212…``) is a filler, whatever it proves."""

_MOBILE_PREFIX = re.compile(r"1(?:3\d|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])")
_PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91")
_MUNICIPALITIES = frozenset({"11", "12", "31", "50"})
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"
_EARLIEST, _LATEST = 1900, 2100
_ISSUER = re.compile(
    r"62|81|4|5[1-8]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|35(?:2[89]|[3-8])|60|65|690755|9558|95595|3[47]"
)
_IMEI_BODY = re.compile(r"01|10|30|33|35|44|45|49|5[0-4]|86|9[189]")
_MNC_CHINA = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 20})
_VIN_VALUE = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_ROLE = re.compile(
    r"no-?reply|donotreply|support|service|info|admin|webmaster|postmaster|git|root|help|contact|sales|privacy|feedback"
)
_TOP_LEVEL = re.compile(r"[a-z]{2,24}")
_NO_DOMAIN = re.compile(
    r"png|jpe?g|gif|webp|svg|js|css|html?|json|xml|so|apk|jar|dex|class|java|kt|py|ts|tsx|vue|mp[34]|ttf|woff|zip|gz|log|txt|md|"
    r"dev|local|internal|localdomain"
)
"""Endings of files and of machines without an owner; none of them is where a person has a mailbox."""
_TINY_AREA = 0.5


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the rest (ISO/IEC 7812-1)."""
    return digits.isdecimal() and len(digits) > 1 and luhn_digit(digits[:-1]) == digits[-1]


def resident_id(text: str) -> str | None:
    """Resident identity card number, 18 characters (GB 11643): province, date of birth, ISO 7064 MOD 11-2 check."""
    number = text.upper()
    if len(number) != 18 or not number[:17].isdecimal() or not _PROVINCE.match(number):
        return None
    try:
        born = datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, number, strict=False))
    return number if _EARLIEST <= born.year <= _LATEST and _ID_CHECK[total % 11] == number[17] else None


def is_division(number: str) -> bool:
    """Whether a resident number begins as administrative divisions are numbered (GB/T 2260): what one alone must show.

    Prefectures are numbered up to 54 (90: under the province itself), municipalities have no more than three; districts and
    counties have 01 to 49 of those in use so far, cities of their rank 81 to 89.
    """
    prefecture, county = number[2:4], number[4:6]
    last = "03" if number[:2] in _MUNICIPALITIES else "54"
    return ("01" <= prefecture <= last or prefecture == "90") and ("01" <= county <= "49" or "81" <= county <= "89")


def mainland_mobile(text: str) -> str | None:
    """Mobile number of mainland China: a prefix that the ministry (MIIT) has assigned and eight more digits, +86 removed."""
    digits = re.sub(r"\D", "", text)
    digits = digits.removeprefix("00") if len(digits) > 13 else digits
    digits = digits.removeprefix("86") if len(digits) > 11 else digits
    return digits if len(digits) == 11 and _MOBILE_PREFIX.match(digits) and len(set(digits)) > 2 else None


def bank_card(text: str) -> str | None:
    """Payment card number (ISO/IEC 7812): issuer prefix, length 15 to 19, check digit."""
    digits = _SEPARATORS.sub("", text)
    right_length = 16 <= len(digits) <= 19 or (len(digits) == 15 and digits[:2] in {"34", "37"})
    plausible = right_length and _ISSUER.match(digits) and len(set(digits)) >= _FEWEST_DIGITS
    return digits if plausible and luhn(digits) else None


def imei(text: str) -> str | None:
    """IMEI (3GPP TS 23.003): 15 digits, reporting body of the type allocation code, check digit."""
    digits = _SEPARATORS.sub("", text)
    plausible = len(digits) == 15 and _IMEI_BODY.match(digits) and len(set(digits)) >= _FEWEST_DIGITS
    return digits if plausible and luhn(digits) else None


def meid(text: str) -> str | None:
    """MEID in hexadecimal form (3GPP2 S.R0048): 14 digits, the first from A to F."""
    digits = text.upper()
    return digits if re.fullmatch(r"[A-F][0-9A-F]{13}", digits) and len(set(digits)) >= _FEWEST_DIGITS else None


def imsi(text: str) -> str | None:
    """IMSI (ITU-T E.212): 14 or 15 digits, country 2 to 7; for China (460) an assigned network code."""
    plausible = re.fullmatch(r"[2-7]\d{13,14}", text) and len(set(text)) >= _FEWEST_DIGITS
    if not plausible or (text.startswith("460") and (len(text) != 15 or int(text[3:5]) not in _MNC_CHINA)):
        return None
    return text


def iccid(text: str) -> str | None:
    """ICCID (ITU-T E.118): 89, then 17 or 18 more; all digits with check digit, or Chinese with a last letter or without."""
    number = text.upper()
    if not re.fullmatch(r"89\d{16,17}[0-9A-F]?", number) or len(set(number)) < _FEWEST_DIGITS:
        return None
    return number if luhn(number) or number.startswith("8986") else None


def iccid_proven(text: str) -> str | None:
    """As :func:`iccid`, but Chinese, of an issuer numbered up to 19 as all are, and with a right check digit.

    That is what may stand without a telling key; a random 63-bit number, as traces have, is one in half a million times.
    """
    number = iccid(text)
    return number if number and number.startswith(("89860", "89861")) and luhn(number) else None


def mac_address(text: str) -> str | None:
    """MAC address of one station (IEEE 802): six octets, not multicast, no filler; lower case with colons."""
    octets = re.sub(r"[:.\-]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", octets) or int(octets[:2], 16) & 1 or len(set(octets)) < 3:
        return None
    address = ":".join(octets[index : index + 2] for index in range(0, 12, 2))
    return None if address == "02:00:00:00:00:00" else address


def email(text: str) -> str | None:
    """E-mail address of a person (RFC 5321 without quoting): no role, no version, no file name; lower case."""
    local, _, domain = text.lower().rpartition("@")
    labels = domain.split(".")
    sane = local and len(labels) > 1 and not re.match(r"\d+\.\d", domain) and ".." not in text and local[-1] != "."
    if not sane or _ROLE.fullmatch(local) or not _TOP_LEVEL.fullmatch(labels[-1]) or _NO_DOMAIN.fullmatch(labels[-1]):
        return None
    return f"{local}@{domain}"


def vehicle_plate(text: str) -> str | None:
    """Number plate of mainland China (GA 36): province, city letter, five or (new energy) six more; at least one digit."""
    plate = _SEPARATORS.sub("", text).upper()
    rest = plate[2:]
    new_energy = len(rest) == 6 and (rest[0] in "DFABCEGHJK" or rest[-1] in "DFABCEGHJK")
    return plate if (len(rest) == 5 or new_energy) and sum(map(str.isdigit, rest)) >= 2 else None


def vehicle_vin(text: str) -> str | None:
    """Vehicle identification number (ISO 3779): 17 characters with check digit, or Chinese (L), where not all use it."""
    vin = text.upper()
    if not re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", vin) or vin.isdecimal() or vin.isalpha() or not vin[-4:].isdecimal():
        return None
    rest = sum(weight * _VIN_VALUE[sign] for weight, sign in zip(_VIN_WEIGHTS, vin, strict=True)) % 11
    return vin if vin[8] == ("X" if rest == 10 else str(rest)) or vin[0] == "L" else None


def passport(text: str) -> str | None:
    """Passport number of China: E or G and eight digits, or E, a letter without I and O, and seven digits."""
    number = text.upper()
    return number if re.fullmatch(r"[EGDSP]\d{8}|E[A-HJ-NP-Z]\d{7}", number) and len(set(number[2:])) > 2 else None


def uuid(text: str) -> str | None:
    """A UUID (RFC 4122) that is no filler; lower case."""
    value = text.lower()
    shaped = re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", value)
    return value if shaped and len(set(value)) >= _FEWEST_DIGITS + 1 else None


def token(text: str) -> str | None:
    """A random-looking text without proof of its own (OAID, Android ID): enough different signs; as found."""
    return text if len(set(text.lower()) - {"-"}) >= _FEWEST_DIGITS else None


def android_id(text: str) -> str | None:
    """``Settings.Secure.ANDROID_ID``: 13 to 16 hexadecimal digits, not the value of the Android 2.2 defect; lower case."""
    value = text.lower()
    shaped = re.fullmatch(r"[0-9a-f]{13,16}", value) and len(set(value)) >= _FEWEST_DIGITS
    return value if shaped and value != "9774d56d682e549c" else None


def digest(text: str) -> str | None:
    """A hexadecimal digest of 128, 160 or 256 bits that is no filler; lower case."""
    value = text.lower()
    return value if re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", value) and len(set(value)) > 5 else None


def ip_address(text: str) -> str | None:
    """An IP address of a device: not unspecified, loopback, multicast, broadcast, nor of a block nobody was given (IANA)."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # An IPv4 address in IPv6 spelling stands in a block that is reserved as a whole.
    holder = getattr(address, "ipv4_mapped", None) or address
    nobody = holder.is_unspecified or holder.is_loopback or holder.is_multicast or holder.is_reserved
    return None if nobody else str(address)


def position(latitude: str, longitude: str) -> str | None:
    """A place on the ground as ``lat,lon`` in degrees; not the point where both are about zero."""
    try:
        lat, lon = float(latitude), float(longitude)
    except ValueError:
        return None
    on_earth = abs(lat) <= 90 and abs(lon) <= 180
    return f"{latitude},{longitude}" if on_earth and (abs(lat) > _TINY_AREA or abs(lon) > _TINY_AREA) else None


VALIDATORS: Mapping[str, Validator] = {
    function.__name__: function
    for function in (
        resident_id, mainland_mobile, bank_card, imei, meid, imsi, iccid, iccid_proven, mac_address, email, vehicle_plate,
        vehicle_vin, passport, uuid, token, android_id, digest, ip_address,
    )
}  # fmt: skip
"""By the name that a pattern entry uses."""
