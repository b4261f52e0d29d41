"""A capture as DataFrames, for notebooks and scripts (``docs/notebook.md`` documents columns and dtypes).

``import pia_runtime`` is light; pandas and the knowledge are loaded by the first :func:`open_capture`. Values are masked unless a
capture is opened with ``reveal=True``. Everything is read once and kept; a frame that is handed out is the caller's own copy.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from pia_runtime.detection.masking import Secrets, mask
from pia_runtime.model.event import Events
from pia_runtime.notebook_columns import (
    BLIND_SPOTS,
    CONSENT,
    DETECTIONS,
    EVENTS,
    FINDINGS,
    SEVERITIES,
    TIME,
    WHERE,
)
from pia_runtime.pipeline import analyse_with_secrets
from pia_runtime.storage.analysis import content_of, load_toolbox


class Capture:
    """One capture, opened by :func:`pia_runtime.open_capture`.

    Attributes:
        path: the capture folder.
        reveal: whether values are shown in full.
    """

    def __init__(self, path: Path, *, reveal: bool = False) -> None:
        self.path = path
        self.reveal = reveal
        self._content = content_of(path)

    def __repr__(self) -> str:
        return f"<capture {self._content.session.app.package or '?'} at {self.path}>"

    def analysis(self) -> dict[str, Any]:
        """The whole analysis document (``pia.analysis/1``), as ``pia analyze --format json`` prints it."""
        return self._document

    def events(self) -> pd.DataFrame:
        """Every event that was recorded, in the order of ``seq`` (:data:`EVENTS`); times are by the clock named in ``clock``."""
        return self._events.copy()

    def detections(self) -> pd.DataFrame:
        """Every detection (:data:`DETECTIONS`), on the host's clock; ``value`` besides where the capture is revealed."""
        return self._detections.copy()

    def findings(self) -> pd.DataFrame:
        """Every finding (:data:`FINDINGS`)."""
        return self._findings.copy()

    def consent(self) -> pd.DataFrame:
        """Intervals of consent by scope (:data:`CONSENT`)."""
        return _frame(CONSENT, (_consent(one) for one in self._document["consent"]))

    def blind_spots(self) -> pd.DataFrame:
        """What could not be seen (:data:`BLIND_SPOTS`)."""
        return _frame(BLIND_SPOTS, self._document["blind_spots"])

    @cached_property
    def _analysed(self) -> tuple[dict[str, Any], frozenset[str]]:
        return analyse_with_secrets(self._content, load_toolbox(), reveal=self.reveal)

    @property
    def _document(self) -> dict[str, Any]:
        return self._analysed[0]

    @cached_property
    def _events(self) -> pd.DataFrame:
        calls = _calls(self._content.events.api_calls, reveal=self.reveal)
        rest = _frame(EVENTS, _other_events(self._content.events, Secrets(self._analysed[1])))
        frames = [frame for frame in (calls, rest) if len(frame)] or [rest]
        return pd.concat(frames, ignore_index=True).astype(EVENTS).sort_values("seq", ignore_index=True)

    @cached_property
    def _detections(self) -> pd.DataFrame:
        columns = {**DETECTIONS, "value": "object"} if self.reveal else DETECTIONS
        return _frame(columns, (_detection(one) for one in self._document["detections"]))

    @cached_property
    def _findings(self) -> pd.DataFrame:
        frame = _frame(FINDINGS, (_finding(one) for one in self._document["findings"]))
        frame["severity"] = frame["severity"].cat.set_categories([*reversed(SEVERITIES)], ordered=True)
        return frame


def _frame(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a frame with exactly these columns and dtypes; what a row does not have is missing."""
    kept = list(rows)
    return pd.DataFrame({name: _series([row.get(name) for row in kept], dtype) for name, dtype in columns.items()})


def _series(values: list[Any], dtype: str) -> pd.Series:
    if dtype == "object":
        series = pd.Series([None] * len(values), dtype=object)
        for place, value in enumerate(values):
            series.iat[place] = value
        return series
    if dtype == "category":
        return pd.Series(pd.Categorical(values))
    if dtype == TIME:
        return pd.Series(pd.to_datetime(pd.array(values, dtype="Int64"), unit="ns", utc=True))
    if dtype == "str":
        return pd.Series([None if value is None else str(value) for value in values], dtype="str")
    return pd.Series(values, dtype=dtype)


def _who(record: Mapping[str, Any]) -> dict[str, Any]:
    actor, recipient = record.get("actor") or {}, record.get("recipient") or {}
    named = {f"actor_{name}": actor.get(name) for name in ("kind", "id", "name")}
    return {**named, **{name: recipient.get(name) for name in WHERE}}


def _detection(one: Mapping[str, Any]) -> dict[str, Any]:
    read = (one.get("read") or {}).get("detection")
    return {**one, **_who(one), "time": one["t_ns"], "read": read, "count": one.get("count") or 1}


def _finding(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, **_who(one), "first": one["first_ns"]}


def _consent(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "since": one["from_ns"], "until": one["until_ns"]}


def _calls(calls: pd.DataFrame, *, reveal: bool) -> pd.DataFrame:
    frame = pd.DataFrame({name: calls[name] for name in EVENTS if name in calls.columns and name != "value"})
    told = [str(value) if reveal and value is not None else mask(value) for value in calls["value"]]
    frame["value"] = pd.Series(told, index=frame.index, dtype="str")
    frame["type"] = "api_call"
    frame["time"] = pd.to_datetime(frame["t_ns"], unit="ns", utc=True)
    for name in EVENTS:
        if name not in frame:
            frame[name] = None
    return frame[list(EVENTS)].astype({**EVENTS, "foreground": "boolean"})


def _other_events(events: Events, secrets: Secrets) -> Iterator[dict[str, Any]]:
    """Everything but API calls; what people wrote or an app showed loses the values in it."""
    consents = (
        ("consent", one.stamp, {"signal": one.signal, "scope": one.scope, "source": one.source, "text": one.text})
        for one in events.consents
    )
    transforms = (("transform", one.stamp, {"kind": f"{one.op} {one.algorithm}".strip()}) for one in events.transforms)
    others = ((one.type, one.stamp, one.fields) for one in events.occurrences)
    for kind, stamp, fields in itertools.chain(consents, transforms, others):
        given: dict[str, Any] = {
            name: secrets.mask_within(value)
            for name, value in fields.items()
            if name in EVENTS and isinstance(value, str)
        }
        given["foreground"] = fields["foreground"] if isinstance(fields.get("foreground"), bool) else None
        at = {"seq": stamp.seq, "t_ns": stamp.t_ns, "time": stamp.t_ns, "clock": stamp.clock, "mono_ns": stamp.mono_ns}
        count = fields.get("count")
        yield {**given, **at, "type": kind, "count": count if type(count) is int else 1}
