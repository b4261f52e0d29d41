"""What a device says of itself and its person, as the entries of ``identifiers.json``.

Only what the device itself answered is written down; what it refused is told with its reason. Sources: AOSP
``SettingsProvider`` (``android_id`` of ``secure`` is per app from Android 8 on and read from its store as root), the parcel form
of ``service call`` (``Parcel::print``), ``dumpsys`` of ``wifi``, ``account`` and ``location``.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pia_runtime.device.connection import Connection
from pia_runtime.device.root import RootKind
from pia_runtime.errors import PiaError

Entry = dict[str, Any]

_PARCEL_WORD = re.compile(r"\b[0-9a-f]{8}\b")
_SSID = re.compile(r'SSID: "?([^",]+?)"?, BSSID: ([0-9a-f:]{17})')
_ACCOUNT = re.compile(r"Account \{name=(.+?), type=[\w.]+\}")
_LOCATION = re.compile(r"last location=Location\[\w+ (-?\d+\.\d+),(-?\d+\.\d+)")
_SSAID = re.compile(r'package="([^"]+)"[^>]*?\bvalue="([0-9a-f]{16})"|\bvalue="([0-9a-f]{16})"[^>]*?package="([^"]+)"')
_GAID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_NONE = frozenset({"", "null", "unknown", "02:00:00:00:00:00", "00000000-0000-0000-0000-000000000000"})

GAID_STORE = "/data/data/com.google.android.gms/shared_prefs/adid_settings.xml"
SSAID_STORE = "/data/system/users/0/settings_ssaid.xml"
OAID_SETTINGS = {"huawei": "pps_oaid", "honor": "oaid", "xiaomi": "oaid"}
"""Settings in which vendors keep their OAID, where one is known; elsewhere only the vendor's own service gives it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What was read.

    Attributes:
        entries: as in ``identifiers.json``.
        refused: id to why the device did not give it.
    """

    entries: list[Entry]
    refused: dict[str, str]


def read_profile(device: Connection, package: str | None = None) -> Profile:
    """Ask the device for everything that it may know.

    Args:
        device: connected, its root known; without root less is given.
        package: whose Android id is meant; None for the shell's own.
    """
    entries: list[Entry] = []
    refused: dict[str, str] = {}
    for name, read in _READERS.items():
        try:
            found = list(read(device, package))
        except PiaError as error:
            refused[name] = error.message
            continue
        if not found:
            rootless = device.root is RootKind.none
            refused[name] = "the device does not say without root" if rootless else "the device does not say"
        entries += found
    return Profile(entries, refused)


def parse_parcel_text(printed: str) -> str:
    """The string in a reply of ``service call``: a status, a length, then UTF-16 units, printed as little-endian words."""
    lines = [
        line.partition(":")[2].partition("'")[0] if ":" in line else line.partition("'")[0]
        for line in printed.splitlines()
    ]
    data = b"".join(int(word, 16).to_bytes(4, "little") for word in _PARCEL_WORD.findall(" ".join(lines)))
    if len(data) < 8 or data[:4] != bytes(4):
        return ""  # an exception's code stands where the status would
    length = int.from_bytes(data[4:8], "little")
    units = data[8 : 8 + 2 * length]
    return units.decode("utf-16-le", errors="replace") if 0 < length <= 64 and len(units) == 2 * length else ""


def _plain(name: str, value: str) -> Iterator[Entry]:
    if value.strip().lower() not in _NONE:
        yield {"id": name, "value": value.strip()}


def _android_id(device: Connection, package: str | None) -> Iterator[Entry]:
    stored = device.shell("cat", SSAID_STORE, root=True).text
    own = {(a or d): (b or c) for a, b, c, d in _SSAID.findall(stored)}
    if package is not None and package in own:
        yield {"id": "android_id", "value": own[package], "package": package}
        return
    yield from _plain("android_id", device.shell("settings", "get", "secure", "android_id").text)


def _gaid(device: Connection, _package: str | None) -> Iterator[Entry]:
    found = _GAID.search(device.shell("cat", GAID_STORE, root=True).text)
    if found:
        yield from _plain("gaid", found[0])


def _oaid(device: Connection, _package: str | None) -> Iterator[Entry]:
    vendor = device.shell("getprop", "ro.product.manufacturer").text.lower()
    setting = OAID_SETTINGS.get(vendor)
    if setting is not None:
        yield from _plain("oaid", device.shell("settings", "get", "global", setting).text)


def _serial(device: Connection, _package: str | None) -> Iterator[Entry]:
    yield from _plain("serial", device.shell("getprop", "ro.serialno").text)


def _mac(device: Connection, _package: str | None) -> Iterator[Entry]:
    yield from _plain("mac_wifi", device.shell("cat", "/sys/class/net/wlan0/address", root=True).text)


def _subscriber(code: str, name: str) -> Callable[[Connection, str | None], Iterator[Entry]]:
    def read(device: Connection, _package: str | None) -> Iterator[Entry]:
        for user in (("s16", "com.android.shell"), ()):
            text = parse_parcel_text(device.shell("service", "call", "iphonesubinfo", code, *user, root=True).text)
            if text.isdigit() and 14 <= len(text) <= 22:
                yield {"id": name, "value": text}
                return

    return read


def _wifi(device: Connection, _package: str | None) -> Iterator[Entry]:
    found = _SSID.search(device.shell("dumpsys", "wifi").text)
    if found and "unknown" not in found[1]:
        yield {"id": "ssid", "value": found[1]}
        yield from _plain("bssid", found[2])


def _accounts(device: Connection, _package: str | None) -> Iterator[Entry]:
    for name in dict.fromkeys(_ACCOUNT.findall(device.shell("dumpsys", "account").text)):
        yield {"id": "accounts_on_device", "value": name}


def _location(device: Connection, _package: str | None) -> Iterator[Entry]:
    found = _LOCATION.search(device.shell("dumpsys", "location").text)
    if found:
        yield {"id": "location_precise", "value": {"lat": float(found[1]), "lon": float(found[2])}, "tolerance_m": 50}


def _packages(device: Connection, _package: str | None) -> Iterator[Entry]:
    lines = device.shell("pm", "list", "packages", "-3").text.splitlines()
    names = sorted(line.removeprefix("package:").strip() for line in lines if line.startswith("package:"))
    if names:
        yield {"id": "installed_apps", "value": {"packages": names}}


_READERS: dict[str, Callable[[Connection, str | None], Iterator[Entry]]] = {
    "android_id": _android_id,
    "gaid": _gaid,
    "oaid": _oaid,
    "serial": _serial,
    "mac_wifi": _mac,
    "imei": _subscriber("1", "imei"),
    "ssid": _wifi,
    "accounts_on_device": _accounts,
    "location_precise": _location,
    "installed_apps": _packages,
}
"""IMSI and ICCID have other transaction numbers in every Android version; they are left to the person rather than guessed."""
