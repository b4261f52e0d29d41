"""Facts of the document that every format shows, as words: app, consent steps, order of findings, coverage."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pia_runtime.model.detection import Phase
from pia_runtime.reports.consent_line import consent_line
from pia_runtime.reports.escape import visible
from pia_runtime.reports.instants import error_seconds, seconds, with_error
from pia_runtime.reports.labels import Document
from pia_runtime.reports.wording import Wording

SEVERITIES = ("critical", "high", "medium", "low", "info")
"""From the gravest on."""

SHORT_ID = 8
"""Characters of an id where space is short; enough to name it to ``pia explain``."""


def findings_by_severity(document: Document) -> list[Mapping[str, Any]]:
    """The findings, gravest first, otherwise in the document's order; an unknown severity comes last."""
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}
    return sorted(document.get("findings") or (), key=lambda finding: rank.get(str(finding.get("severity")), len(rank)))


def short_id(given: object) -> str:
    """The first characters of a finding's or detection's id."""
    return visible(str(given or "")[:SHORT_ID], SHORT_ID)


def phase_coverage(document: Document) -> Iterator[tuple[str, str, list[str], Mapping[str, Any]]]:
    """Each phase with its duration, its numbers of reads, attempts and transmissions, and its facts; a dash for the unknown."""
    phases = (document.get("coverage") or {}).get("phases") or {}
    order = {phase: place for place, phase in enumerate(get_args(Phase))}
    for phase in sorted(phases, key=lambda name: (order.get(name, len(order)), name)):
        facts = phases[phase]
        duration = facts.get("duration_ns")
        counts = [visible(facts.get(name)) or "–" for name in ("accesses", "attempts", "transmissions")]
        yield phase, "–" if duration is None else f"{seconds(duration)} s", counts, facts


def phase_result(facts: Mapping[str, Any], wording: Wording) -> str:
    """What a phase showed; where part of it could not be seen, why that is no clean result."""
    because = wording.because(facts.get("because") or ())
    told = wording.term("report_result", facts.get("result")) if facts.get("result") else "–"
    return told.replace("{because}", because)


def not_assessed(document: Document, wording: Wording) -> list[tuple[str, str]]:
    """What this run could not assess: reason → the provisions it holds back, reasons in the order of the provisions."""
    by_reason: dict[str, list[str]] = {}
    for entry in document.get("assessment") or ():
        if entry.get("result") in ("never", "not_assessed", "not_seen_because"):
            by_reason.setdefault(wording.because(entry.get("because") or ()), []).append(visible(entry.get("clause")))
    return [(reason, ", ".join(clauses)) for reason, clauses in by_reason.items()]


def notice_lines(document: Document, wording: Wording) -> Iterator[tuple[str, list[str]]]:
    """Each heading of a public notice with its items: whose code, which data, what was done, where to."""
    for heading in document.get("notice") or ():
        sentence = visible((heading.get("wording") or {}).get(wording.lang), 300)
        yield (
            f"{sentence} ({visible(heading.get('clause'))})",
            [_item(item, wording) for item in heading.get("items") or ()],
        )


def _item(item: Mapping[str, Any], wording: Wording) -> str:
    acts = wording.list([wording.term("act", act) for act in item.get("acts") or ()])
    hosts = ", ".join(visible(host) for host in item.get("hosts") or ())
    told = f"{wording.data(item.get('data'))} · {wording.actor(item.get('actor'))} · {acts}"
    return f"{told} → {hosts}" if hosts else told


def margin_of(finding: Mapping[str, Any], phases: Mapping[str, set[str]], wording: Wording) -> str:
    """Distance of a finding to the consent boundary, in words; ``phases`` as from :func:`finding_phases`."""
    found = phases.get(str(finding.get("id")), set())
    return wording.margin(finding.get("margin_ns"), finding.get("err_ns"), found, finding.get("verdict"))


def app_title(document: Document, wording: Wording) -> str:
    """``示例借款 (com.example.loan) 1.8.50``, as much of it as is known."""
    app = (document.get("session") or {}).get("app") or {}
    label, package, version = (visible(app.get(name)) for name in ("label", "package", "version_name"))
    named = f"{label} ({package})" if label and package else label or package or wording.say("report.unknown_app")
    return f"{named} {version}".strip()


def consent_summary(document: Document, wording: Wording) -> str:
    """When the policy was asked, given, refused and withdrawn, relative to the start, each with its error."""
    line = consent_line(document)
    steps = [
        wording.say(
            "table.consent_step",
            state=wording.term("state", boundary.state),
            offset=with_error(boundary.t_ns - line.start_ns, boundary.err_ns),
        )
        for boundary in line.boundaries
    ]
    if line.uncompared:
        steps.append(wording.say("table.uncompared"))
    return " · ".join(steps) or wording.say("table.consent_none")


def contradictions(document: Document, wording: Wording) -> Iterator[str]:
    """Answers about one scope and moment that independent sources tell differently."""
    for entry in document.get("consent") or ():
        for other in (entry.get("agreement") or {}).get("contradicting") or ():
            told = wording.say(
                "table.contradicted",
                state=wording.term("state", other.get("state")),
                sources=wording.list([wording.term("source", source) for source in other.get("sources") or ()]),
            )
            yield f"{visible(entry.get('scope'))} {wording.term('state', entry.get('state'))}: {told}"


def finding_phases(document: Document) -> dict[str, set[str]]:
    """Phases of the detections of each finding, by finding id."""
    phases = {detection.get("id"): str(detection.get("phase")) for detection in document.get("detections") or ()}
    return {
        str(finding.get("id")): {phases[one] for one in finding.get("detections") or () if one in phases}
        for finding in document.get("findings") or ()
    }


def coverage_facts(document: Document, wording: Wording) -> Iterator[tuple[str, str]]:
    """Hooks, counts, processes and clock as pairs of a name and a sentence; what is not recorded says so by a dash."""
    coverage = document.get("coverage") or {}
    number = {name: visible(coverage.get(name)) or "–" for name in ("flows", "events", "indeterminate")}
    hooks = {name: visible(coverage.get(f"hooks_{name}")) or "–" for name in ("installed", "failed", "absent")}
    clock = coverage.get("clock") or {}
    yield wording.say("table.hooks"), wording.say("table.hooks_line", **hooks)
    yield wording.say("table.recorded"), wording.say("table.recorded_line", **number)
    yield wording.say("table.processes"), ", ".join(visible(name) for name in coverage.get("processes") or ()) or "–"
    yield (
        wording.say("table.clock"),
        wording.say(
            "table.clock_line",
            samples=clock["samples"],
            offset=seconds(clock.get("offset_ns") or 0),
            error=error_seconds(clock.get("err_ns") or 0),
        )
        if clock.get("samples")
        else wording.say("table.clock_none"),
    )
