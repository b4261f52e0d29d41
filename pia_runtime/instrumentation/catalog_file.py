"""One file of the hook catalog → its entries, whatever they describe: Java methods or C functions."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ValidationError

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.data_file import load_yaml


def read_entries[E: BaseModel](path: Path, listed: str, kind: type[E]) -> Iterator[E]:
    """The entries of a file in their order.

    Args:
        path: ``<area>.yaml``.
        listed: the field that holds the list.
        kind: what an entry is; it has an ``id``.

    Raises:
        KnowledgeError: the file cannot be read, or an entry is not as ``docs/hooks.md`` describes; names file and entry.
    """
    content = load_yaml(path)
    if not isinstance(content, dict) or not isinstance(content.get(listed), list):
        raise KnowledgeError(f"{path.name}: expected `area` and a list `{listed}`")
    if content.get("area") != path.stem:
        raise KnowledgeError(f"{path.name}: area is {content.get('area')!r}", f"write {path.stem}, the file's name")
    for number, raw in enumerate(content[listed]):
        yield _entry(path, number, raw, kind)


def _entry[E: BaseModel](path: Path, number: int, raw: object, kind: type[E]) -> E:
    name = raw.get("id", f"entry {number}") if isinstance(raw, dict) else f"entry {number}"
    try:
        entry = kind.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise KnowledgeError(f"{path.name}: {name}: {place}: {first['msg']}".replace(": : ", ": ")) from error
    if not str(name).startswith(f"{path.stem}."):
        raise KnowledgeError(f"{path.name}: {name}: the id must begin with {path.stem}.")
    return entry
