"""The knowledge as one list of entries for people and scripts: kind, id, names, and everything else an entry says."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, is_dataclass
from functools import partial
from typing import Any

from pia_runtime.knowledge.base import Knowledge, load_knowledge
from pia_runtime.knowledge.data_file import load_entries
from pia_runtime.knowledge.encodings import load_encodings, load_spellings
from pia_runtime.knowledge.sdks import SdkIndex, load_sdks
from pia_runtime.knowledge.trackers import load_adapters

Entry = dict[str, Any]
"""``kind``, ``id`` (text), ``zh`` and ``en`` where it has names, and its other fields as plain JSON."""


def knowledge_entries(kinds: Iterable[str] = ()) -> Iterator[Entry]:
    """Every entry of these kinds (all of :data:`KINDS` where none is named), kinds in order, entries as in their files.

    Raises:
        KnowledgeError: a data file is broken.
    """
    for kind in kinds or KINDS:
        yield from (_plain({"kind": kind, **entry}) for entry in KINDS[kind]())


def _identifiers() -> Iterator[Entry]:
    for one in load_knowledge().taxonomy.values():
        yield {**asdict(one)}


def _encodings() -> Iterator[Entry]:
    for one in load_encodings():
        yield {**asdict(one), "zh": one.id, "en": one.id, "spellings": sorted(one.spellings)}
    for name, meaning in load_spellings().items():
        yield {"id": name, "zh": meaning, "en": meaning, "form": "spelling"}


def _sdks() -> Iterator[Entry]:
    index = load_sdks()
    prefixes, hosts = _keys(index, "prefixes"), _keys(index, "hosts")
    for one in index.sdks.values():
        yield {
            **asdict(one),
            "zh": one.name,
            "en": one.name,
            "code_prefixes": prefixes.get(one.id, []),
            "hosts": hosts.get(one.id, []),
        }


def _keys(index: SdkIndex, table: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, sdk in getattr(index, table).items():
        if not isinstance(sdk, str):
            found.setdefault(sdk.id, []).append(key)
    return found


def _trackers() -> Iterator[Entry]:
    for one in load_adapters():
        places = [
            {
                "data": place.data,
                "path": list(place.path),
                "form": place.form,
                "confidence": place.confidence,
                "reason": place.reason,
            }
            for place in one.data_paths
        ]
        hosts = sorted({host for endpoint in one.endpoints for host in endpoint.hosts})
        told = {"sdk": one.sdk, "hosts": hosts, "decode": list(one.decode), "data_paths": places, "source": one.source}
        yield {"id": one.id, "zh": one.name, "en": one.name, **told}


def _patterns() -> Iterator[Entry]:
    for _, entry in load_entries("patterns", "patterns"):
        yield {"zh": entry.get("data"), "en": entry.get("data"), **entry}


def _categories(knowledge: Knowledge) -> Iterator[Entry]:
    for one in knowledge.categories.values():
        yield {**asdict(one), "id": str(one.id), "clause": one.clause, "necessary": sorted(one.necessary)}


def _of_knowledge(tell: Callable[[Knowledge], Iterable[Entry]]) -> Iterator[Entry]:
    yield from tell(load_knowledge())


def _clauses(knowledge: Knowledge) -> Iterator[Entry]:
    for one in knowledge.clauses.values():
        yield asdict(one)


def _rules(knowledge: Knowledge) -> Iterator[Entry]:
    for one in knowledge.rules:
        when = [str(condition) if not is_dataclass(condition) else asdict(condition) for condition in one.when]
        yield {
            "id": one.id,
            "zh": one.zh,
            "en": one.en,
            "regime": one.regime,
            "over": one.over,
            "severity": one.severity,
            "when": when,
            "group": list(one.group),
            "clauses": list(one.cited),
            "thresholds": list(one.thresholds),
            "needs_human": one.needs_human,
            "notice": one.notice or None,
        }


def _thresholds(knowledge: Knowledge) -> Iterator[Entry]:
    for one in knowledge.thresholds.values():
        told = f"{one.value:g} {one.unit}"
        yield {"id": one.id, "zh": told, "en": told, "value": one.value, "unit": one.unit, "source": one.source}


KINDS: dict[str, Callable[[], Iterator[Entry]]] = {
    "identifiers": _identifiers,
    "encodings": _encodings,
    "patterns": _patterns,
    "sdks": _sdks,
    "trackers": _trackers,
    "categories": partial(_of_knowledge, _categories),
    "clauses": partial(_of_knowledge, _clauses),
    "rules": partial(_of_knowledge, _rules),
    "thresholds": partial(_of_knowledge, _thresholds),
}
"""Kinds of entries, in order."""


def _plain(value: Any) -> Any:  # noqa: ANN401 (anything that a data file holds)
    if isinstance(value, dict):
        return {str(key): _plain(child) for key, child in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [_plain(child) for child in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
