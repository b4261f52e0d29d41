"""The synthetic person and device that the battery is about; another seed is another person. Nobody has these values."""

import random
import uuid
from dataclasses import dataclass
from typing import Any

_FAMILY = ("欧阳", "司徒", "上官", "诸葛", "慕容", "尉迟")
_GIVEN = ("知砚", "云舒", "沐宸", "念安", "景初", "若溪", "星野", "予墨")
_CONTACTS = (("林晓示", "lin.xs"), ("陈例文", "chen.lw"), ("周样本", "zhou.yb"))
_MOBILE = ("138", "139", "150", "158", "177", "186", "189", "199")
_PACKAGES = (
    "com.example.bank",
    "com.example.takeaway",
    "org.example.dating",
    "cn.example.loanshelf",
    "com.example.clinic",
)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Person:
    """Values by taxonomy id.

    Attributes:
        values: what ``identifiers.json`` says, as text.
        strangers: values of the same kinds that nobody told the program about.
        returned: values that only an API call reveals.
    """

    values: dict[str, str]
    strangers: dict[str, str]
    returned: dict[str, str]
    latitude: float
    longitude: float
    contacts: tuple[tuple[str, str, str], ...]
    packages: tuple[str, ...] = _PACKAGES

    @classmethod
    def of(cls, seed: int) -> "Person":
        """The person of a seed; the same seed is the same person everywhere."""
        rng = random.Random(seed)  # noqa: S311  (a corpus, not a secret)
        values, strangers, returned = _values(rng), _values(rng), _values(rng)
        latitude = round(rng.uniform(25, 38), 6)
        longitude = round(rng.uniform(105, 118), 6)
        contacts = tuple((name, mobile(rng), f"{mail}@mail.example") for name, mail in _CONTACTS)
        return cls(values, strangers, returned, latitude, longitude, contacts)

    def identifiers(self) -> list[dict[str, Any]]:
        """The ``identifiers`` list of ``identifiers.json``."""
        place = {"lat": self.latitude, "lon": self.longitude}
        return [
            *({"id": kind, "value": value, "planted": True} for kind, value in self.values.items()),
            {"id": "location_precise", "value": place, "tolerance_m": 50},
            *(
                {"id": "contacts", "value": {"name": name, "phones": [phone], "emails": [mail]}}
                for name, phone, mail in self.contacts
            ),
            {"id": "installed_apps", "value": {"packages": ["com.example.app", "com.android.chrome", *self.packages]}},
            {"id": "device_model", "value": "Pixel 8"},
        ]


def luhn(digits: str) -> str:
    """The digits with their check digit (ISO/IEC 7812-1)."""
    doubled = (int(digit) * (2 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits)))
    return digits + str(-sum(number - 9 * (number > 9) for number in doubled) % 10)


def digits(rng: random.Random, count: int) -> str:
    """Random digits, the first not 0."""
    return str(rng.randrange(1, 10)) + "".join(rng.choices("0123456789", k=count - 1))


def mobile(rng: random.Random) -> str:
    """A number in the form of a mainland mobile number."""
    return rng.choice(_MOBILE) + digits(rng, 8)


def hexadecimal(rng: random.Random, count: int) -> str:
    """Random hexadecimal digits with letters and numbers among them."""
    while True:
        text = f"{rng.getrandbits(4 * count):0{count}x}"
        if not text.isdecimal() and not text.isalpha() and text[0] != "0":
            return text


def mac(rng: random.Random) -> str:
    """A hardware address of one station, globally administered."""
    octets = [rng.randrange(4, 252) & 0xFC, *(rng.randrange(16, 256) for _ in range(5))]
    return ":".join(f"{octet:02x}" for octet in octets)


def resident_id(rng: random.Random) -> str:
    """A resident ID number with its check character (GB 11643)."""
    born = f"{rng.randrange(1970, 2003)}{rng.randrange(1, 13):02}{rng.randrange(1, 28):02}"
    body = f"110101{born}{rng.randrange(100, 999)}"
    rest = sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True)) % 11
    return body + "10X98765432"[rest]


def make_uuid(rng: random.Random) -> str:
    """A version 4 UUID."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _values(rng: random.Random) -> dict[str, str]:
    return {
        "imei": luhn("35693803" + digits(rng, 6)),
        "imsi": "46001" + digits(rng, 10),
        "iccid": luhn("898601" + digits(rng, 13)),
        "serial": "".join(rng.sample("ABCDEFGHJKLMNPQRSTUVWXYZ", 5) + rng.sample("23456789", 5)) + "Q7",
        "android_id": hexadecimal(rng, 16),
        "oaid": make_uuid(rng),
        "gaid": make_uuid(rng),
        "widevine_id": hexadecimal(rng, 64),
        "mac_wifi": mac(rng),
        "mac_bluetooth": mac(rng).upper(),
        "bssid": mac(rng),
        "ssid": f"{rng.choice(('Haitang', 'Qingyuan', 'Wutong'))}-{rng.randrange(100, 999)}-5G",
        "phone_number": mobile(rng),
        "person_name": rng.choice(_FAMILY) + rng.choice(_GIVEN),
        "id_card_number": resident_id(rng),
        "bank_card_number": luhn("622202" + digits(rng, 12)),
        "email_address": f"{rng.choice(('Mei.Tester', 'Hong.Sample', 'Qiu.Probe'))}{rng.randrange(10, 99)}@mail.example",
        "passport_number": "E" + digits(rng, 8),
        "account_id": f"u{digits(rng, 13)}",
        "push_token": "".join(rng.choices("ABCDEFGHKLMNPQRSTUVWXYZabcdefghkmnpqrstuvwxyz23456789_-", k=64)),
        "vehicle_vin": "L" + "".join(rng.choices("ABCDEFGHJKLMNPRSTUVWXYZ23456789", k=12)) + digits(rng, 4),
        "postal_address": f"示例市样本区测试路{rng.randrange(100, 999)}号{rng.randrange(1, 30)}栋{rng.randrange(101, 2901)}室",
        "age_or_birthdate": f"19{rng.randrange(70, 99)}-0{rng.randrange(1, 10)}-{rng.randrange(13, 28)}",
    }
