"""Documented requests of trackers: which endpoint, and at which place in it which kind of data stands.

Format of ``knowledge/trackers/*.yaml``, key ``adapters``: one entry a request, with

- ``id``, ``name``, ``sdk`` (knowledge id or null), ``source`` (file-wide default: ``source`` beside ``adapters``);
- ``endpoints``: list of ``{hosts, host_patterns, paths, path_patterns, methods}``; every given part must fit, an absent
  one fits anything; ``{name}`` in a path stands for one segment, patterns are regular expressions for the whole;
- ``requires``: field names that must all occur, for requests that go to a customer's own host;
- ``decode``: the layers from outside in, for a reader; the decoder finds them by itself;
- ``data``: list of ``{data, where, path, form, reason, confidence, source, only_if, not_if}``. ``path`` lists field names
  from outside in, through any decode step: ``*`` is any one name or index, ``**`` any number of them;
- ``examples`` and ``counter_examples``: requests in the notation of ``pia_runtime.detection.adapters_lint``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.data_file import ROOT, load_entries, load_yaml, require
from pia_runtime.model.flow import Location

_WHERE: dict[str, tuple[Location, ...]] = {
    "body": ("request.body", "websocket.client"),
    "query": ("request.url.query",),
    "header": ("request.header",),
    "cookie": ("request.cookie",),
    "path": ("request.url.path",),
}
_CONFIDENCE = {"likely", "possible"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Which requests are meant. An empty part fits anything; texts are lower case but for paths."""

    hosts: frozenset[str]
    host_patterns: tuple[re.Pattern[str], ...]
    paths: frozenset[str]
    path_patterns: tuple[re.Pattern[str], ...]
    methods: frozenset[str]

    def fits_host(self, host: str) -> bool:
        """Whether the host is one of this endpoint's."""
        if not self.hosts and not self.host_patterns:
            return True
        return host in self.hosts or any(pattern.fullmatch(host) for pattern in self.host_patterns)

    def fits_request(self, method: str, path: str) -> bool:
        """Whether method and path (without query and trailing slash) are this endpoint's."""
        if self.methods and method.upper() not in self.methods:
            return False
        if not self.paths and not self.path_patterns:
            return True
        return path in self.paths or any(pattern.fullmatch(path) for pattern in self.path_patterns)


@dataclass(frozen=True, slots=True)
class DataPath:
    """A place where data stands.

    Attributes:
        data: taxonomy id.
        path: field names from outside in; ``*`` and ``**`` as in the module's text.
        form: how the value is written there, as the source says (``plain``, ``md5``, …).
        confidence: ``likely`` where the source shows what the field carries, ``possible`` where its name says so.
    """

    data: str
    locations: frozenset[Location]
    path: tuple[str, ...]
    form: str
    reason: str
    confidence: Literal["likely", "possible"]
    source: str
    only_if: re.Pattern[str] | None = None
    not_if: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """What is publicly known about one request of a tracker."""

    id: str
    name: str
    sdk: str | None
    endpoints: tuple[Endpoint, ...]
    requires: frozenset[str]
    decode: tuple[str, ...]
    data_paths: tuple[DataPath, ...]
    source: str


def load_adapters() -> tuple[Adapter, ...]:
    """All adapters, in file order. Raises KnowledgeError naming file and entry."""
    adapters: dict[str, Adapter] = {}
    for where, entry in load_entries("trackers", "adapters"):
        adapter = _adapter(where, entry)
        if adapter.id in adapters:
            raise KnowledgeError(f"{where}: id {adapter.id!r} stands twice")
        adapters[adapter.id] = adapter
    return tuple(adapters.values())


@cache
def load_shapes() -> Mapping[str, re.Pattern[str]]:
    """Taxonomy id → what a value of it can look like, from ``trackers/shapes.yaml``; other ids take any value."""
    entries = load_yaml(ROOT / "trackers" / "shapes.yaml")["shapes"]
    return {name: _pattern("shapes.yaml", entry["pattern"]) for name, entry in entries.items()}


def _adapter(where: str, entry: dict[str, Any]) -> Adapter:
    source = str(entry.get("source", ""))
    return Adapter(
        id=require(entry, "id", str, where),
        name=str(entry.get("name", entry["id"])),
        sdk=entry.get("sdk"),
        endpoints=tuple(_endpoint(where, part) for part in require(entry, "endpoints", list, where)),
        requires=frozenset(entry.get("requires", ())),
        decode=tuple(entry.get("decode", ())),
        data_paths=tuple(_data_path(where, part, source) for part in require(entry, "data", list, where)),
        source=source,
    )


def _endpoint(where: str, part: dict[str, Any]) -> Endpoint:
    paths = [path.rstrip("/") for path in part.get("paths", ())]
    templates = [re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) for path in paths if "{" in path]
    patterns = (*templates, *part.get("path_patterns", ()))
    endpoint = Endpoint(
        hosts=frozenset(host.lower() for host in part.get("hosts", ())),
        host_patterns=tuple(_pattern(where, text) for text in part.get("host_patterns", ())),
        paths=frozenset(path for path in paths if "{" not in path),
        path_patterns=tuple(_pattern(where, text) for text in patterns),
        methods=frozenset(method.upper() for method in part.get("methods", ())),
    )
    if not (endpoint.hosts or endpoint.host_patterns or paths or patterns):
        raise KnowledgeError(f"{where}: an endpoint needs a host or a path")
    return endpoint


def _data_path(where: str, part: dict[str, Any], source: str) -> DataPath:
    confidence = part.get("confidence", "likely")
    places = part.get("where", ["body"])
    if confidence not in _CONFIDENCE or not set(places) <= _WHERE.keys():
        raise KnowledgeError(f"{where}: {part.get('path')}: unknown confidence or place")
    return DataPath(
        data=require(part, "data", str, where),
        locations=frozenset(location for place in places for location in _WHERE[place]),
        path=tuple(str(name) for name in require(part, "path", list, where)),
        form=str(part.get("form", "plain")),
        reason=require(part, "reason", str, where),
        confidence=cast("Literal['likely', 'possible']", confidence),
        source=str(part.get("source", source)),
        only_if=_pattern(where, part["only_if"]) if "only_if" in part else None,
        not_if=_pattern(where, part["not_if"]) if "not_if" in part else None,
    )


def _pattern(where: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise KnowledgeError(f"{where}: {text!r} is no regular expression ({error})") from error
