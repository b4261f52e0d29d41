"""The document's detections and findings as pandas tables with the columns of :mod:`pia_runtime.reports.columns`.

Captured text is escaped for the eye and bounded, as everywhere: a table is opened in a spreadsheet sooner or later.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from pia_runtime.reports.annotations import is_dismissed
from pia_runtime.reports.columns import DETECTIONS, FINDINGS, Column
from pia_runtime.reports.escape import LONG, visible
from pia_runtime.reports.report import Report

_LONGEST = {"stack": 8_000, "detections": 32_000}
"""Characters of a cell where it may hold more than others; a spreadsheet's takes 32 767."""

_LAST_NS = 2**63 - 1


def detections_frame(report: Report) -> pd.DataFrame:
    """One row a detection, in the document's order; with ``--reveal`` also the ``value``."""
    found = report.document.get("detections") or ()
    revealed = (Column("value", "string", ""),) if any("value" in one for one in found) else ()
    return frame((_detection(one) for one in found), (*DETECTIONS, *revealed))


def findings_frame(report: Report) -> pd.DataFrame:
    """One row a finding, gravest first."""
    return frame((_finding(report, one) for one in report.findings), FINDINGS)


def frame(records: Iterable[Mapping[str, Any]], columns: Sequence[Column]) -> pd.DataFrame:
    """Records as a table with exactly these columns and types."""
    rows = list(records)
    made = {column.name: _series([row.get(column.name) for row in rows], column) for column in columns}
    return pd.DataFrame(made)


def _series(values: list[Any], column: Column) -> Any:  # noqa: ANN401 (a column of any type)
    if column.dtype.startswith("datetime64"):
        known = [value if isinstance(value, int) and 0 <= value <= _LAST_NS else None for value in values]
        times: Any = pd.to_datetime(pd.Series(known, dtype="Int64"), unit="ns", utc=True)
        return times.astype(column.dtype)
    if column.dtype == "Int64":
        whole = [value if type(value) is int and abs(value) <= _LAST_NS else None for value in values]
        return pd.Series(whole, dtype="Int64")
    if column.dtype == "boolean":
        return pd.Series([value if isinstance(value, bool) else None for value in values], dtype="boolean")
    texts = [None if value is None else visible(value, _LONGEST.get(column.name, LONG)) for value in values]
    made: Any = pd.Series(texts, dtype="string")
    return made.astype(column.dtype)


def _detection(one: Mapping[str, Any]) -> dict[str, Any]:
    act = one.get("trigger") or {}
    return {
        **one,
        **_parties(one),
        "time": one.get("t_ns"),
        "args": _json(one.get("args")),
        "path": _json(one.get("path")),
        "stack": "\n".join(map(str, one.get("stack") or ())) or None,
        "trigger": act.get("text"),
        "trigger_before_ns": act.get("before_ns"),
    }


def _finding(report: Report, one: Mapping[str, Any]) -> dict[str, Any]:
    often = one.get("frequency") or {}
    return {
        **one,
        **_parties(one),
        "sentence": report.wording.finding(one),
        "first": one.get("first_ns"),
        "min_interval_ns": often.get("min_interval_ns"),
        "per_second": often.get("per_second"),
        "period_ns": often.get("period_ns"),
        "clauses": ";".join(map(str, one.get("clauses") or ())),
        "needs_human": report.wording.needs_human(one.get("needs_human")) or None,
        "detections": ";".join(map(str, one.get("detections") or ())),
        "dismissed": is_dismissed(one),
        "notes": "; ".join(report.wording.annotations(one)) or None,
    }


def _parties(one: Mapping[str, Any]) -> dict[str, Any]:
    actor, to = one.get("actor") or {}, one.get("recipient") or {}
    return {
        "actor_kind": actor.get("kind"),
        "actor_id": actor.get("id"),
        "actor_name": actor.get("name"),
        "host": to.get("host"),
        "domain": to.get("domain"),
        "company": to.get("company"),
        "third_party": to.get("third_party"),
    }


def _json(values: Any) -> str | None:  # noqa: ANN401 (a list of the document)
    return json.dumps(values, ensure_ascii=False) if values else None
