"""The chapters behind the findings: third parties, lists, declaration, checklist, coverage, and what could not be seen."""

from collections.abc import Iterator, Mapping
from typing import Any

from pia_runtime.reports.blocks import Block, Facts, Heading, Paragraph, Table
from pia_runtime.reports.declaration import declaration_rows
from pia_runtime.reports.escape import visible
from pia_runtime.reports.notice import notice_paragraphs
from pia_runtime.reports.report import Report
from pia_runtime.reports.summary import coverage_facts, phase_coverage, phase_result
from pia_runtime.reports.third_parties import third_parties

_RESULTS = ("found", "not_seen", "not_seen_because", "not_assessed")


def record_chapters(report: Report) -> Iterator[Block]:
    """The chapters, in order."""
    yield from _third_parties(report)
    yield from _necessity(report)
    yield from _declaration(report)
    yield from _notice(report)
    yield from _checklist(report)
    yield from _coverage(report)
    yield from _blind_spots(report)
    yield from _cannot_see(report)
    yield from _thresholds(report)


def _third_parties(report: Report) -> Iterator[Block]:
    say = report.wording.say
    yield Heading(1, say("doc.sdks"))
    rows = tuple(
        (
            one.name,
            one.company or "–",
            report.wording.list([report.wording.data(data) for data in one.read]),
            report.wording.list([report.wording.data(data) for data in one.sent]),
            "\n".join(one.hosts) or "–",
            f"{report.offset(one.earliest_ns)} s",
            str(one.without_consent),
        )
        for one in third_parties(report)
    )
    if not rows:
        yield Paragraph(say("doc.none_third"))
        return
    names = ("sdk_name", "company", "sdk_reads", "sdk_sends", "f_destination", "sdk_earliest", "sdk_without")
    yield Table(tuple(say(f"doc.{name}") for name in names), rows, shares=(16, 15, 20, 20, 17, 9, 9))


def _necessity(report: Report) -> Iterator[Block]:
    words, say = report.wording, report.wording.say
    for one in report.document.get("necessity") or ():
        name = visible((one.get("name") or {}).get(words.lang))
        yield Heading(1, f"{say('doc.necessity')} · {name}")
        function = visible((one.get("basic_function") or {}).get(words.lang), 400)
        yield Facts(((say("doc.basic_function"), (function,)), (say("table.clauses"), (visible(one.get("clause")),))))
        rows = tuple(
            (
                visible((element.get("name") or {}).get(words.lang), 300),
                words.list([words.data(data) for data in element.get("seen") or ()])
                if element.get("seen")
                else say("doc.not_seen"),
            )
            for element in one.get("elements") or ()
        )
        if rows:
            yield Table((say("doc.element"), say("doc.seen")), rows, shares=(60, 40))
        beyond = words.list([words.data(data) for data in one.get("beyond") or ()])
        told = beyond if one.get("beyond") else say("doc.beyond_none")
        yield Facts(((say("doc.beyond"), (told,)),))


def _declaration(report: Report) -> Iterator[Block]:
    say = report.wording.say
    rows = tuple(declaration_rows(report.document, report.wording))
    if rows:
        yield Heading(1, say("table.declaration"))
        columns = tuple(say(f"table.{name}") for name in ("declared_by", "data", "result"))
        yield Table(columns, rows, shares=(34, 38, 28))


def _notice(report: Report) -> Iterator[Block]:
    yield Heading(1, report.wording.say("notice_text.title"))
    for line in notice_paragraphs(report):
        yield Paragraph(line)


def _checklist(report: Report) -> Iterator[Block]:
    say = report.wording.say
    rows = tuple(_assessed(report, one) for one in report.document.get("assessment") or ())
    if rows:
        yield Heading(1, say("doc.checklist"))
        yield Paragraph(say("doc.checklist_note"), "note")
        columns = (say("table.clauses"), say("doc.behaviour"), say("table.result"), say("doc.reason"))
        yield Table(columns, rows, shares=(13, 47, 18, 22))


def _assessed(report: Report, one: Mapping[str, Any]) -> tuple[str, ...]:
    words = report.wording
    still = f"{words.say('doc.still')}: {words.because([one['still']])}" if one.get("still") else ""
    because = words.because(one.get("because") or ()) if one.get("because") else ""
    return (
        visible(one.get("clause")),
        words.clause(one.get("clause")),
        outcome(report, one),
        "; ".join(filter(None, (because, still))) or "–",
    )


def outcome(report: Report, one: Mapping[str, Any]) -> str:
    """Result of one item of the checklist, in words."""
    return report.wording.term("outcome", one.get("result"))


def _coverage(report: Report) -> Iterator[Block]:
    words, say = report.wording, report.wording.say
    yield Heading(1, say("table.coverage"))
    rows = tuple(
        (words.term("phase", phase), duration, *counts, phase_result(facts, words))
        for phase, duration, counts, facts in phase_coverage(report.document)
    )
    names = ("phase", "duration", "accesses", "attempts", "transmissions", "result")
    if rows:
        yield Table(tuple(say(f"table.{name}") for name in names), rows, shares=(20, 14, 10, 10, 10, 36))
    yield Facts(tuple((name, (told,)) for name, told in coverage_facts(report.document, words)))


def _blind_spots(report: Report) -> Iterator[Block]:
    words, say = report.wording, report.wording.say
    yield Heading(1, say("table.blind_spots"))
    spots = report.document.get("blind_spots") or ()
    if not spots:
        yield Paragraph(say("report.no_blind_spots"))
        return
    rows = tuple(
        (
            words.term("blind_spot", spot.get("kind")),
            " ".join(filter(None, (visible(spot.get("host")), visible(spot.get("detail"), 200)))) or "–",
            visible(spot.get("count")),
            words.blind_spot(spot),
        )
        for spot in spots
    )
    columns = tuple(say(f"table.{name}") for name in ("kind", "host", "count", "why"))
    yield Table(columns, rows, shares=(18, 28, 8, 46))


def _cannot_see(report: Report) -> Iterator[Block]:
    words, say = report.wording, report.wording.say
    never = [one for one in report.document.get("assessment") or () if one.get("result") == "never"]
    if never:
        yield Heading(1, say("doc.cannot_see"))
        yield Paragraph(say("doc.cannot_see_note"), "note")
        rows = tuple(
            (visible(one.get("clause")), words.clause(one.get("clause")), words.because(one.get("because") or ()))
            for one in never
        )
        columns = (say("table.clauses"), say("doc.behaviour"), say("doc.reason"))
        yield Table(columns, rows, shares=(14, 60, 26))


def _thresholds(report: Report) -> Iterator[Block]:
    words, say = report.wording, report.wording.say
    numbers = report.document.get("thresholds") or {}
    if numbers:
        yield Heading(1, say("doc.thresholds"))
        rows = tuple(
            (
                visible(name) + (words.say("threshold.overridden") if one.get("overridden") else ""),
                f"{visible(one.get('value'))} {words.term('unit', one.get('unit'))}",
                visible(one.get("source"), 300),
            )
            for name, one in numbers.items()
        )
        columns = (say("table.threshold"), say("doc.threshold_value"), say("doc.threshold_source"))
        yield Table(columns, rows, shares=(30, 18, 52))
