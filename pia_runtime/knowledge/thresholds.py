"""Numbers that findings rest on: practice, not law, each with its source; a capture or a file may override them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from pia_runtime.errors import InputError, KnowledgeError
from pia_runtime.knowledge.conditions import Unit
from pia_runtime.knowledge.data_file import ROOT, load_yaml, require

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Threshold:
    """One number.

    Attributes:
        unit: ``times``, ``per_second``, ``per_minute``, ``seconds`` or ``percent``.
        source: where the number was found, or whose choice it is.
        overridden: it is not the one that ships with the program.
    """

    id: str
    value: float
    unit: str
    zh: str
    en: str
    source: str
    overridden: bool = False

    @property
    def ns(self) -> int:
        """A threshold in seconds as nanoseconds."""
        return round(self.value * SECOND_NS)


def load_thresholds() -> dict[str, Threshold]:
    """All thresholds by id. Raises KnowledgeError naming the entry."""
    thresholds = {}
    for entry in load_yaml(ROOT / "thresholds.yaml")["thresholds"]:
        where = f"thresholds.yaml: {entry.get('id')}"
        threshold = Threshold(
            id=require(entry, "id", str, where),
            value=require(entry, "value", (int, float), where),
            unit=require(entry, "unit", str, where),
            zh=require(entry, "zh", str, where),
            en=require(entry, "en", str, where),
            source=require(entry, "source", str, where),
        )
        if threshold.unit not in get_args(Unit):
            raise KnowledgeError(f"{where}: unit {threshold.unit!r} is not known")
        thresholds[threshold.id] = threshold
    return thresholds


def overridden(thresholds: Mapping[str, Threshold], given: Mapping[str, object], where: str) -> dict[str, Threshold]:
    """The thresholds with some values replaced.

    Args:
        thresholds: those of the knowledge.
        given: threshold id → number, in the unit of the original.
        where: file for messages.

    Raises:
        InputError: an unknown threshold, or a value that is not a positive number.
    """
    changed = dict(thresholds)
    for name, value in given.items():
        if name not in thresholds:
            raise InputError(f"{where}: no threshold {str(name)[:60]!r}", f"known are {', '.join(sorted(thresholds))}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
            raise InputError(f"{where}: {name}: expected a positive number, got {str(value)[:40]!r}")
        changed[name] = replace(thresholds[name], value=value, overridden=True)
    return changed
