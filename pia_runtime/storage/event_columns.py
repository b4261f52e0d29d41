"""API calls by the million → columns.

Lines come in blocks: a block in which everything is as described is taken column by column, any other line by line, with the same
result.

Words that repeat (APIs, stacks, kinds of data) are coded as they come, so that a million of them take the room of a few.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pia_runtime.model.event import API_CALL_COLUMNS, Stamp

TIME_LIMIT = 2**62
"""Times lie below this in ns, so that adding an error to one never overflows."""

_INT64 = 2**63
_MOST_CALLS = 2**40
_CLOCKS = frozenset({"host", "device", None})
_WORDS = tuple(name for name, dtype in API_CALL_COLUMNS.items() if dtype == "category")


class _Codes:
    """Words as numbers, in the order in which they came."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._parts: list[npt.NDArray[np.int32]] = []

    def add(self, words: Sequence[str]) -> None:
        known = self._known
        for word in dict.fromkeys(words):
            known.setdefault(word, len(known))
        self._parts.append(np.fromiter(map(known.__getitem__, words), dtype=np.int32, count=len(words)))

    def column(self) -> "pd.Categorical[str]":
        """Categories in alphabetical order, so that the order of the lines leaves no trace."""
        names = np.array(list(self._known), dtype=object)
        order = np.argsort(names, kind="stable") if len(names) else np.array([], dtype=np.int64)
        place = np.empty(len(names), dtype=np.int32)
        place[order] = np.arange(len(names), dtype=np.int32)
        codes = np.concatenate([np.array([], dtype=np.int32), *self._parts])
        return pd.Categorical.from_codes(place[codes], categories=pd.Index(names[order], dtype=object))


class CallColumns:
    """The columns of :data:`API_CALL_COLUMNS`, filled block by block."""

    def __init__(self) -> None:
        self._words = {name: _Codes() for name in _WORDS}
        self._numbers: dict[str, list[npt.NDArray[Any]]] = {
            name: [] for name in ("seq", "t_ns", "mono_ns", "foreground", "has_value", "count")
        }
        self._objects: dict[str, list[Any]] = {"args": [], "value": []}
        self._texts: dict[str, str] = {}

    def add_block(self, calls: Sequence[dict[str, Any]]) -> bool:
        """Take lines whose fields are all as described; otherwise take none and say so."""
        try:
            numbers = {name: _whole([call[name] for call in calls]) for name in ("seq", "t_ns")}
            clocks = [call.get("clock") for call in calls]
            mono = _nullable([call.get("mono_ns") for call in calls])
            data = [_data(call.get("data")) for call in calls]
            stacks = [_joined(call.get("stack")) for call in calls]
        except (KeyError, TypeError, OverflowError):
            return False
        if set(clocks) - _CLOCKS or not (_in_range(numbers["t_ns"]) and _in_range(mono)):
            return False
        self._take(calls, numbers, [clock or "host" for clock in clocks], mono, data, stacks)
        return True

    def add(self, stamp: Stamp, call: dict[str, Any], data: str) -> None:
        """Take one line whose stamp and data were read already; whatever else is not as described counts as absent."""
        numbers = {
            name: np.array([value], dtype=np.int64) for name, value in (("seq", stamp.seq), ("t_ns", stamp.t_ns))
        }
        mono = np.array([_NO_MONO if stamp.mono_ns is None else stamp.mono_ns], dtype=np.int64)
        self._take([call], numbers, [stamp.clock], mono, [data], [stack_text(call.get("stack"))])

    def _take(
        self,
        calls: Sequence[dict[str, Any]],
        numbers: dict[str, npt.NDArray[np.int64]],
        clocks: Sequence[str],
        mono: npt.NDArray[np.int64],
        data: Sequence[str],
        stacks: Sequence[str],
    ) -> None:
        shown = (call.get("foreground") for call in calls)
        numbers |= {
            "mono_ns": mono,
            "foreground": np.fromiter((int(s) if isinstance(s, bool) else -1 for s in shown), np.int8, len(calls)),
            "has_value": np.fromiter(("value" in call for call in calls), np.bool_, len(calls)),
            "count": np.fromiter(map(_times, calls), np.int64, len(calls)),
        }
        for name, part in numbers.items():
            self._numbers[name].append(part)
        words = {"clock": clocks, "data": data, "stack": stacks}
        for name in _WORDS:
            self._words[name].add(words[name] if name in words else [text(call.get(name)) for call in calls])
        self._objects["args"] += [call.get("args") or None for call in calls]
        once = self._texts.setdefault
        values = [call.get("value") for call in calls]
        self._objects["value"] += [once(value, value) if type(value) is str else value for value in values]

    def frame(self) -> pd.DataFrame:
        """All of them, in the order in which they were taken."""
        parts = {name: np.concatenate([_EMPTY, *arrays]) for name, arrays in self._numbers.items()}
        columns: dict[str, Any] = {name: codes.column() for name, codes in self._words.items()}
        for name in ("seq", "t_ns", "count"):
            columns[name] = parts[name].astype(np.int64)
        columns["has_value"] = parts["has_value"].astype(np.bool_)
        mono, shown = parts["mono_ns"].astype(np.int64), parts["foreground"].astype(np.int8)
        columns["mono_ns"] = pd.arrays.IntegerArray(np.where(mono == _NO_MONO, 0, mono), mono == _NO_MONO)
        columns["foreground"] = pd.arrays.IntegerArray(np.maximum(shown, 0), shown < 0)
        for name, objects in self._objects.items():
            column = np.empty(len(objects), dtype=object)
            column[:] = objects
            columns[name] = column
        return pd.DataFrame({name: columns[name] for name in API_CALL_COLUMNS}, copy=False)


_EMPTY = np.array([], dtype=np.int8)
_NO_MONO = -_INT64


def _whole(values: list[Any]) -> npt.NDArray[np.int64]:
    if set(map(type, values)) - {int}:
        raise TypeError("a number is missing or none")
    return np.array(values, dtype=np.int64)


def _nullable(values: list[Any]) -> npt.NDArray[np.int64]:
    if None in values:
        values = [_NO_MONO if value is None else value for value in values]
    return _whole(values)


def _in_range(times: npt.NDArray[np.int64]) -> bool:
    return bool(np.all((np.abs(times) < TIME_LIMIT) | (times == _NO_MONO)))


def _data(given: Any) -> str:  # noqa: ANN401
    """Taxonomy ids joined by commas. Raises TypeError where it is no list of them."""
    if given is None or given == []:
        return ""
    if type(given) is not list:
        raise TypeError("no list")
    return str(given[0]) if len(given) == 1 and type(given[0]) is str else ",".join(dict.fromkeys(given))


def _joined(stack: Any) -> str:  # noqa: ANN401
    return "\n".join(stack) if type(stack) is list else stack_text(stack)


def text(value: object) -> str:
    """A text field; what is none counts as absent."""
    return value if isinstance(value, str) else ""


def stack_text(value: object) -> str:
    """Frames as one string, innermost first; what is no frame is left out."""
    if isinstance(value, str):
        return value
    return "\n".join(frame for frame in value if isinstance(frame, str)) if isinstance(value, list) else ""


def _times(line: dict[str, Any]) -> int:
    """How many calls a line stands for: ``count`` in all, or ``repeats`` more than the one described; nonsense counts once."""
    if "count" not in line and "repeats" not in line:
        return 1
    for name, more in (("count", 0), ("repeats", 1)):
        value = line.get(name)
        if type(value) is int and 0 < value + more <= _MOST_CALLS:
            return value + more
    return 1
