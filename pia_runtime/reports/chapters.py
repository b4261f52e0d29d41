"""The chapters of a report for people, in order, as blocks (:mod:`pia_runtime.reports.blocks`)."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pia_runtime.reports.annotations import dismissed_count, is_dismissed
from pia_runtime.reports.blocks import Block, Facts, Heading, Paragraph, Signatures, Table
from pia_runtime.reports.chapters_record import record_chapters
from pia_runtime.reports.escape import visible
from pia_runtime.reports.finding_sheet import anchor, device_line, finding_sheet
from pia_runtime.reports.instants import seconds, utc
from pia_runtime.reports.lanes import verdict_counts
from pia_runtime.reports.report import Report
from pia_runtime.reports.summary import SEVERITIES, app_title, consent_summary, margin_of, short_id

MOST_SHEETS = 400
"""Findings described in full; the table and the other formats have all."""

_ACTS = ("access", "attempt", "transmission")
_PARTS = ("before_consent", "after_no", "undecided", "after_yes")


def chapters(report: Report, *, signed: bool = False) -> Iterator[Block]:
    """The whole document; ``signed`` adds lines to sign at its end."""
    say = report.wording.say
    yield Paragraph(say("doc.confidential"), "note")
    yield from _run(report)
    yield from _results(report)
    yield from _findings(report)
    yield from record_chapters(report)
    yield Heading(1, say("doc.method"))
    for part in ("verdict", "levels", "masked", "same", "law", "explain"):
        yield Paragraph(say(f"doc.method_{part}"))
    if signed:
        yield Heading(1, say("doc.signatures"))
        columns = tuple(say(f"doc.sign_{name}") for name in ("name", "signature", "date"))
        yield Signatures(columns, tuple(say(f"doc.sign_{role}") for role in ("tested", "reviewed", "approved")))
        yield Facts(((say("doc.sign_organisation"), ("",)), (say("doc.sign_seal"), ("", ""))))


def report_title(report: Report) -> tuple[str, str]:
    """Title and subtitle."""
    return report.wording.say("doc.title"), app_title(report.document, report.wording)


def _run(report: Report) -> Iterator[Block]:
    say = report.wording.say
    yield Heading(1, say("doc.run"))
    rows = [(name, tuple(line for line in lines if line)) for name, lines in _facts(report)]
    yield Facts(tuple((name, lines or ("–",)) for name, lines in rows))


def _facts(report: Report) -> Iterator[tuple[str, list[str]]]:
    words, say, session = report.wording, report.wording.say, report.session
    app, tools = session.get("app") or {}, session.get("tools") or {}
    name, code = visible(app.get("version_name")), visible(app.get("version_code"))
    yield say("doc.app"), [visible(app.get("label")) or say("report.unknown_app")]
    yield say("doc.package"), [visible(app.get("package"))]
    yield say("doc.version"), [say("doc.version_code", name=name or "–", code=code) if code else name]
    yield say("doc.apk"), [visible(app.get("apk_sha256"), 64)]
    yield say("doc.signature"), [visible(app.get("signature") or app.get("certificate_sha256"))]
    if isinstance(app.get("sdks_present"), dict):
        yield say("doc.sdks_present"), [visible(", ".join(map(str, app["sdks_present"])), 600) or "–"]
    yield say("doc.origin"), [visible(app.get("source") or app.get("installer"))]
    yield say("doc.category"), _categories(report)
    yield say("doc.device"), [device_line(report)]
    yield say("doc.period"), [f"{utc(session.get('started_ns'))} – {utc(session.get('ended_ns'))}"]
    length = seconds(report.line.end_ns - report.line.start_ns, 1)
    yield say("page.duration"), [say("doc.duration", seconds=length)]
    yield say("doc.first_launch"), [_yes_no(report, session.get("first_launch"))]
    yield say("doc.consent"), [consent_summary(report.document, words)]
    yield say("doc.tools"), [f"{visible(one)} {_tool(tools[one])}" for one in tools]
    yield say("doc.session"), [visible(session.get("id"))]
    yield say("doc.knowledge"), [visible(report.document.get("knowledge_sha256"), 64)]


def _tool(told: object) -> str:
    """A version or digest; of a record the names of what is so."""
    if isinstance(told, dict):
        return visible(", ".join(str(name) for name, value in told.items() if value), 300) or "–"
    return visible(told, 64)


def _categories(report: Report) -> list[str]:
    names = report.wording.labels.categories
    numbers = ((report.session.get("app") or {}).get("categories")) or ()
    told = [f"{visible(one)} {names.get(str(one), {}).get(report.wording.lang, '')}".strip() for one in numbers]
    return told or [report.wording.say("doc.categories_none")]


def _yes_no(report: Report, value: object) -> str:
    if not isinstance(value, bool):
        return report.wording.say("report.unknown")
    return report.wording.say("report.is_true" if value else "report.is_false")


def _results(report: Report) -> Iterator[Block]:
    say = report.wording.say
    counts = verdict_counts(report.document)
    yield Heading(1, say("doc.results"))
    told = {"without": counts["without_consent"], "indeterminate": counts["indeterminate"]}
    yield Paragraph(say("doc.verdict_line", **told, with_consent=counts["with_consent"]), "strong")
    if report.findings:
        grave = Counter(str(one.get("severity")) for one in report.findings)
        named = [f"{report.wording.term('severity', one)} {grave[one]}" for one in SEVERITIES if grave[one]]
        yield Paragraph(say("doc.finding_line", count=len(report.findings), list=report.wording.list(named)), "strong")
    else:
        yield Paragraph(say("report.no_findings"), "strong")
    dismissed = dismissed_count(report.document)
    if dismissed:
        yield Paragraph(say("doc.dismissed_line", count=dismissed))
    yield Paragraph(say("report.silence"), "warning")
    yield Heading(2, say("doc.at_a_glance"))
    yield _glance_table(report)
    if report.timeline is not None:
        yield Heading(2, say("timeline.title"))
        yield report.timeline
    yield Heading(2, say("doc.consent_record"))
    yield _consent_table(report)


def _glance_table(report: Report) -> Table:
    """Each kind of data under each part of the run; those without consent first."""
    say, words = report.wording.say, report.wording
    counts: dict[str, dict[str, Counter[str]]] = {}
    for one in report.document.get("detections") or ():
        parts = counts.setdefault(str(one.get("data")), {part: Counter() for part in _PARTS})
        parts[_part(one)][str(one.get("act"))] += int(one.get("count") or 1)
    order = sorted(counts, key=lambda data: (*(-sum(counts[data][part].values()) for part in _PARTS[:3]), data))
    rows = []
    for data in order:
        sensitive = f" · {say('report.sensitive')}" if data in words.labels.sensitive else ""
        cells = [_cell(report, counts[data][part]) for part in _PARTS]
        rows.append((words.data(data) + sensitive, *cells))
    if not rows:
        rows.append((say("doc.none"), "–", "–", "–", "–"))
    columns = (say("table.data"), *(say(f"doc.{part}") for part in _PARTS))
    return Table(columns, tuple(rows), shares=(28, 18, 18, 18, 18))


def _cell(report: Report, acts: Counter[str]) -> str:
    """Each act that happened with its number, one a line."""
    told = [f"{report.wording.term('level_short', act)} {acts[act]}" for act in _ACTS if acts[act]]
    return " · ".join(told) or "–"


def _part(detection: Any) -> str:  # noqa: ANN401 (a record of the document)
    if detection.get("verdict") == "without_consent":
        after = detection.get("phase") in ("after_refusal", "after_withdrawal")
        return "after_no" if after else "before_consent"
    return "after_yes" if detection.get("verdict") == "with_consent" else "undecided"


def _consent_table(report: Report) -> Block:
    words, say = report.wording, report.wording.say
    rows = [
        (
            visible(one.get("scope")),
            words.term("state", one.get("state")),
            report.after_start(one.get("from_ns"), one.get("from_err_ns")),
            "; ".join(
                [words.list([words.term("source", source) for source in one.get("sources") or ()])]
                + [f"“{visible(text, 80)}”" for text in (one.get("texts") or ())[:3]]
            ),
            ", ".join(visible(seq) for seq in (one.get("signals") or ())[:10]),
        )
        for one in report.document.get("consent") or ()
    ]
    if not rows:
        return Paragraph(say("table.consent_none"), "warning")
    names = ("page.scope", "page.state", "page.from", "doc.how_known", "page.signals")
    return Table(tuple(say(name) for name in names), tuple(rows), shares=(18, 10, 18, 40, 14))


def _findings(report: Report) -> Iterator[Block]:
    say = report.wording.say
    yield Heading(1, say("doc.findings"))
    if not report.findings:
        yield Paragraph(say("report.no_findings"))
        return
    names = ("doc.number", "table.severity", "table.what", "table.count", "table.margin", "table.clauses", "table.id")
    rows = tuple(_row(report, finding, number) for number, finding in enumerate(report.findings, 1))
    tones = tuple("dismissed" if is_dismissed(one) else str(one.get("severity")) for one in report.findings)
    links = tuple(anchor(one) if number < MOST_SHEETS else "" for number, one in enumerate(report.findings))
    yield Table(tuple(say(name) for name in names), rows, (6, 10, 28, 7, 16, 22, 11), tones, links)
    yield Heading(1, say("doc.details"))
    for number, finding in enumerate(report.findings[:MOST_SHEETS], 1):
        yield from finding_sheet(report, finding, number)
    if len(report.findings) > MOST_SHEETS:
        yield Paragraph(say("doc.more_findings", count=len(report.findings) - MOST_SHEETS))


def _row(report: Report, finding: Any, number: int) -> tuple[str, ...]:  # noqa: ANN401
    words = report.wording
    told = words.finding(finding)
    if is_dismissed(finding):
        told = f"[{words.say('doc.f_dismissed')}] {told}"
    return (
        str(number),
        words.term("severity", finding.get("severity")),
        told,
        visible(finding.get("count")),
        margin_of(finding, report.phases, words),
        ", ".join(visible(clause) for clause in finding.get("clauses") or ()) or "–",
        short_id(finding.get("id")),
    )
