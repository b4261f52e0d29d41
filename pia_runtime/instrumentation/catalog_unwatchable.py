"""What yields personal data and cannot be watched: fields, above all, which no hook sees being read."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pia_runtime.errors import KnowledgeError
from pia_runtime.instrumentation.catalog_entry import Visibility
from pia_runtime.knowledge.data_file import load_yaml

FILE = "unwatchable.yaml"


class Unwatchable(BaseModel):
    """One entry of ``unwatchable.yaml``.

    Attributes:
        id: ``unwatchable.name``, unique.
        api: ``class.member`` as documentation names it.
        data: taxonomy ids that it yields.
        why: what makes it impossible.
        instead: what is done about it, so that nobody takes silence for absence.
        api_levels: as in a hook.
        visibility: as in a hook.
        source: where the fact is documented.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field(pattern=r"^unwatchable\.[a-z0-9_]+$")
    api: str = Field(pattern=r"^[\w.$]+\.[\w<>]+$")
    data: tuple[str, ...] = Field(min_length=1)
    why: str = Field(min_length=1)
    instead: str = Field(min_length=1)
    api_levels: str = Field(pattern=r"^\d+-(\d+)?$")
    visibility: Visibility = "public"
    source: str = Field(min_length=1)

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON, marked ``watched: false``."""
        fields = self.model_dump(mode="json", exclude_defaults=True)
        return {**fields, "trigger": f"reading {self.api.rpartition('.')[2]}", "watched": False}


class UnreadableType(BaseModel):
    """A kind of data that no call yields: nothing could be watched, by anybody.

    Attributes:
        data: its taxonomy id.
        why: where it comes from.
        instead: by what it is found all the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    data: str = Field(min_length=1)
    why: str = Field(min_length=1)
    instead: str = Field(min_length=1)


def load_unwatchable(folder: Path) -> tuple[tuple[Unwatchable, ...], tuple[UnreadableType, ...]]:
    """Read ``unwatchable.yaml`` of a catalog folder: members, and kinds of data; a folder without one has none.

    Raises:
        KnowledgeError: the file cannot be read, or an entry is not as described; names the entry.
    """
    path = folder / FILE
    if not path.is_file():
        return (), ()
    try:
        content = load_yaml(path)
        items = tuple(Unwatchable.model_validate(raw) for raw in content["unwatchable"])
        types = tuple(UnreadableType.model_validate(raw) for raw in content.get("types", ()))
    except ValidationError as error:
        first = error.errors()[0]
        raise KnowledgeError(
            f"{FILE}: {'.'.join(map(str, first['loc']))}: {first['msg']}; got {first['input']!r}"
        ) from error
    except (TypeError, KeyError) as error:
        raise KnowledgeError(f"{FILE}: expected a list `unwatchable`: {str(error).splitlines()[0]}") from error
    names = [item.id for item in items]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise KnowledgeError(f"{FILE}: {twice}: this id is taken")
    return items, types
