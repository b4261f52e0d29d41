"""How much a value can prove: too weak to be searched, only beside a telling field name, or anywhere.

Strength is an estimate in bits of how many values of the same look there are. It errs towards silence: a report that names a
person's data must not rest on the word "Pixel".
"""

import math
import re
from typing import Literal

from pia_runtime.detection.variants_shapes import Shape, is_cjk, shape
from pia_runtime.model.session import Contact, Identifier, Packages

Context = Literal["none", "leaf", "key"]
"""What a bare value needs around it: nothing; to be the whole leaf or under a telling key; a telling key."""

_DESCRIBE_ONLY = frozenset(
    {
        "device_model",
        "carrier_info",
        "battery_storage",
        "root_emulator_state",
        "gender",
        "marital_status",
        "minor_info",
        "sensor_data",
        "step_count",
        "camera",
        "microphone",
        "traveller_type",
    }
)
"""Kinds whose values many people share; they are reported by place or adapter only."""

_DESCRIBE_WHERE_SHORT = frozenset(
    {"screen_content", "religion_identity", "id_document_validity", "education_work", "health_info"}
)
"""Kinds of which the same holds for a word or a date, but not for a sentence about one person."""
_OF_ONE_PERSON = 56.0
"""Bits from which on such a text is one person's: four Chinese characters, or some fifteen letters and digits."""

_COMMON_PACKAGE = re.compile(
    r"(?:android|com\.android|com\.google\.android|com\.qualcomm|com\.mediatek|com\.samsung\.android|com\.miui|com\.huawei|"
    r"com\.coloros|com\.oplus|com\.vivo|com\.xiaomi)(?:\..*)?|com\.google\..*"
)
"""Packages that stand on nearly every phone, so that their name says nothing about its user."""

_TELLING_KEYS = {
    "age_or_birthdate": r"birth|bday|dob|csrq|生日|出生",
    "person_name": r"name|xm$|contact|user|nick|linkman|姓名|联系人",
    "contacts": r"name|xm$|contact|linkman|phone|mobile|tel|mail|姓名|联系人",
    "ssid": r"ssid|wifi|wlan|network|ap_?name",
    "wifi_scan": r"ssid|wifi|wlan|network|ap_?name|scan",
    "password": r"pass|pwd|secret|密码|口令",
    "account_id": r"account|user|uid|login|member|openid",
    "phone_number": r"phone|mobile|tel|msisdn|手机",
    "location_precise": r"lat|lng|lon|gps|loc|coord|pos|经度|纬度",
    "location_coarse": r"lat|lng|lon|gps|loc|coord|pos|city|经度|纬度",
    "clipboard": r"clip|paste|剪贴|剪切",
    "serial": r"serial|(?:^|[^a-z])sn|device",
}

_WEAK_BELOW = 14.0
_KEY_BELOW = 28.0
_LEAF_BELOW = 40.0
_BITS_PER_CJK = 14.0
_FIXED_BITS: dict[Shape, float] = {"phone": 50.0, "date": 15.0, "ip": 26.0, "imei": 50.0, "mac": 48.0, "email": 45.0}


def weak(identifier: Identifier, placeholders: frozenset[str] = frozenset()) -> str | None:
    """Why a bare match of this identifier would prove nothing, in English; None where it is searched for.

    Args:
        identifier: one entry of ``identifiers.json``.
        placeholders: values that stand for "nothing", lower case (``knowledge/identifiers/placeholders.yaml``).
    """
    value = identifier.value
    if isinstance(value, str):
        return weak_text(identifier.id, value, placeholders)
    if isinstance(value, Contact):
        parts = (value.name, *value.phones, *value.emails)
        return (
            None if any(not weak_text("contacts", part, placeholders) for part in parts) else "nothing in it identifies"
        )
    if isinstance(value, Packages):
        telling = [package for package in value.packages if not common_package(package)]
        return None if len(set(telling)) >= 2 else "fewer than two apps that are not on every phone"
    return None


def weak_text(identifier_id: str, text: str, placeholders: frozenset[str] = frozenset()) -> str | None:
    """The same for one textual value."""
    bare = re.sub(r"[\s:._\"-]", "", text).lower()
    common = identifier_id in _DESCRIBE_WHERE_SHORT and bits(identifier_id, text) < _OF_ONE_PERSON
    if common or identifier_id in _DESCRIBE_ONLY:
        return "many people share this value"
    if not bare or text.strip().lower() in placeholders or bare in placeholders:
        return "a placeholder, returned instead of the real value"
    if len(set(bare)) == 1:
        return "one repeated character"
    if shape(identifier_id, text) == "ip" and re.match(r"(?:0|127|255)\.", text):
        return "a loopback or unspecified address"
    return "too short to identify" if bits(identifier_id, text) < _WEAK_BELOW else None


def context_needed(identifier_id: str, text: str) -> Context:
    """What must stand around a bare match of this value."""
    strength = bits(identifier_id, text)
    if strength < _KEY_BELOW:
        return "key"
    return "leaf" if strength < _LEAF_BELOW else "none"


def bits(identifier_id: str, text: str) -> float:
    """Rough log2 of how many values look like this one."""
    form = shape(identifier_id, text)
    if form in _FIXED_BITS:
        return _FIXED_BITS[form]
    han = sum(map(is_cjk, text))
    rest = [character for character in text if not is_cjk(character) and not character.isspace()]
    return han * _BITS_PER_CJK + len(rest) * _bits_per_character("".join(rest), form)


def _bits_per_character(text: str, form: Shape) -> float:
    if form == "digits":
        return math.log2(10)
    if form in ("hex", "uuid"):
        return 4.0
    has_digit = any(map(str.isdigit, text))
    alphabet = 26 * (text.lower() != text) + 26 * (text.upper() != text) + 10 * has_digit + 8 * (not text.isalnum())
    spread = min(alphabet, 3 * len(set(text)))
    # Words are far from random letters; the factor keeps "HomeWifi" beside a key and "R58M12ABCDE" free.
    return math.log2(max(spread, 2)) * (0.9 if has_digit else 0.6)


def common_package(package: str) -> bool:
    """Whether a package stands on nearly every phone."""
    return _COMMON_PACKAGE.fullmatch(package) is not None


def telling_key(identifier_id: str, key: str) -> bool:
    """Whether a field name speaks of this kind of data."""
    pattern = _TELLING_KEYS.get(identifier_id) or identifier_id.replace("_", "|")
    return re.search(pattern, key, re.IGNORECASE) is not None
