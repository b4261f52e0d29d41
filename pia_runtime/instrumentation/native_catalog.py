"""Loading and checking the native part of the hook catalog: ``hooks/catalog/native*.yaml``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pia_runtime.errors import KnowledgeError
from pia_runtime.instrumentation.native_entry import NativeEntry
from pia_runtime.knowledge.data_file import load_yaml

PATTERN = "native*.yaml"
"""Files that describe C functions; every other file of the folder describes Java methods."""


def load_native(folder: Path) -> dict[str, NativeEntry]:
    """Read and check the native entries of a catalog folder, by id; a folder without any has none.

    Raises:
        KnowledgeError: a file cannot be read, an entry is not as ``docs/hooks.md`` describes, or two entries name one
            function; names file and entry.
    """
    entries: dict[str, NativeEntry] = {}
    owners: dict[str, str] = {}
    for path in sorted(folder.glob(PATTERN)):
        for entry in _read(path):
            if entry.id in entries:
                raise KnowledgeError(f"{path.name}: {entry.id}: this id is taken")
            for symbol in entry.symbols:
                if owners.setdefault(symbol, entry.id) != entry.id:
                    raise KnowledgeError(f"{path.name}: {entry.id}: {owners[symbol]} also hooks {symbol}")
            entries[entry.id] = entry
    return entries


def _read(path: Path) -> Iterator[NativeEntry]:
    content = load_yaml(path)
    if not isinstance(content, dict) or not isinstance(content.get("functions"), list):
        raise KnowledgeError(f"{path.name}: expected `area` and a list `functions`")
    if content.get("area") != path.stem:
        raise KnowledgeError(f"{path.name}: area is {content.get('area')!r}", f"write {path.stem}, the file's name")
    for number, raw in enumerate(content["functions"]):
        yield _entry(path, number, raw)


def _entry(path: Path, number: int, raw: Any) -> NativeEntry:  # noqa: ANN401  (whatever YAML holds)
    name = raw.get("id", f"entry {number}") if isinstance(raw, dict) else f"entry {number}"
    try:
        entry = NativeEntry.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise KnowledgeError(f"{path.name}: {name}: {field}: {first['msg']}".replace(": : ", ": ")) from error
    if not entry.id.startswith(f"{path.stem}."):
        raise KnowledgeError(f"{path.name}: {name}: the id must begin with {path.stem}.")
    return entry
