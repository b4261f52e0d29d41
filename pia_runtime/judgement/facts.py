"""The tables that rules are held against, and which rows of them meet conditions: look-ups in columns, no loop over rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from pia_runtime.knowledge.conditions import Condition
from pia_runtime.knowledge.thresholds import Threshold
from pia_runtime.model.detection import Actor, Recipient, Verdict

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

DETECTION_COLUMNS: dict[str, str] = {
    "id": "object",
    "count": "int64",  # how many calls the row stands for
    "actor": "int64",  # position in the list of distinct actors
    "recipient": "int64",  # position in the list of distinct recipients, -1 for none
    "host_ns": "int64",
    "margin_ns": "Int64",
    "margin_err_ns": "Int64",
    "trace": "category",  # API of an access, place in the request of a transmission
}
"""Columns of the detections beside the facts of the vocabulary."""

EVENT_COLUMNS: dict[str, str] = {
    "seq": "int64",  # of the event
    "actor": "int64",
    "host_ns": "int64",
    "scope": "category",  # of consent, "" for none
}
"""Columns of signals, run and starts beside the facts of the vocabulary."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that rules are held against.

    Attributes:
        tables: by name of the vocabulary; words as categories, numbers as floats (durations in ns) with NaN for unknown.
            ``frequency`` has a column ``members``: positions of its rows in ``detections``.
        app: the app itself, for what has no other actor.
        categories: kinds of app, by number, whose lists apply.
        regimes: whose provisions are asked about.
    """

    tables: Mapping[str, pd.DataFrame]
    actors: Sequence[Actor]
    recipients: Sequence[Recipient]
    app: Actor
    categories: tuple[int, ...] = ()
    regimes: frozenset[str] = frozenset({"cn"})
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)


class Columns:
    """Columns of a table as arrays, each made once: taking rows out of a wide table again and again costs more than judging."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        self._names: dict[str, list[str]] = {}

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Numbers as they are (-1: unknown), words as codes (-1: unknown), anything else as objects."""
        if name not in self._arrays:
            column = self._table[name]
            if isinstance(column.dtype, pd.CategoricalDtype):
                self._names[name] = [str(word) for word in column.cat.categories]
                column = column.cat.codes
            whole = isinstance(column.dtype, pd.Int64Dtype)
            self._arrays[name] = column.to_numpy(dtype=np.int64, na_value=-1) if whole else column.to_numpy()
        return self._arrays[name]

    def word(self, name: str, row: int) -> str:
        """The word of one row, "" where unknown."""
        code = int(self[name][row])
        return self._names[name][code] if code >= 0 else ""

    def words(self, name: str, rows: Positions) -> list[str]:
        """The distinct words of some rows, in alphabetical order, unknown ones left out."""
        codes = np.unique(self[name][rows])
        return sorted(self._names[name][code] for code in codes if code >= 0)


def gravest(verdicts: Collection[str]) -> Verdict:
    """The verdict that weighs most among those given."""
    return next(name for name in get_args(Verdict) if name in verdicts)


def only(given: Sequence[str], otherwise: str) -> str:
    """The one word of several rows."""
    return given[0] if len(given) == 1 else otherwise


class Holding:
    """Which rows meet conditions; each condition of a table is looked up once."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: dict[tuple[str, Condition], Mask] = {}
        self.columns = {name: Columns(table) for name, table in facts.tables.items()}

    def rows(self, table: str, conditions: Sequence[Condition]) -> Mask:
        """The rows of a table that meet every condition."""
        mask = np.ones(len(self._facts.tables[table]), dtype=np.bool_)
        for condition in conditions:
            if not mask.any():
                break
            mask &= self._one(table, condition)
        return mask

    def _one(self, table: str, condition: Condition) -> Mask:
        key = (table, condition)
        if key not in self._known:
            column = self._facts.tables[table][condition.fact]
            self._known[key] = (
                _compared(column, condition, self._facts.thresholds[condition.threshold])
                if condition.comparison
                else _among(column, condition.values)
            )
        return self._known[key]


def _among(column: pd.Series, values: frozenset[str]) -> Mask:
    wanted = np.array([*(str(word) in values for word in column.cat.categories), False], dtype=np.bool_)
    return wanted[column.cat.codes.to_numpy()]  # code -1, an unknown word, takes the last place


def _compared(column: pd.Series, condition: Condition, threshold: Threshold) -> Mask:
    """NaN meets no comparison."""
    numbers = column.to_numpy(dtype=np.float64)
    limit = float(threshold.ns) if threshold.unit == "seconds" else float(threshold.value)
    with np.errstate(invalid="ignore"):
        result: Mask = {
            "above": numbers > limit,
            "at_least": numbers >= limit,
            "below": numbers < limit,
            "at_most": numbers <= limit,
        }[condition.comparison]
    return result


def words(codes: npt.NDArray[np.integer], vocabulary: Sequence[str]) -> "pd.Categorical[str]":
    """A column of words from their positions in the vocabulary."""
    names = pd.Index(np.array(vocabulary, dtype=object), dtype=object)
    return pd.Categorical.from_codes(codes.astype(np.int64), categories=names)


def truth(mask: Mask) -> "pd.Categorical[str]":
    """A column of ``true`` and ``false``."""
    return words(mask.astype(np.int8), ("false", "true"))
