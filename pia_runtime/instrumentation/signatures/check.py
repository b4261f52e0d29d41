"""Checks catalog entries against the public signatures: class, method and overload exist at every API level claimed."""

from dataclasses import dataclass

from pia_runtime.instrumentation.catalog_entry import HookEntry
from pia_runtime.instrumentation.catalog_unwatchable import Unwatchable
from pia_runtime.instrumentation.signatures.table import Levels, Overload, SignatureTable, fits, format_levels


@dataclass(frozen=True, slots=True)
class EntryCheck:
    """What the signatures say of one entry.

    Attributes:
        id: of the entry.
        problems: one sentence each, naming the levels; empty where nothing contradicts it.
        checked: claimed levels that have a source and were looked at; empty for hidden and vendor entries.
        unchecked: claimed levels without a source.
    """

    id: str
    problems: tuple[str, ...]
    checked: Levels
    unchecked: Levels


def check_entry(entry: HookEntry, table: SignatureTable) -> EntryCheck:
    """Compare one entry with the public SDK.

    A hidden or vendor entry is not compared, but must not be found in the public SDK at a level it claims.
    """
    claimed = claimed_levels(entry.api_levels, table)
    name, _, method = entry.api.rpartition(".")
    checked, unchecked = claimed & table.levels_of(name), claimed - table.levels_of(name)
    found = table.overloads(name, method)
    if entry.visibility != "public":
        return EntryCheck(entry.id, tuple(_not_hidden(entry, found, checked)), frozenset(), claimed)
    problems = _missing(entry, table, found, checked) or _wrong_overloads(entry, found, checked)
    return EntryCheck(entry.id, (*problems, *_implementations(entry, table)), checked, unchecked)


def check_unwatchable(item: Unwatchable, table: SignatureTable) -> EntryCheck:
    """Compare something that cannot be watched (a field, as a rule) with the public SDK."""
    claimed = claimed_levels(item.api_levels, table)
    if item.visibility != "public":
        return EntryCheck(item.id, (), frozenset(), claimed)
    name, _, member = item.api.rpartition(".")
    checked, unchecked = claimed & table.levels_of(name), claimed - table.levels_of(name)
    field = table.field(name, member)
    levels = field.levels if field else _together(table.overloads(name, member))
    absent = checked - levels
    problems = (f"{item.api} is not in the SDK at API {format_levels(absent)}",) if absent else ()
    return EntryCheck(item.id, problems, checked, unchecked)


def claimed_levels(text: str, table: SignatureTable) -> Levels:
    """Return the levels of ``26-`` or ``1-28``; an open end reaches to the last level that has a source."""
    first, _, last = text.partition("-")
    return frozenset(range(int(first), max(int(first), int(last) if last else max(table.levels)) + 1))


def _together(overloads: tuple[Overload, ...]) -> Levels:
    return frozenset(level for overload in overloads for level in overload.levels)


def _missing(entry: HookEntry, table: SignatureTable, found: tuple[Overload, ...], checked: Levels) -> list[str]:
    name = entry.api.rpartition(".")[0]
    declared = table.find(name)
    if declared is None:
        return [f"{name} is in no public SDK; write `visibility: hidden` or `vendor`, or correct the name"]
    absent = checked - _together(found)
    where = "class" if checked - declared.levels == absent else "method"
    what = f"the {where} {name if where == 'class' else entry.api}"
    return [f"{what} is not in the SDK at API {format_levels(absent)}, which api_levels claims"] if absent else []


def _wrong_overloads(entry: HookEntry, found: tuple[Overload, ...], checked: Levels) -> list[str]:
    if entry.overloads == "all" or not checked:
        return []
    problems = []
    covered: set[int] = set()
    for wanted in entry.overloads:
        levels = {level for overload in found if _same(wanted, overload) for level in overload.levels & checked}
        covered |= levels
        if not levels:
            problems.append(
                f"no overload {entry.method}({', '.join(wanted)}) in the SDK at API {format_levels(checked)}"
            )
    absent = checked - covered
    if absent and not problems:
        problems.append(f"none of the overloads named is in the SDK at API {format_levels(absent)}")
    return problems


def _same(wanted: tuple[str, ...], overload: Overload) -> bool:
    if overload.exact:
        return wanted == overload.arguments
    pairs = zip(wanted, overload.arguments, strict=False)
    return len(wanted) == len(overload.arguments) and all(fits(exact, given) for exact, given in pairs)


def _implementations(entry: HookEntry, table: SignatureTable) -> list[str]:
    """A hooked class that is itself public must have the method."""
    return [
        f"hooked class {name} is public but has no {entry.method}"
        for name in entry.hooked_classes
        if name in table and not table.overloads(name, entry.method)
    ]


def _not_hidden(entry: HookEntry, found: tuple[Overload, ...], checked: Levels) -> list[str]:
    overloads = [each for each in found if entry.overloads == "all" or any(_same(w, each) for w in entry.overloads)]
    public = _together(tuple(overloads)) & checked
    if not public:
        return []
    return [f"{entry.api} is public at API {format_levels(public)}, yet `visibility: {entry.visibility}`"]
