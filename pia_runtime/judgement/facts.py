"""The tables that rules are held against, and which rows of them meet conditions: look-ups in columns, no loop over rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from pia_runtime.knowledge.conditions import Condition
from pia_runtime.knowledge.thresholds import Threshold
from pia_runtime.model.detection import Actor, Recipient

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


class Holding:
    """Which rows meet conditions; each condition of a table is looked up once."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: dict[tuple[str, Condition], Mask] = {}

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
    return pd.Categorical.from_codes(codes.astype(np.int64), categories=pd.Index(list(vocabulary)))


def truth(mask: Mask) -> "pd.Categorical[str]":
    """A column of ``true`` and ``false``."""
    return words(mask.astype(np.int8), ("false", "true"))
