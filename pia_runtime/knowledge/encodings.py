"""How an identifier may be written down: hashes, encodings and numbers, from ``knowledge/encodings/*.yaml``."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.data_file import load_entries, require

Form = Literal["text", "hex_text", "digest", "checksum", "bytes"]


@dataclass(frozen=True, slots=True)
class Vector:
    """A published or hand-checked pair that proves a transform; ``output`` is hex where the form is bytes."""

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Encoding:
    """One transform of a value.

    Attributes:
        id: of the entry.
        name: the name used in ``encoding``; of another spelling it reads ``md5(upper)``. The id, unless the entry is one more
            way to write what another entry computes.
        steps: names in ``pia_runtime.detection.transforms.FUNCTIONS``, applied in order.
        form: what the result is: ``text`` (exact characters), ``hex_text`` (either case), ``digest`` (searched as hex, raw bytes
            and base64), ``checksum`` (32 bits: searched only where it is a whole value, as hex and decimal), ``bytes``.
        spellings: names of the variants it is applied to; ``*`` stands for all.
        everyday: tried on every value, however many an app was given; the others on the first of them only.
        source: where the fact that this is in use, or its definition, comes from.
    """

    id: str
    steps: tuple[str, ...]
    form: Form
    spellings: frozenset[str]
    source: str
    vectors: tuple[Vector, ...]
    everyday: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.id)

    def applies_to(self, spelling: str) -> bool:
        """Whether this transform is tried on the named variant of a value; what is ``trimmed`` counts as the value itself."""
        bare = "plain" if spelling == "trimmed" else spelling.removeprefix("trimmed,")
        return "*" in self.spellings or bare in self.spellings


def load_encodings() -> tuple[Encoding, ...]:
    """All transforms in file order.

    Raises:
        KnowledgeError: names file and entry where a field is missing, of the wrong type, or an id is given twice.
    """
    seen: set[str] = set()
    encodings = []
    for where, entry in load_entries("encodings", "encodings"):
        encoding = _parse(entry, where)
        if encoding.id in seen:
            raise KnowledgeError(f"{where}: id is given twice")
        seen.add(encoding.id)
        encodings.append(encoding)
    return tuple(encodings)


def load_spellings() -> dict[str, str]:
    """Name of every spelling variant and transform-like finding → what it means, in English."""
    return {
        require(entry, "id", str, where): require(entry, "meaning", str, where)
        for where, entry in load_entries("encodings", "spellings")
    }


def _parse(entry: dict[str, Any], where: str) -> Encoding:
    form = require(entry, "form", str, where)
    if form not in get_args(Form):
        raise KnowledgeError(f"{where}: form {form!r} is unknown", f"use one of {', '.join(get_args(Form))}")
    vectors = tuple(
        Vector(require(vector, "input", str, where), require(vector, "output", str, where))
        for vector in require(entry, "vectors", list, where)
    )
    if not vectors:
        raise KnowledgeError(f"{where}: needs at least one test vector")
    return Encoding(
        id=require(entry, "id", str, where),
        steps=tuple(require(entry, "steps", list, where)),
        form=form,
        spellings=frozenset(entry.get("spellings", ["*"])),
        source=require(entry, "source", str, where),
        vectors=vectors,
        everyday=entry.get("everyday", False) is True,
        name=str(entry.get("name", "")),
    )
