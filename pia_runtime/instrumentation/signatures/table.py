"""Reads ``android.txt.gz``: which classes, overloads and fields the public SDK has at which API level.

One class stands in one block: ``name kind parent levels``, then indented overloads ``[static ]name(arguments)result levels`` and
fields ``[static ]#name type levels``. Names are the JVM's (``android.content.ClipData$Item``, ``[B``). ``~`` marks what is known
in folded form only: numbers are ``number``, texts ``string``. ``sources.yaml`` says where it comes from.
"""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from pia_runtime.errors import KnowledgeError

_HERE = Path(__file__).parent
_METHOD = re.compile(r" (static )?([\w$<>]+)(~)?\((.*)\)(.*) ([\d,-]+)")
_FIELD = re.compile(r" (static )?#(\w+)(~)? (.*) ([\d,-]+)")
_FOLDED_NUMBERS = frozenset({"int", "long", "short", "byte", "float", "double"})
_FOLDED_TEXTS = frozenset({"java.lang.String", "java.lang.CharSequence", "char"})
PRIMITIVES = {
    "I": "int",
    "J": "long",
    "S": "short",
    "B": "byte",
    "C": "char",
    "F": "float",
    "D": "double",
    "Z": "boolean",
}
"""Primitive types by the letter that stands for them in a JVM name of an array."""

Levels = frozenset[int]
Kind = Literal["class", "abstract", "interface"]


@dataclass(frozen=True, slots=True)
class Overload:
    """One method or constructor (``<init>``).

    Attributes:
        arguments: JVM type names; folded ones where not ``exact``.
        result: JVM type name, with type arguments where known (``java.util.List<android.accounts.Account>``); whole numbers
            read as ``int``, others as ``double``: the source folds them.
        static: whether it belongs to the class.
        exact: whether the argument types are the JVM's own.
        levels: API levels that have it.
    """

    arguments: tuple[str, ...]
    result: str
    static: bool
    exact: bool
    levels: Levels


@dataclass(frozen=True, slots=True)
class FieldSignature:
    """A field: every public one of an object, of the static ones those of ``Build``."""

    name: str
    type: str
    static: bool
    levels: Levels


@dataclass(frozen=True, slots=True)
class ClassSignature:
    """What one class declares itself; ``SignatureTable.overloads`` also looks at what it inherits."""

    name: str
    kind: Kind
    parent: str
    levels: Levels
    methods: dict[str, tuple[Overload, ...]]
    fields: dict[str, FieldSignature]


class SignatureTable:
    """The public SDK, looked up class by class.

    Args:
        text: content of ``android.txt.gz``.
        levels: API levels that have a source.
        exact_level: the level whose argument types are exact.
        missing: packages that the source of some levels leaves out, with those levels.
    """

    def __init__(self, text: str, levels: Levels, exact_level: int, missing: dict[str, Levels]) -> None:
        self.levels = levels
        self.exact_level = exact_level
        self._missing = missing
        self._text = text
        starts = [match.start() for match in re.finditer(r"^\S", text, re.MULTILINE)]
        self._blocks = {text[start : text.index(" ", start)]: start for start in starts}
        self._read: dict[str, ClassSignature] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._blocks

    def __iter__(self) -> Iterator[str]:
        return iter(self._blocks)

    def levels_of(self, name: str) -> Levels:
        """Return the levels whose source tells of a class, or would if it existed."""
        return self.levels - self._missing.get(name.rpartition(".")[0], frozenset())

    def find(self, name: str) -> ClassSignature | None:
        """Return a class by its JVM name, None where the public SDK has no such class."""
        if name not in self._blocks:
            return None
        if name not in self._read:
            start = self._blocks[name]
            end = re.compile(r"\n(?! )").search(self._text, start)
            self._read[name] = _parse(self._text[start : end.start() if end else None].split("\n"))
        return self._read[name]

    def overloads(self, name: str, method: str) -> tuple[Overload, ...]:
        """Return all overloads of a method, those of the class first, then inherited ones that it does not redefine.

        A folded overload that can only be one of the exact ones (a level whose class redefined what it inherits today) gives
        that one its levels.
        """
        found: dict[tuple[str, ...], Overload] = {}
        for declared in [*self.lineage(name)][: 1 if method == "<init>" else None]:
            for overload in declared.methods.get(method, ()):
                known = found.setdefault(overload.arguments, overload)
                found[overload.arguments] = replace(known, levels=known.levels | overload.levels)
        for folded in [each for each in found.values() if not each.exact]:
            twin = next((each for each in found.values() if each.exact and _may_be(each, folded)), None)
            if twin is not None:
                found[twin.arguments] = replace(twin, levels=twin.levels | folded.levels)
                del found[folded.arguments]
        return tuple(found.values())

    def field(self, name: str, label: str) -> FieldSignature | None:
        """Return a field of a class or of what it inherits from."""
        return next((each.fields[label] for each in self.lineage(name) if label in each.fields), None)

    def lineage(self, name: str) -> Iterator[ClassSignature]:
        """Yield a class and its superclasses, as far as the public SDK has them."""
        seen = set()
        while (found := self.find(name)) and name not in seen:
            seen.add(name)
            yield found
            name = found.parent


