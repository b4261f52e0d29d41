"""What an identifying value looks like: its shape decides its spellings, its boundaries and how much it can prove."""

import re
from typing import Literal

Shape = Literal["phone", "imei", "mac", "uuid", "hex", "digits", "email", "date", "ip", "name", "package", "text"]

_PHONE_IDS = {"phone_number", "contacts", "call_log", "sms", "account_id", "im_contact_list"}
_NAME_IDS = {"person_name"}

CN_MOBILE = re.compile(r"(?:\+?86|0086)?[\s-]?(1[3-9]\d)[\s-]?(\d{4})[\s-]?(\d{4})")
"""A mobile number of mainland China as people write it; groups are the 3-4-4 of its eleven digits."""
_INTERNATIONAL = re.compile(r"(?:\+|00)\d[\d\s().-]{6,18}\d")
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:.-]?)(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_IPV4 = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
DATE = re.compile(r"(\d{4})(?:[-/.年]?)(\d{1,2})(?:[-/.月]?)(\d{1,2})日?")
"""Year, month and day in the orders that start with the year."""


def shape(identifier_id: str, text: str) -> Shape:
    """The shape of one textual value; ``identifier_id`` decides where digits could mean several things."""
    if identifier_id in _PHONE_IDS and (CN_MOBILE.fullmatch(text) or _INTERNATIONAL.fullmatch(text)):
        return "phone"
    if identifier_id == "imei" and re.fullmatch(r"\d{14,15}", re.sub(r"[\s-]", "", text)):
        return "imei"
    if identifier_id == "age_or_birthdate" and DATE.fullmatch(text):
        return "date"
    return _shape_of_text(identifier_id, text)


def _shape_of_text(identifier_id: str, text: str) -> Shape:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return "date"
    if _UUID.fullmatch(text):
        return "uuid"
    if text.isascii() and text.isdigit():
        return "digits"
    if _MAC.fullmatch(text) and (
        identifier_id.startswith("mac_") or identifier_id == "bssid" or ":" in text or "-" in text
    ):
        return "mac"
    if _HEX.fullmatch(text) and len(text) >= 8:
        return "hex"
    if _EMAIL.fullmatch(text):
        return "email"
    if _IPV4.fullmatch(text):
        return "ip"
    return "name" if identifier_id in _NAME_IDS else "text"


def is_cjk(character: str) -> bool:
    """Whether a character is a Han ideograph (blocks Unified, Extension A, Compatibility and the planes above)."""
    code = ord(character)
    return 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF


def luhn_digit(digits: str) -> str:
    """The check digit that ISO/IEC 7812-1 (Luhn) puts behind ``digits``."""
    total = 0
    for index, character in enumerate(reversed(digits)):
        number = int(character) * (2 if index % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return str(-total % 10)
