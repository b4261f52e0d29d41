"""Data at the places where a tracker's documented request carries it (basis ``adapter``).

An adapter speaks about a *place*; that a known value stands there too is told by the known match, which wins (the scanner
drops the adapter's match at the same location, path and kind of data).
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache

from pia_runtime.detection.field_path import field_names, fits, websocket_message
from pia_runtime.knowledge.trackers import Adapter, DataPath
from pia_runtime.model.detection import Leaf, Match
from pia_runtime.model.flow import Flow, Location

_WILD = frozenset({"*", "**"})
_MAX_VALUE = 4096
_WEAK = frozenset(
    {"", "0", "1", "-1", "true", "false", "yes", "no", "null", "nil", "none", "undefined", "nan", "[]", "{}"}
)
_HASH_OF_LENGTH = {32: "md5", 40: "sha1", 64: "sha256"}
_HEX = re.compile(r"[0-9A-Fa-f]+")
_PLAIN_HEX = frozenset(
    {"oaid", "android_id", "meid", "sdk_install_id", "device_fingerprint", "push_token", "account_id"}
)
"""Kinds whose plain value may itself be a long hexadecimal text, so that its length proves no hash."""

Spot = tuple[Location, tuple[str, ...]]


class AdapterDetector:
    """Applies adapters to decoded requests.

    Args:
        adapters: from :func:`pia_runtime.knowledge.trackers.load_adapters`.
        shapes: taxonomy id → what its values look like; a value that does not fit is no hit.
        placeholders: lower-case values that stand for nothing.
    """

    def __init__(
        self, adapters: Sequence[Adapter], shapes: Mapping[str, re.Pattern[str]], placeholders: Collection[str] = ()
    ) -> None:
        self._adapters = adapters
        self._shapes = shapes
        self._nothing = _WEAK | set(placeholders)
        self._of_host = cache(self._adapters_of_host)
        self._tables = {adapter.id: _by_last_name(adapter.data_paths) for adapter in adapters}

    def adapters_of(self, flow: Flow) -> list[Adapter]:
        """The adapters whose endpoint the request fits."""
        path = flow.target.partition(b"?")[0].decode("latin-1").rstrip("/")
        return [
            adapter
            for adapter in self._of_host(flow.host)
            if any(part.fits_host(flow.host) and part.fits_request(flow.method, path) for part in adapter.endpoints)
        ]

    def detect(self, flow: Flow, leaves: Sequence[Leaf]) -> list[Match]:
        """Data at documented places of the request, in the order of the adapters.

        Args:
            flow: the request; responses are not looked at.
            leaves: all leaves of the flow.

        Returns:
            At most one match for a place and a kind of data; where a place was decoded further, the innermost value that
            looks right.
        """
        adapters = self.adapters_of(flow)
        if any(adapter.requires for adapter in adapters):  # cheap, because such adapters fit every host
            keys = {leaf.key for leaf in leaves}
            adapters = [adapter for adapter in adapters if not adapter.requires or adapter.requires & keys]
        if not adapters:
            return []
        spots = _spots(leaves)
        known_names = {name for _, names in spots for name in names}
        found: dict[tuple[Spot, str], Match] = {}
        for adapter in adapters:
            if adapter.requires <= known_names:
                for spot, match in self._matches(adapter, spots):
                    found.setdefault((spot, match.data), match)
        return list(found.values())

    def _matches(self, adapter: Adapter, spots: Mapping[Spot, list[Leaf]]) -> Iterator[tuple[Spot, Match]]:
        table = self._tables[adapter.id]
        for spot, leaves in spots.items():
            location, names = spot
            for place in (*table.get(names[-1], ()), *table.get("*", ())):
                if location in place.locations and fits(place.path, names):
                    match = next((hit for leaf in leaves if (hit := self._match(adapter, place, leaf))), None)
                    if match:
                        yield spot, match

    def _match(self, adapter: Adapter, place: DataPath, leaf: Leaf) -> Match | None:
        value = _text(leaf.data)
        if value is None or not self._is_meant(place, value):
            return None
        return Match(
            data=place.data,
            basis="adapter",
            encoding=_encoding(place, value),
            value=value,
            location=leaf.location,
            path=leaf.path,
            confidence=place.confidence,
            source=adapter.id,
            message=websocket_message(leaf.path),
        )

    def _is_meant(self, place: DataPath, value: str) -> bool:
        if value.lower() in self._nothing or not value.strip("0-:. "):
            return False
        if place.only_if and not place.only_if.search(value):
            return False
        if place.not_if and place.not_if.search(value):
            return False
        shape = self._shapes.get(place.data)
        return shape is None or shape.fullmatch(value) is not None

    def _adapters_of_host(self, host: str) -> tuple[Adapter, ...]:
        return tuple(adapter for adapter in self._adapters if any(part.fits_host(host) for part in adapter.endpoints))


def _by_last_name(places: Sequence[DataPath]) -> dict[str, list[DataPath]]:
    table: dict[str, list[DataPath]] = {}
    for place in places:
        table.setdefault("*" if place.path[-1] in _WILD else place.path[-1], []).append(place)
    return table


def _spots(leaves: Sequence[Leaf]) -> dict[Spot, list[Leaf]]:
    """Leaves by place, the most deeply decoded first."""
    spots: dict[Spot, list[Leaf]] = {}
    for leaf in leaves:
        names = field_names(leaf.path)
        if names and not leaf.location.startswith(("response.", "websocket.server")):
            spots.setdefault((leaf.location, names), []).append(leaf)
    for same in spots.values():
        same.sort(key=lambda leaf: -len(leaf.path))
    return spots


def _text(data: bytes) -> str | None:
    if len(data) > _MAX_VALUE:
        return None
    try:
        return data.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None


def _encoding(place: DataPath, value: str) -> str:
    named = place.form.partition(" ")[0].lower()
    if named in {"md5", "sha1", "sha256"}:
        return named
    if place.data not in _PLAIN_HEX and _HEX.fullmatch(value):
        return _HASH_OF_LENGTH.get(len(value), "plain")
    return "plain"
