"""What stands on each sheet of the workbook: columns and rows as plain values."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pia_runtime.reports.annotations import is_dismissed
from pia_runtime.reports.escape import LONG, visible
from pia_runtime.reports.lanes import verdict_counts
from pia_runtime.reports.notice import notice_paragraphs
from pia_runtime.reports.report import Report
from pia_runtime.reports.summary import app_title, consent_summary, coverage_facts
from pia_runtime.reports.third_parties import third_parties
from pia_runtime.reports.workbook_acts import before_consent, call_counts
from pia_runtime.reports.workbook_cells import Cell, Seconds, Sheet, instant, offset, sheet_of, span, whole


def sheets(report: Report) -> Iterator[Sheet]:
    """The sheets in order."""
    yield _summary(report)
    yield _findings(report)
    yield before_consent(report)
    yield call_counts(report)
    yield _transmissions(report)
    yield _sdks(report)
    yield _necessity(report)
    yield _checklist(report)
    yield _blind_spots(report)


def _summary(report: Report) -> Sheet:
    def rows() -> Iterator[tuple[str, tuple[Cell, ...]]]:
        words, say, counts = report.wording, report.wording.say, verdict_counts(report.document)
        yield "", (say("table.app"), app_title(report.document, words))
        yield "", (say("page.started"), instant(report.session.get("started_ns")))
        yield "", (f"{say('page.duration')} (s)", Seconds(report.line.end_ns - report.line.start_ns))
        yield "", (say("table.consent"), consent_summary(report.document, words))
        for verdict in ("without_consent", "indeterminate", "with_consent"):
            yield "", (say(f"verdict.{verdict}"), counts[verdict])
        for severity, count in Counter(str(one.get("severity")) for one in report.findings).items():
            yield severity, (f"{say('doc.findings')} · {words.term('severity', severity)}", count)
        for name, told in coverage_facts(report.document, words):
            yield "", (name, told)
        for line in notice_paragraphs(report):
            yield "", (say("notice_text.title"), line)
        yield "", (say("doc.method"), say("report.silence"))
        yield "", ("", say("sheet.frozen"))

    return replace(sheet_of(report, "summary", {"doc.item": 28, "doc.said": 100}, rows()), prose=True)


def _findings(report: Report) -> Sheet:
    columns = {
        "doc.number": 6, "table.severity": 8, "sheet.verdict": 12, "table.what": 48, "table.data": 20, "sheet.actor_kind": 10,
        "sheet.actor": 20, "sheet.host": 26, "doc.company": 18, "table.count": 7, "sheet.first": 24, "sheet.margin_s": 11,
        "sheet.error": 9, "sheet.per_second": 9, "sheet.interval_s": 10, "sheet.state": 10, "table.clauses": 34,
        "doc.f_human": 36, "sheet.note": 30, "doc.f_recheck": 12, "sheet.rule": 24, "table.id": 19,
    }  # fmt: skip
    return sheet_of(report, "findings", columns, (_finding(report, one, n) for n, one in enumerate(report.findings, 1)))


def _finding(report: Report, one: Mapping[str, Any], number: int) -> tuple[str, tuple[Cell, ...]]:
    words, often, to = report.wording, one.get("frequency") or {}, one.get("recipient") or {}
    state = words.term("app_state", one["state"]) if one.get("state") else ""
    cells: tuple[Cell, ...] = (
        number,
        words.term("severity", one.get("severity")),
        words.term("verdict", one.get("verdict")),
        words.finding(one),
        words.data(one.get("data")),
        words.term("actor_kind", (one.get("actor") or {}).get("kind")),
        words.actor(one.get("actor")),
        visible(to.get("host")),
        visible(to.get("company")),
        whole(one.get("count")),
        instant(one.get("first_ns")),
        span(one.get("margin_ns")),
        span(one.get("err_ns")),
        whole(often.get("per_second")),
        span(often.get("min_interval_ns")),
        state,
        ", ".join(visible(clause) for clause in one.get("clauses") or ()),
        words.needs_human(one.get("needs_human")),
        "; ".join(words.annotations(one)),
        report.states.get(str(one.get("id"))) or words.say("doc.f_recheck_none"),
        visible(one.get("rule")),
        visible(one.get("id")),
    )
    return ("dismissed" if is_dismissed(one) else str(one.get("severity"))), cells


def _transmissions(report: Report) -> Sheet:
    columns = {
        "doc.when": 24, "sheet.offset": 12, "table.data": 22, "sheet.actor": 20, "sheet.host": 28, "doc.company": 20,
        "sheet.third_party": 9, "sheet.phase": 14, "sheet.verdict": 12, "sheet.margin_s": 11, "sheet.location": 18,
        "sheet.path": 44, "sheet.encoding": 12, "sheet.value": 18, "sheet.confidence": 18, "table.id": 22,
    }  # fmt: skip
    sent = [one for one in report.detections.values() if one.get("act") == "transmission"]
    return sheet_of(report, "transmissions", columns, (_sent_row(report, one) for one in sent))


def _sent_row(report: Report, one: Mapping[str, Any]) -> tuple[str, tuple[Cell, ...]]:
    words, to = report.wording, one.get("recipient") or {}
    known = to.get("third_party")
    cells: tuple[Cell, ...] = (
        instant(one.get("t_ns")),
        offset(report, one.get("t_ns")),
        words.data(one.get("data")),
        words.actor(one.get("actor")),
        visible(to.get("host")),
        visible(to.get("company")),
        words.say("report.unknown" if known is None else "report.is_true" if known else "report.is_false"),
        words.term("phase", one.get("phase")),
        words.term("verdict", one.get("verdict")),
        span(one.get("margin_ns")),
        words.term("location", one.get("location")),
        " → ".join(visible(step, 300) for step in one.get("path") or ()),
        visible(one.get("encoding")),
        visible(one["value"], LONG) if "value" in one else visible(one.get("masked")),
        f"{words.term('confidence', one.get('confidence'))} · {words.term('basis', one.get('basis'))}",
        visible(one.get("id")),
    )
    return "", cells


def _sdks(report: Report) -> Sheet:
    columns = {
        "doc.sdk_name": 26, "doc.company": 24, "doc.sdk_reads": 44, "doc.sdk_sends": 44, "sheet.host": 32, "doc.sdk_earliest": 24,
        "doc.sdk_without": 12,
    }  # fmt: skip
    words = report.wording
    rows: Iterator[tuple[str, tuple[Cell, ...]]] = (
        (
            "",
            (
                one.name,
                one.company,
                words.list([words.data(data) for data in one.read]),
                words.list([words.data(data) for data in one.sent]),
                "\n".join(one.hosts),
                instant(one.earliest_ns),
                one.without_consent,
            ),
        )
        for one in third_parties(report)
    )
    return sheet_of(report, "sdks", columns, rows)


def _necessity(report: Report) -> Sheet:
    def rows() -> Iterator[tuple[str, tuple[Cell, ...]]]:
        words, say = report.wording, report.wording.say
        for one in report.document.get("necessity") or ():
            kind = visible((one.get("name") or {}).get(words.lang))
            clause = visible(one.get("clause"))
            for element in one.get("elements") or ():
                seen = [words.data(data) for data in element.get("seen") or ()]
                name = visible((element.get("name") or {}).get(words.lang), 300)
                yield (
                    "",
                    (
                        kind,
                        clause,
                        name,
                        words.list(seen) if seen else say("doc.not_seen"),
                        words.term("necessity", "listed"),
                    ),
                )
            for word, field in (("unlisted", "beyond"), ("extended", "extended"), ("outside", "outside_the_lists")):
                for data in one.get(field) or ():
                    tone = "high" if word == "unlisted" else ""
                    yield tone, (kind, clause, words.data(data), say("doc.seen"), words.term("necessity", word))

    columns = {"doc.category": 20, "table.clauses": 30, "doc.element": 44, "doc.seen": 34, "table.result": 44}
    return sheet_of(report, "necessity", columns, rows())


def _checklist(report: Report) -> Sheet:
    words = report.wording
    tones = {"found": "high", "not_seen": "", "never": "dismissed", "not_assessed": "medium"}
    rows: Iterator[tuple[str, tuple[Cell, ...]]] = (
        (
            tones.get(str(one.get("result")), ""),
            (
                visible(one.get("clause")),
                words.clause(one.get("clause")),
                words.term("outcome", one.get("result")),
                words.because(one.get("because") or ()) if one.get("because") else "",
                words.because([one["still"]]) if one.get("still") else "",
            ),
        )
        for one in report.document.get("assessment") or ()
    )
    columns = {"table.clauses": 16, "doc.behaviour": 70, "table.result": 24, "doc.reason": 40, "doc.still": 40}
    return sheet_of(report, "checklist", columns, rows)


def _blind_spots(report: Report) -> Sheet:
    words = report.wording
    rows: Iterator[tuple[str, tuple[Cell, ...]]] = (
        (
            "",
            (
                words.term("blind_spot", spot.get("kind")),
                visible(spot.get("host")),
                visible(spot.get("detail"), 300),
                whole(spot.get("count")),
                words.blind_spot(spot),
            ),
        )
        for spot in report.document.get("blind_spots") or ()
    )
    columns = {"table.kind": 24, "table.host": 36, "page.note": 44, "table.count": 8, "table.why": 80}
    return sheet_of(report, "blind_spots", columns, rows)
