"""The synthetic person and device of the practice run. Nobody has these values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Row = tuple[str, str]

OWN_PACKAGE = "com.example.loan"
READ_CONTACTS = "android.permission.READ_CONTACTS"


@dataclass(frozen=True, slots=True)
class Identity:
    """What the practice device holds; text unless said otherwise.

    Attributes:
        imei: 15 digits with a valid check digit (Luhn); the type allocation code is a published example.
        contacts: name and telephone number of each; ``sms``: sender and text; ``calls``: number and seconds.
        packages: installed apps by package name; the app under test is one of them.
        iccid: None: the second SIM slot is empty, which the API answers with null.
    """

    imei: str = "356938035643809"
    android_id: str = "4f6e2a91c07d3b58"
    gaid: str = "cdda802e-fb9c-47ad-9866-0794d394c912"
    oaid: str = "7d5fa0c2-91be-4c3e-a6d8-3b0f52e1947c"
    imsi: str = "460017328801543"
    iccid: str | None = None
    serial: str = "PX6T3A9K27"
    phone_number: str = "13800138000"
    latitude: float = 31.230416
    longitude: float = 121.473701
    ssid: str = "shilijia-5G"
    bssid: str = "a4:5e:60:c1:7f:32"
    clipboard: str = "验证码 604128"
    contacts: tuple[Row, ...] = (("林晓示", "13900139001"), ("陈例文", "13700137002"), ("周样本", "13600136003"))
    sms: tuple[Row, ...] = (("13900139001", "周末一起吃饭吗"), ("10690000", "您的验证码为 604128"))
    calls: tuple[Row, ...] = (("13900139001", "62"), ("13700137002", "415"))
    accounts: tuple[str, ...] = ("linshili@mail.example",)
    packages: tuple[str, ...] = (
        OWN_PACKAGE,
        "com.android.webview",
        "com.example.bank",
        "com.example.chat",
        "com.example.takeaway",
    )
    device: Mapping[str, str] = field(
        default_factory=lambda: {
            "brand": "Example",
            "manufacturer": "Example",
            "model": "EX-2041",
            "android": "14",
            "api_level": "34",
            "sim_operator": "46001",
            "network_operator_name": "示例移动",
        }
    )


def profile_properties(identity: Identity, *, version_name: str, grants: tuple[str, ...]) -> str:
    """The profile as the Java side reads it (``.properties``, UTF-8).

    Args:
        identity: the device and person.
        version_name: of the app under test.
        grants: runtime permissions that the scripted user allows when asked.
    """
    values: dict[str, str | None] = {
        name: getattr(identity, name)
        for name in (
            "imei",
            "android_id",
            "gaid",
            "oaid",
            "imsi",
            "iccid",
            "serial",
            "phone_number",
            "ssid",
            "bssid",
            "clipboard",
        )
    }
    values |= {"latitude": repr(identity.latitude), "longitude": repr(identity.longitude), **identity.device}
    values |= {name: _rows(getattr(identity, name)) for name in ("contacts", "sms", "calls")}
    values |= {"accounts": "|".join(identity.accounts), "packages": "|".join(identity.packages)}
    values |= {"version_name": version_name, "grants": "|".join(grants)}
    return "".join(f"{name}={_escape(value)}\n" for name, value in values.items() if value is not None)


def known_values(identity: Identity) -> list[dict[str, Any]]:
    """The identifiers list of ``identifiers.json`` (capture format, version 1)."""
    plain = ("imei", "android_id", "gaid", "oaid", "imsi", "serial", "phone_number", "ssid", "bssid", "clipboard")
    entries: list[dict[str, Any]] = [{"id": name, "value": getattr(identity, name)} for name in plain]
    place = {"lat": identity.latitude, "lon": identity.longitude}
    entries.append({"id": "location_precise", "value": place, "tolerance_m": 50})
    entries += [{"id": "contacts", "value": {"name": n, "phones": [p], "emails": []}} for n, p in identity.contacts]
    entries.append({"id": "installed_apps", "value": {"packages": list(identity.packages)}})
    entries += [{"id": "accounts_on_device", "value": name} for name in identity.accounts]
    return [{**entry, "planted": True} for entry in entries]


def _rows(rows: tuple[Row, ...]) -> str:
    return "|".join(";".join(row) for row in rows)


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
