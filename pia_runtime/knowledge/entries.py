"""The knowledge entry by entry, as short digests: what changed between two versions can be named."""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pia_runtime.knowledge.data_file import ROOT, load_yaml

_DIGITS = 16


@cache
def entry_digests(root: Path = ROOT) -> Mapping[str, str]:
    """Digest of every entry under ``file#id`` (``rules/consent_order.yaml#read_before_consent``), in name order.

    An entry without an id goes by its number or key; a row of a table by its first column; any other data file by its name alone.

    Raises:
        KnowledgeError: a data file cannot be read.
    """
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        for entry, content in _entries(path):
            key = f"{name}#{entry}" if entry else name
            text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
            found[key] = hashlib.sha256((found.get(key, "") + text).encode()).hexdigest()[:_DIGITS]
    return dict(sorted(found.items()))


def changed_entries(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Names of entries that were added, removed or altered, in name order."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _entries(path: Path) -> Iterator[tuple[str, Any]]:
    if path.suffix == ".yaml":
        yield from _parts(load_yaml(path))
    elif path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            yield from ((_row_name(row), row) for row in csv.reader(file) if row)
    elif path.suffix in {".json", ".dat"}:
        yield "", hashlib.sha256(path.read_bytes()).hexdigest()


def _row_name(row: list[str]) -> str:
    """``kind,value,…`` tables have their key in the second column."""
    return row[1] if len(row) > 1 and row[0] in {"host", "prefix", "package", "class", "code"} else row[0]


def _parts(content: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - YAML is whatever it is
    """Lists of mappings and mappings of mappings entry by entry; everything else whole under its key."""
    if not isinstance(content, dict):
        yield prefix, content
        return
    for key, value in content.items():
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            yield from ((str(item.get("id", f"{key}[{number}]")), item) for number, item in enumerate(value))
        elif isinstance(value, dict):
            yield from ((str(name), item) for name, item in value.items())
        else:
            yield str(key), value