@cache
def load_signatures() -> SignatureTable:
    """Read the table that comes with the program.

    Raises:
        KnowledgeError: its files are missing or damaged.
    """
    try:
        sources = yaml.safe_load((_HERE / "sources.yaml").read_bytes())
        text = gzip.decompress((_HERE / "android.txt.gz").read_bytes()).decode()
    except (OSError, EOFError, yaml.YAMLError) as error:
        raise KnowledgeError(f"signatures of the SDK: {error}", "reinstall pia_runtime") from error
    missing = {package: parse_levels(levels) for package, levels in sources["missing_packages"].items()}
    return SignatureTable(text, frozenset(sources["levels"]), sources["exact_level"], missing)


def parse_levels(text: str) -> Levels:
    """Return the API levels that ``17-22,24`` names."""
    runs = (part.partition("-") for part in text.split(","))
    return frozenset(level for first, _, last in runs for level in range(int(first), int(last or first) + 1))


def format_levels(levels: Levels) -> str:
    """Return levels as runs: ``17-22, 24``."""
    runs: list[list[int]] = []
    for level in sorted(levels):
        if runs and level == runs[-1][-1] + 1:
            runs[-1].append(level)
        else:
            runs.append([level])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def fits(exact: str, given: str) -> bool:
    """Whether an exact type may be what a folded one stands for (``number`` is ``int``, ``string`` is ``CharSequence``)."""
    if exact.startswith("[") or given.endswith("[]"):
        return exact.startswith("[") and given.endswith("[]") and fits(_element(exact), given[:-2])
    if exact in _FOLDED_NUMBERS or given == "number":
        return exact in _FOLDED_NUMBERS and given == "number"
    if exact == "boolean" or given == "boolean":
        return exact == given
    return given == "any" or given == exact.replace("$", ".") or (given == "string" and exact in _FOLDED_TEXTS)


def _may_be(exact: Overload, folded: Overload) -> bool:
    pairs = zip(exact.arguments, folded.arguments, strict=False)
    return len(exact.arguments) == len(folded.arguments) and all(fits(one, other) for one, other in pairs)


def _element(array: str) -> str:
    inner = array[1:]
    return inner if inner.startswith("[") else inner[1:-1] if inner.startswith("L") else PRIMITIVES.get(inner, inner)


def _parse(lines: list[str]) -> ClassSignature:
    name, kind, parent, levels = lines[0].split(" ")
    methods: dict[str, list[Overload]] = {}
    fields: dict[str, FieldSignature] = {}
    for line in lines[1:]:
        if match := _FIELD.fullmatch(line):
            fields[match[2]] = FieldSignature(match[2], match[4], bool(match[1]), parse_levels(match[5]))
        elif match := _METHOD.fullmatch(line):
            arguments = tuple(match[4].split(",")) if match[4] else ()
            overload = Overload(arguments, match[5], bool(match[1]), match[3] is None, parse_levels(match[6]))
            methods.setdefault(match[2], []).append(overload)
    shapes: dict[str, Kind] = {"class": "class", "abstract": "abstract", "interface": "interface"}
    return ClassSignature(
        name, shapes[kind], parent, parse_levels(levels), {key: tuple(found) for key, found in methods.items()}, fields
    )
