"""The sheets of the workbook that list and count acts: everything not certainly with consent, and calls by code."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pia_runtime.reports.escape import LONG, visible
from pia_runtime.reports.lanes import actor_key
from pia_runtime.reports.report import Report
from pia_runtime.reports.workbook_cells import Cell, Sheet, instant, offset, sheet_of, span


def before_consent(report: Report) -> Sheet:
    """Everything not certainly with consent, in the order of time, with a row for every consent signal."""
    columns = {
        "sheet.policy_state": 18, "doc.when": 24, "sheet.offset": 12, "sheet.error": 9, "sheet.actor": 20, "sheet.behaviour": 14,
        "table.what": 40, "sheet.api": 44, "sheet.args": 26, "sheet.value": 18, "sheet.host": 24, "sheet.verdict": 12,
        "sheet.state": 10, "sheet.stack": 70, "table.id": 22,
    }  # fmt: skip
    seen = [one for one in report.detections.values() if one.get("verdict") != "with_consent"]
    dated = [(one.get("t_ns"), 1, _act_row(report, one)) for one in seen]
    dated += [(edge.t_ns, 0, _mark_row(report, edge.state, edge.t_ns, edge.err_ns)) for edge in report.line.boundaries]
    ordered = sorted(enumerate(dated), key=lambda item: (item[1][0] is None, item[1][0], item[1][1], item[0]))
    return sheet_of(report, "before_consent", columns, (row for _, (_, _, row) in ordered))


def _act_row(report: Report, one: Mapping[str, Any]) -> tuple[str, tuple[Cell, ...]]:
    words = report.wording
    told = {
        "act": one.get("act"),
        "data": one.get("data"),
        "actor": one.get("actor"),
        "recipient": one.get("recipient"),
    }
    args = ", ".join("null" if arg is None else visible(arg, 200) for arg in one.get("args") or ())
    cells: tuple[Cell, ...] = (
        words.term("phase", one.get("phase")),
        instant(one.get("t_ns")),
        offset(report, one.get("t_ns")),
        span(one.get("err_ns")),
        words.actor(one.get("actor")),
        words.term("level", one.get("act")),
        words.act_sentence(told),
        visible(one.get("api")),
        args,
        visible(one["value"], LONG) if "value" in one else visible(one.get("masked")),
        visible((one.get("recipient") or {}).get("host")),
        words.term("verdict", one.get("verdict")),
        words.term("app_state", one.get("state")),
        "\n".join(visible(frame, 300) for frame in one.get("stack") or ()),
        visible(one.get("id")),
    )
    return "", cells


def _mark_row(report: Report, state: str, t_ns: int, err_ns: int | None) -> tuple[str, tuple[Cell, ...]]:
    told = f"{report.wording.say('sheet.consent_mark')}: {report.wording.term('state', state)}"
    return "mark", (told, instant(t_ns), offset(report, t_ns), span(err_ns), *([None] * 11))


def call_counts(report: Report) -> Sheet:
    """How often each code called each API, most often first."""
    columns = {
        "table.data": 22, "sheet.api": 46, "sheet.actor_kind": 10, "sheet.actor": 22, "sheet.behaviour": 14, "table.count": 8,
        "doc.before_consent": 10, "doc.after_no": 12, "doc.undecided": 10, "doc.after_yes": 10, "sheet.first": 24,
        "sheet.last": 24, "sheet.stack": 70,
    }  # fmt: skip
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for one in report.detections.values():
        if one.get("act") != "transmission":
            stack = "\n".join(visible(frame, 300) for frame in one.get("stack") or ())
            key = (str(one.get("data")), str(one.get("api")), actor_key(one.get("actor")), str(one.get("act")), stack)
            groups.setdefault(key, []).append(one)
    rows = [_count_row(report, key, seen) for key, seen in groups.items()]
    rows.sort(key=lambda row: -int(row[1][5] or 0))  # type: ignore[arg-type]
    return sheet_of(report, "counts", columns, iter(rows))


def _count_row(report: Report, key: tuple[Any, ...], seen: list[Mapping[str, Any]]) -> tuple[str, tuple[Cell, ...]]:
    words, (data, api, (kind, given, name), act, stack) = report.wording, key
    times = [one["t_ns"] for one in seen if one.get("t_ns") is not None]
    parts: Counter[str] = Counter()
    for one in seen:
        parts[_part(one)] += int(one.get("count") or 1)
    cells: tuple[Cell, ...] = (
        words.data(data),
        visible(api),
        words.term("actor_kind", kind),
        words.actor({"kind": kind, "id": given, "name": name}),
        words.term("level", act),
        sum(parts.values()),
        *(parts[part] for part in ("before_consent", "after_no", "undecided", "after_yes")),
        instant(min(times, default=None)),
        instant(max(times, default=None)),
        stack,
    )
    return "", cells


def _part(one: Mapping[str, Any]) -> str:
    if one.get("verdict") == "without_consent":
        return "after_no" if one.get("phase") in ("after_refusal", "after_withdrawal") else "before_consent"
    return "after_yes" if one.get("verdict") == "with_consent" else "undecided"
