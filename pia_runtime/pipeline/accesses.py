"""API calls → what each of them gave to whom: one row per call and kind of data."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pia_runtime.detection.attribution import actors_of_stacks
from pia_runtime.knowledge.base import Knowledge
from pia_runtime.knowledge.sdks import SdkIndex
from pia_runtime.knowledge.taxonomy import ExemptAccess
from pia_runtime.model.detection import Actor

_CURSOR_READ = "android.database.Cursor.get"
_DEEPEST = 6
"""How deep a returned object is searched for anything that is not a placeholder."""


@dataclass(frozen=True, slots=True)
class Accesses:
    """Accesses and attempts.

    Attributes:
        rows: ``call`` (position in the calls), ``data``, ``act`` and ``actor`` (position in ``actors``).
        actors: distinct actors.
        unknown_data: taxonomy ids that this knowledge does not have, with how many calls named them.
        actor_of_call: for every call, whether it yields data or not, the position of its actor.
        queries: ``seq`` of what was read from a cursor → ``seq`` of the query, where both are one actor's: one act, not two.
    """

    rows: pd.DataFrame
    actors: tuple[Actor, ...]
    unknown_data: Counter[str]
    actor_of_call: npt.NDArray[np.int64]
    queries: Mapping[int, int]


def detect_accesses(calls: pd.DataFrame, package: str, sdks: SdkIndex, knowledge: Knowledge) -> Accesses:
    """What each call obtained.

    A call that threw, or that returned nothing, null or only placeholders, is an ``attempt``: something was asked for and
    nothing obtained. A call without a recorded value is an ``access``, since nothing says that it failed.

    Args:
        calls: columns of :data:`pia_runtime.model.event.API_CALL_COLUMNS`.
        package: the app's own package, for calls about itself that read nothing about the user.
        sdks: for attribution of the stacks.
        knowledge: taxonomy, placeholders and exempt calls.
    """
    exempt = _exempt_rows(calls, knowledge.exempt_accesses, package)
    obtained = _obtained(calls, knowledge.placeholders)
    actor_codes, actors = _actors(calls, package, sdks)
    queries = _queries(calls, obtained, actor_codes)
    exempt[list(queries)] = True
    position, data, unknown = _exploded(calls, exempt, knowledge)
    rows = pd.DataFrame(
        {
            "call": position,
            "data": pd.Categorical(data),
            "act": pd.Categorical(np.where(obtained[position], "access", "attempt"), ["access", "attempt"]),
            "actor": actor_codes[position],
        }
    )
    seqs = calls["seq"].to_numpy(dtype=np.int64)
    return Accesses(
        rows, actors, unknown, actor_codes, {int(seqs[read]): int(seqs[query]) for read, query in queries.items()}
    )


def _queries(calls: pd.DataFrame, obtained: npt.NDArray[np.bool_], actors: npt.NDArray[np.int64]) -> dict[int, int]:
    """Rows that tell what was read from a cursor → the row of the query, which already counts as the access.

    They are told under the query's hook and with its arguments when the cursor is closed. Read by somebody else than asked,
    or of a query that gave nothing or was not seen, they stay acts of their own.
    """
    apis = calls["api"].cat.categories
    of_cursor = np.flatnonzero(
        np.isin(calls["api"].cat.codes.to_numpy(), np.flatnonzero(apis.str.startswith(_CURSOR_READ)))
    )
    if not len(of_cursor):
        return {}
    hooks = calls["hook"].cat.codes.to_numpy()
    related = np.flatnonzero(np.isin(hooks, np.unique(hooks[of_cursor])))
    when = calls["mono_ns"].fillna(0).to_numpy(dtype=np.int64)[related], calls["t_ns"].to_numpy(dtype=np.int64)[related]
    reads, last, found = set(of_cursor.tolist()), dict[tuple[Any, ...], int](), dict[int, int]()
    for row in related[np.lexsort((when[1], when[0]))].tolist():
        key = (hooks[row], calls["process"].iat[row], repr(calls["args"].iat[row]), actors[row])
        if row not in reads and obtained[row]:
            last[key] = row
        elif row in reads and key in last:
            found[row] = last[key]
    return found


def _exploded(
    calls: pd.DataFrame, exempt: npt.NDArray[np.bool_], knowledge: Knowledge
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_], Counter[str]]:
    """Call positions repeated for every known kind of data they yield, in the order of the calls."""
    categories = [str(item).split(",") if item else [] for item in calls["data"].cat.categories]
    codes = calls["data"].cat.codes.to_numpy()
    position: list[npt.NDArray[np.int64]] = []
    names: list[npt.NDArray[np.object_]] = []
    unknown: Counter[str] = Counter()
    for code, kinds in enumerate(categories):
        at = np.flatnonzero((codes == code) & ~exempt)
        for kind in kinds:
            if kind in knowledge.taxonomy:
                position.append(at)
                names.append(np.full(len(at), kind, dtype=object))
            elif len(at):
                unknown[kind] += len(at)
    if not position:
        return np.array([], dtype=np.int64), np.array([], dtype=object), unknown
    all_positions, all_names = np.concatenate(position), np.concatenate(names)
    order = np.argsort(all_positions, kind="stable")
    return all_positions[order], all_names[order], unknown


def _actors(calls: pd.DataFrame, package: str, sdks: SdkIndex) -> tuple[npt.NDArray[np.int64], tuple[Actor, ...]]:
    stacks = [str(stack) for stack in calls["stack"].cat.categories]
    by_stack = actors_of_stacks(stacks, package, sdks)
    distinct = {actor: number for number, actor in enumerate(dict.fromkeys(by_stack))}
    table = np.array([distinct[actor] for actor in by_stack], dtype=np.int64)
    codes = calls["stack"].cat.codes.to_numpy()
    return (table[codes] if len(table) else np.zeros(len(calls), dtype=np.int64)), tuple(distinct)


def _obtained(calls: pd.DataFrame, placeholders: frozenset[str]) -> npt.NDArray[np.bool_]:
    returned: npt.NDArray[np.bool_] = np.asarray(calls["threw"] == "", dtype=np.bool_)
    has_value: npt.NDArray[np.bool_] = calls["has_value"].to_numpy(dtype=np.bool_)
    values = calls["value"].tolist()
    texts = {text: _is_something(text, placeholders) for text in {value for value in values if type(value) is str}}
    something: npt.NDArray[np.bool_] = np.fromiter(
        (texts[value] if type(value) is str else _is_something(value, placeholders) for value in values),
        dtype=np.bool_,
        count=len(calls),
    )
    return returned & (something | ~has_value)


def _is_something(value: Any, placeholders: frozenset[str], depth: int = 0) -> bool:  # noqa: ANN401
    if value is None:
        return False
    if isinstance(value, str):
        text = value.strip().lower()
        return bool(text) and text not in placeholders
    if isinstance(value, list | dict) and depth < _DEEPEST:
        items = value.values() if isinstance(value, dict) else value
        return any(_is_something(item, placeholders, depth + 1) for item in items)
    return True


def _exempt_rows(calls: pd.DataFrame, exempt: tuple[ExemptAccess, ...], package: str) -> npt.NDArray[np.bool_]:
    """Calls that ask about one fixed package or the app itself."""
    rows = np.zeros(len(calls), dtype=np.bool_)
    for entry in exempt:
        arguments = entry.arguments | ({package} if entry.own_package and package else set())
        for position in np.flatnonzero(np.asarray(calls["api"] == entry.api, dtype=np.bool_)):
            rows[position] = _first_argument(calls["args"].iat[int(position)]) in arguments
    return rows


def _first_argument(args: object) -> str | None:
    first = (
        next(iter(args.values()), None)
        if isinstance(args, dict)
        else args[0]
        if isinstance(args, list) and args
        else None
    )
    return first if isinstance(first, str) else None
