"""The static parts of the page as values for its template; every text in both languages."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from markupsafe import Markup

from pia_runtime.reports.consent_line import consent_line
from pia_runtime.reports.declaration import declaration_rows
from pia_runtime.reports.escape import visible
from pia_runtime.reports.glance import MOST_KINDS, Glance, glances
from pia_runtime.reports.instants import seconds, utc, with_error
from pia_runtime.reports.labels import Document, Labels
from pia_runtime.reports.summary import (
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

_BOTH = Markup('<span class="zh" lang="zh-Hans">{}</span><span class="en" lang="en">{}</span>')


class _Page:
    """A document with its words in both languages."""

    def __init__(self, document: Document, labels: Labels) -> None:
        self.document, self.labels = document, labels
        self.zh, self.en = Wording("zh", labels), Wording("en", labels)
        self.line = consent_line(document)

    def both(self, tell: Callable[[Wording], str]) -> Markup:
        """What ``tell`` says in each language, escaped; one text where both say the same."""
        return self.pair(tell(self.zh), tell(self.en))

    def pair(self, zh: str, en: str) -> Markup:
        """Two texts that say the same."""
        return Markup("{}").format(zh) if zh == en else _BOTH.format(zh, en)

    def term(self, group: str, name: object) -> Markup:
        """A word of the document's vocabulary in both languages."""
        return self.both(lambda wording: wording.term(group, name))

    def clause(self, clause: object) -> Markup:
        """Gist of a provision in both languages."""
        return self.both(lambda wording: wording.clause(clause))

    def say(self, key: str, **slots: object) -> Markup:
        """A message in both languages."""
        return self.both(lambda wording: wording.say(key, **slots))

    def after_start(self, t_ns: int | None, err_ns: int | None) -> str:
        """An instant relative to the start of the run, with its error."""
        return "–" if t_ns is None else f"+{with_error(t_ns - self.line.start_ns, err_ns)}"


def page_parts(document: Document, labels: Labels) -> dict[str, Any]:
    """Values of the template's names."""
    page = _Page(document, labels)
    session = document.get("session") or {}
    app = session.get("app") or {}
    return {
        "say": page.say,
        "app": visible(app.get("label")) or visible(app.get("package")) or page.say("report.unknown_app"),
        "package": " ".join(filter(None, (visible(app.get("package")), visible(app.get("version_name"))))),
        "facts": _facts(page, session),
        "glances": [_glance(page, one) for one in glances(document)],
        "steps": [
            (boundary.state, page.term("state", boundary.state), page.after_start(boundary.t_ns, boundary.err_ns))
            for boundary in page.line.boundaries
        ],
        "findings": _findings(page),
        "provisions": _provisions(page),
        "scopes": [_scope(page, entry) for entry in document.get("consent") or ()],
        "blind_spots": [_blind_spot(page, spot) for spot in document.get("blind_spots") or ()],
        "phases": _phases(page),
        "notice": _notice(page),
        "declaration": _cells(page, declaration_rows),
        "not_assessed": _cells(page, not_assessed),
        "coverage": [
            (page.pair(zh[0], en[0]), page.pair(zh[1], en[1]))
            for zh, en in zip(coverage_facts(document, page.zh), coverage_facts(document, page.en), strict=True)
        ],
        "knowledge": visible(str(document.get("knowledge_sha256") or "–")[:12]),
        "marks": len(document.get("detections") or ()),
    }


def _facts(page: _Page, session: Mapping[str, Any]) -> list[tuple[Markup, Any]]:
    device = session.get("device") or {}
    named = [visible(device.get("model")), f"Android {visible(device.get('android'))}" if device.get("android") else ""]
    told = " · ".join(filter(None, named))
    tools = session.get("tools") or {}
    return [
        (page.say("page.started"), utc(session.get("started_ns"))),
        (page.say("page.duration"), f"{seconds(page.line.end_ns - page.line.start_ns, 1)} s"),
        (page.say("page.device"), told or "–"),
        (page.say("page.first_launch"), _yes_no(page, session.get("first_launch"))),
        (
            page.say("page.tools"),
            ", ".join(
                f"{visible(name)} {visible(version, 16)}" for name, version in tools.items() if isinstance(version, str)
            )
            or "–",
        ),
    ]


def _yes_no(page: _Page, value: object) -> Markup:
    if not isinstance(value, bool):
        return page.say("report.unknown")
    return page.say("report.is_true" if value else "report.is_false")


def _glance(page: _Page, one: Glance) -> dict[str, Any]:
    """One card: what part of the run, how often which act, which data, to whom."""
    counts = [("access", one.reads), ("attempt", one.attempts), ("transmission", one.sends)]
    return {
        "part": one.part,
        "title": page.say(f"glance.{one.part}"),
        "counts": [(act, f"{count:,}", page.term("act", act)) for act, count in counts if count],
        "kinds": page.both(partial(_kinds, one)) if one.kinds else page.say("glance.nothing"),
        "third_parties": page.say("glance.third_parties", count=len(one.third_parties)) if one.third_parties else "",
        "hosts": ", ".join(visible(host) for host in one.third_parties[:12]),
    }


def _kinds(one: Glance, wording: Wording) -> str:
    named = wording.list([wording.data(kind) for kind in one.kinds[:MOST_KINDS]])
    more = len(one.kinds) - MOST_KINDS
    return named if more <= 0 else wording.say("glance.more", kinds=named, count=more)


