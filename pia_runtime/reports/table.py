"""The findings as tables in a terminal, narrow or wide; readable without colour, and without any when piped."""

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pia_runtime.reports.consent_line import consent_line
from pia_runtime.reports.declaration import print_declaration
from pia_runtime.reports.escape import visible
from pia_runtime.reports.instants import seconds, utc
from pia_runtime.reports.labels import Document, Labels, Lang
from pia_runtime.reports.lanes import verdict_counts
from pia_runtime.reports.summary import (
    app_title,
    consent_summary,
    contradictions,
    coverage_facts,
    finding_phases,
    findings_by_severity,
    margin_of,
    not_assessed,
    notice_lines,
    phase_coverage,
    phase_result,
    short_id,
)
from pia_runtime.reports.wording import Wording

_WIDE = 150
_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}


def print_findings(document: Document, labels: Labels, lang: Lang, console: Console) -> None:
    """Print header, findings, blind spots and coverage of ``document`` to ``console``."""
    wording = Wording(lang, labels)
    console.print(Text(wording.say("table.title"), style="bold"))
    console.print(_header(document, wording))
    _print_findings_table(document, wording, console)
    _print_notice(document, wording, console)
    print_declaration(document, labels, lang, console)
    _print_blind_spots(document, wording, console)
    _print_not_assessed(document, wording, console)
    console.print()
    console.print(Text(wording.say("table.coverage"), style="bold"))
    if (document.get("coverage") or {}).get("phases"):
        console.print(_phases(document, wording))
    console.print(_coverage(document, wording))
    console.print()
    console.print(Text(wording.say("report.silence"), style="italic"))


def render_table(document: Document, labels: Labels, lang: Lang, width: int = 100) -> str:
    """The same as plain text without colour, ``width`` columns wide."""
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        print_findings(document, labels, lang, console)
    return "\n".join(line.rstrip() for line in capture.get().split("\n"))


def _header(document: Document, wording: Wording) -> Table:
    line = consent_line(document)
    counts = verdict_counts(document)
    known = bool(document.get("detections") or line.boundaries or line.end_ns > line.start_ns + 1)
    span = wording.say("table.run_span", start=utc(line.start_ns), seconds=seconds(line.end_ns - line.start_ns, 1))
    return _pairs(
        (wording.say("table.app"), app_title(document, wording)),
        (wording.say("table.run"), span if known else wording.say("report.unknown")),
        (wording.say("table.consent"), consent_summary(document, wording)),
        *((wording.say("table.contradiction"), told) for told in contradictions(document, wording)),
        (
            wording.say("table.totals"),
            wording.say(
                "table.totals_line",
                without=counts["without_consent"],
                indeterminate=counts["indeterminate"],
                with_consent=counts["with_consent"],
            ),
        ),
    )


def _print_findings_table(document: Document, wording: Wording, console: Console) -> None:
    console.print()
    findings = findings_by_severity(document)
    console.print(Text(f"{wording.say('table.findings')} ({len(findings)})", style="bold"))
    if not findings:
        console.print(Text(wording.say("report.no_findings")))
        return
    phases = finding_phases(document)
    if console.width >= _WIDE:
        console.print(_wide_table(findings, phases, wording))
    else:
        console.print(_narrow_table(findings, phases, wording))


def _wide_table(findings: Iterable[Mapping[str, Any]], phases: Mapping[str, set[str]], wording: Wording) -> Table:
    table = _table(wording, "severity", "what", "data", "who", "where", "count", "margin", "clauses", "id")
    table.columns[5].justify = "right"
    for finding in findings:
        table.add_row(
            _severity(finding, wording),
            Text("\n".join([wording.finding(finding), *_added(finding, wording)])),
            Text(wording.data(finding.get("data"))),
            Text(wording.actor(finding.get("actor"))),
            Text(wording.recipient(finding.get("recipient"))),
            Text(visible(finding.get("count"))),
            Text(margin_of(finding, phases, wording)),
            Text(", ".join(visible(clause) for clause in finding.get("clauses") or ()) or "–"),
            Text(short_id(finding.get("id"))),
        )
    return table


