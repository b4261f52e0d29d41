"""Values that APIs returned in this run, as further things to search for (basis ``observed``).

What an API returned is walked down to its texts and numbers. Known values stay known; weak ones are sorted out when the needles
are built, by the same measure as known ones.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from pia_runtime.detection.needles import Learned
from pia_runtime.detection.needles_strength import telling_key
from pia_runtime.detection.variants_shapes import shape
from pia_runtime.model.event import Events
from pia_runtime.model.session import Contact, Coordinates, Identifier, Packages

_MAX_TEXT = 4096
_MAX_DEPTH = 12
_MAX_WITNESSES = 16
_PACKAGE_LISTS = frozenset({"installed_apps", "running_apps"})
_PLACES = frozenset({"location_precise", "location_coarse", "location_track"})
_PACKAGE = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)+")
_PLACE_TEXT = re.compile(r"(-?\d{1,2}\.\d{3,})\s*,\s*(-?\d{1,3}\.\d{3,})")
_LAT_NAMES = ("lat", "latitude", "mLatitude")
_LON_NAMES = ("lon", "lng", "longitude", "mLongitude")


@dataclass(slots=True)
class _Collected:
    """Distinct values with the events that returned them, in the order of first sight."""

    texts: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    places: dict[tuple[str, float, float], list[int]] = field(default_factory=dict)
    packages: dict[str, dict[str, int]] = field(default_factory=dict)
    latitude: dict[str, tuple[float, int]] = field(default_factory=dict)

    def text(self, identifier: str, value: str, seq: int) -> None:
        if 0 < len(value) <= _MAX_TEXT:
            self._note(self.texts.setdefault((identifier, value), []), seq)

    def place(self, identifier: str, lat: float, lon: float, *seqs: int) -> None:
        if abs(lat) <= 90 and abs(lon) <= 180 and (lat, lon) != (0.0, 0.0):
            for seq in seqs:
                self._note(self.places.setdefault((identifier, lat, lon), []), seq)

    def package(self, identifier: str, name: str, seq: int) -> None:
        self.packages.setdefault(identifier, {}).setdefault(name, seq)

    @staticmethod
    def _note(seqs: list[int], seq: int) -> None:
        if len(seqs) < _MAX_WITNESSES and seq not in seqs:
            seqs.append(seq)


def observed_values(events: Events, known: Iterable[Identifier] = ()) -> list[Learned]:
    """What the app was given in this run and is not known anyway.

    Args:
        events: of one capture; only API calls that yielded personal data and returned count.
        known: values of ``identifiers.json``; an observed value that equals one of the same kind is left out.
    """
    collected = _Collected()
    for ids, api, value, seq in _returned(events):
        _walk(collected, ids, api.rpartition(".")[2], value, seq, 0)
    familiar = {(identifier.id, _folded(text)) for identifier in known for text in _texts(identifier)}
    return [
        item
        for item in sorted(_learned(collected), key=lambda item: item.learned_from)
        if not all((item.identifier.id, _folded(text)) in familiar for text in _texts(item.identifier))
    ]


def _returned(events: Events) -> Iterator[tuple[tuple[str, ...], str, Any, int]]:
    """What calls returned. The same text under the same name tells nothing new once it has all its witnesses."""
    calls = events.api_calls
    useful = calls[calls["has_value"] & (calls["data"] != "") & (calls["threw"] == "")]
    kinds = [tuple(str(data).split(",")) for data in useful["data"].cat.categories]
    apis = [str(api) for api in useful["api"].cat.categories]
    columns = useful["data"].cat.codes, useful["api"].cat.codes, useful["value"], useful["seq"]
    seen: dict[tuple[int, int, str | bytes], int] = {}
    for kind, api, value, seq in zip(*(column.tolist() for column in columns), strict=True):
        if value is None:
            continue
        text = _told(value, kinds[kind])
        if text is not None:
            known = seen.get((kind, api, text), 0)
            if known >= _MAX_WITNESSES:
                continue
            seen[kind, api, text] = known + 1
        yield kinds[kind], apis[api] if api >= 0 else "", value, seq


def _told(value: object, ids: tuple[str, ...]) -> str | bytes | None:
    """What tells a value apart from others; None where it must be looked at every time: numbers that pair with one another."""
    if type(value) is str:
        return value
    if isinstance(value, float) or not _PLACES.isdisjoint(ids):
        return None
    try:
        return hashlib.blake2b(orjson.dumps(value), digest_size=16).digest()
    except (TypeError, RecursionError):
        return None


def _learned(collected: _Collected) -> Iterator[Learned]:
    for (identifier, text), seqs in collected.texts.items():
        yield Learned(Identifier(id=identifier, value=text), "observed", tuple(seqs))
    for (identifier, lat, lon), seqs in collected.places.items():
        yield Learned(Identifier(id=identifier, value=Coordinates(lat=lat, lon=lon)), "observed", tuple(seqs))
    for identifier, names in collected.packages.items():
        seqs = sorted(set(names.values()))[:_MAX_WITNESSES]
        yield Learned(Identifier(id=identifier, value=Packages(packages=tuple(sorted(names)))), "observed", tuple(seqs))


def _walk(collected: _Collected, ids: tuple[str, ...], name: str, value: Any, seq: int, depth: int) -> None:  # noqa: ANN401
    if depth > _MAX_DEPTH or isinstance(value, bool) or value is None:
        return
    if isinstance(value, dict):
        if _place_in(collected, ids, value, seq):
            return
        for key, inner in value.items():
            _walk(collected, ids, str(key), inner, seq, depth + 1)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _walk(collected, ids, name, inner, seq, depth + 1)
    elif isinstance(value, float):
        _axis(collected, ids, name, value, seq)
    else:
        _scalar(collected, ids, name, str(value), seq)


def _place_in(collected: _Collected, ids: tuple[str, ...], value: dict[str, Any], seq: int) -> bool:
    lat = next((value[name] for name in _LAT_NAMES if _is_number(value.get(name))), None)
    lon = next((value[name] for name in _LON_NAMES if _is_number(value.get(name))), None)
    places = [identifier for identifier in ids if identifier in _PLACES]
    if lat is None or lon is None or not places:
        return False
    collected.place(places[0], float(lat), float(lon), seq)
    return True


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _axis(collected: _Collected, ids: tuple[str, ...], name: str, value: float, seq: int) -> None:
    """``getLatitude`` and ``getLongitude`` return one number each; a longitude belongs to the latitude read last."""
    place = next((identifier for identifier in ids if identifier in _PLACES), None)
    if place is None:
        return
    if "lat" in name.lower():
        collected.latitude[place] = (value, seq)
    elif re.search(r"lon|lng", name, re.IGNORECASE) and place in collected.latitude:
        lat, lat_seq = collected.latitude[place]
        collected.place(place, lat, value, lat_seq, seq)


def _scalar(collected: _Collected, ids: tuple[str, ...], name: str, text: str, seq: int) -> None:
    identifier = _meant(ids, name, text)
    if identifier in _PACKAGE_LISTS:
        if _PACKAGE.fullmatch(text):
            collected.package(identifier, text, seq)
    elif identifier in _PLACES:
        found = _PLACE_TEXT.search(text)
        if found:
            collected.place(identifier, float(found[1]), float(found[2]), seq)
    else:
        collected.text(identifier, text, seq)


def _meant(ids: tuple[str, ...], name: str, text: str) -> str:
    """Which of several kinds a call may yield this value is: by its shape, then by the name it came under, then the first."""
    if len(ids) > 1:
        if "imei" in ids and shape("imei", text) == "imei":
            return "imei"
        if "meid" in ids and shape("meid", text) == "hex" and len(text) == 14:
            return "meid"
        return next((identifier for identifier in ids if telling_key(identifier, name)), ids[0])
    return ids[0]


def _texts(identifier: Identifier) -> tuple[str, ...]:
    value = identifier.value
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Contact):
        return (value.name, *value.phones, *value.emails)
    if isinstance(value, Packages):
        return value.packages
    return (f"{value.lat!r},{value.lon!r}",)


def _folded(text: str) -> str:
    return re.sub(r"[\s:\"-]", "", text).lower()