def _findings(page: _Page) -> list[dict[str, Any]]:
    phases = finding_phases(page.document)
    return [
        _finding(page, finding, phases, number) for number, finding in enumerate(findings_by_severity(page.document))
    ]


def _finding(page: _Page, finding: Mapping[str, Any], phases: Mapping[str, set[str]], number: int) -> dict[str, Any]:
    recipient = finding.get("recipient") or {}
    interval = (finding.get("frequency") or {}).get("min_interval_ns")
    severity = str(finding.get("severity"))
    return {
        "number": number,
        "severity": severity if severity.isalpha() else "info",
        "severity_name": page.term("severity", severity),
        "sentence": page.both(lambda wording: wording.finding(finding)),
        "data": page.both(lambda wording: wording.data(finding.get("data"))),
        "actor": page.both(lambda wording: wording.actor(finding.get("actor"))),
        "sensitive": finding.get("data") in page.labels.sensitive,
        "third_party": recipient.get("third_party") is True,
        "host": visible(recipient.get("host")),
        "company": visible(recipient.get("company")),
        "count": visible(finding.get("count")),
        "margin": page.both(lambda wording: margin_of(finding, phases, wording)),
        "first": "–" if finding.get("first_ns") is None else f"+{seconds(finding['first_ns'] - page.line.start_ns)} s",
        "interval": None if interval is None else f"{seconds(interval)} s",
        "clauses": [(visible(clause), page.clause(clause)) for clause in finding.get("clauses") or ()],
        "thresholds": [page.both(partial(_threshold, used)) for used in finding.get("thresholds") or ()],
        "needs_human": page.both(lambda wording: wording.needs_human(finding.get("needs_human"))),
        "annotations": [
            (str(one.get("kind")), page.both(partial(_annotation, {"annotations": [one]})))
            for one in finding.get("annotations") or ()
        ],
        "id": visible(finding.get("id"), 64),
        "short_id": short_id(finding.get("id")),
    }


def _annotation(finding: Mapping[str, Any], wording: Wording) -> str:
    return wording.annotations(finding)[0]


def _threshold(used: Mapping[str, Any], wording: Wording) -> str:
    return wording.threshold(used)


def _provisions(page: _Page) -> list[tuple[str, Markup, str | None]]:
    """Every cited clause once: its id, its gist, and its own sentence where that was read verbatim."""
    cited = sorted(
        {str(clause) for finding in page.document.get("findings") or () for clause in finding.get("clauses") or ()}
    )
    return [(visible(clause), page.clause(clause), page.labels.quotations.get(clause)) for clause in cited]


def _scope(page: _Page, entry: Mapping[str, Any]) -> dict[str, Any]:
    until = entry.get("until_ns")
    return {
        "scope": visible(entry.get("scope")),
        "state": page.term("state", entry.get("state")),
        "since": page.after_start(entry.get("from_ns"), entry.get("from_err_ns")),
        "until": page.say("page.the_end") if until is None else page.after_start(until, entry.get("until_err_ns")),
        "note": Markup(" · ").join(_notes(page, entry)),
        "signals": ", ".join(visible(seq) for seq in (entry.get("signals") or ())[:20]),
    }


def _notes(page: _Page, entry: Mapping[str, Any]) -> Iterator[Markup | str]:
    """How the change is known: kinds of evidence, and the words on the button or in the dialog."""
    yield from (page.term("source", source) for source in entry.get("sources") or ())
    yield from (f"“{visible(text)}”" for text in (entry.get("texts") or ())[:5])
    for other in (entry.get("agreement") or {}).get("contradicting") or ():
        yield page.both(partial(_contradiction, other))
    if entry.get("margin"):
        yield visible(entry["margin"], 300)


def _contradiction(other: Mapping[str, Any], wording: Wording) -> str:
    sources = wording.list([wording.term("source", source) for source in other.get("sources") or ()])
    return wording.say("table.contradicted", state=wording.term("state", other.get("state")), sources=sources)


def _blind_spot(page: _Page, spot: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": page.term("blind_spot", spot.get("kind")),
        "place": " ".join(filter(None, (visible(spot.get("host")), visible(spot.get("detail"), 300)))) or "–",
        "count": visible(spot.get("count")),
        "why": page.both(lambda wording: wording.blind_spot(spot)),
    }


def _phases(page: _Page) -> list[tuple[Markup, str, list[str], Markup]]:
    return [
        (page.term("phase", phase), duration, counts, page.both(partial(phase_result, facts)))
        for phase, duration, counts, facts in phase_coverage(page.document)
    ]


def _pairs[T](page: _Page, tell: Callable[[Document, Wording], Iterable[T]]) -> list[tuple[T, T]]:
    """What ``tell`` says in each language, line by line."""
    return list(zip(tell(page.document, page.zh), tell(page.document, page.en), strict=True))


def _notice(page: _Page) -> list[tuple[Markup, list[Markup]]]:
    return [
        (page.pair(zh[0], en[0]), [page.pair(*item) for item in zip(zh[1], en[1], strict=True)])
        for zh, en in _pairs(page, notice_lines)
    ]


def _cells(page: _Page, tell: Callable[[Document, Wording], Iterable[tuple[str, ...]]]) -> list[list[Markup]]:
    return [[page.pair(*cell) for cell in zip(zh, en, strict=True)] for zh, en in _pairs(page, tell)]