def _narrow_table(findings: Iterable[Mapping[str, Any]], phases: Mapping[str, set[str]], wording: Wording) -> Table:
    """Two columns: what does not fit beside the sentence stands under it."""
    table = _table(wording, "severity", "what", "id")
    table.columns[1].ratio = 1
    table.expand = True
    for finding in findings:
        told = Text(wording.finding(finding))
        for detail in _details(finding, phases, wording):
            told.append(f"\n{detail}", style="dim")
        table.add_row(_severity(finding, wording), told, Text(short_id(finding.get("id"))))
    return table


def _details(finding: Mapping[str, Any], phases: Mapping[str, set[str]], wording: Wording) -> Iterator[str]:
    counted = f"{wording.say('table.count')} {visible(finding.get('count'))}"
    yield " · ".join(told for told in (margin_of(finding, phases, wording), counted) if told != "–")
    company = visible((finding.get("recipient") or {}).get("company"))
    cited = ", ".join(visible(clause) for clause in finding.get("clauses") or ())
    if company or cited:
        yield " · ".join(filter(None, (company, cited)))
    yield from _added(finding, wording)


def _added(finding: Mapping[str, Any], wording: Wording) -> Iterator[str]:
    """What the finding rests on, and what testers signed about it."""
    yield from (wording.threshold(used) for used in finding.get("thresholds") or ())
    yield from wording.annotations(finding)


def _severity(finding: Mapping[str, Any], wording: Wording) -> Text:
    severity = finding.get("severity")
    return Text(wording.term("severity", severity), style=_STYLES.get(str(severity), ""))


def _print_blind_spots(document: Document, wording: Wording, console: Console) -> None:
    console.print()
    console.print(Text(wording.say("table.blind_spots"), style="bold"))
    spots = document.get("blind_spots") or ()
    if not spots:
        console.print(Text(wording.say("report.no_blind_spots")))
        return
    wide = console.width >= _WIDE
    table = _table(wording, "kind", "count", *(("host", "why") if wide else ("why",)))
    table.columns[1].justify = "right"
    for spot in spots:
        place = " ".join(filter(None, (visible(spot.get("host")), visible(spot.get("detail")))))
        kind, count = Text(wording.term("blind_spot", spot.get("kind"))), Text(visible(spot.get("count")))
        why = wording.blind_spot(spot)
        if wide:
            table.add_row(kind, count, Text(place or "–"), Text(why))
        else:
            table.add_row(kind, count, Text(f"{place}\n{why}" if place else why))
    console.print(table)


def _print_notice(document: Document, wording: Wording, console: Console) -> None:
    headings = list(notice_lines(document, wording))
    if not headings:
        return
    console.print()
    console.print(Text(wording.say("table.notice"), style="bold"))
    for sentence, items in headings:
        console.print(Text(sentence))
        for item in items:
            console.print(Text(f"  - {item}"))


def _print_not_assessed(document: Document, wording: Wording, console: Console) -> None:
    rows = not_assessed(document, wording)
    if rows:
        console.print()
        console.print(Text(wording.say("table.not_assessed"), style="bold"))
        console.print(_pairs(*((clauses, reason) for reason, clauses in rows), wrap=True))


def _phases(document: Document, wording: Wording) -> Table:
    table = _table(wording, "phase", "duration", "accesses", "attempts", "transmissions", "result")
    for column in table.columns[1:-1]:
        column.justify = "right"
    for phase, duration, counts, facts in phase_coverage(document):
        told = (duration, *counts, phase_result(facts, wording))
        table.add_row(Text(wording.term("phase", phase)), *(Text(cell) for cell in told))
    return table


def _coverage(document: Document, wording: Wording) -> Table:
    return _pairs(*coverage_facts(document, wording))


def _pairs(*rows: tuple[str, str], wrap: bool = False) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=not wrap, style="dim")
    table.add_column(overflow="fold")
    for name, told in rows:
        table.add_row(Text(name), Text(told))
    return table


def _table(wording: Wording, *columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(wording.say(f"table.{column}"), overflow="fold")
    return table
