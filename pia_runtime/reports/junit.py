"""The findings as JUnit XML, for CI: one test case a finding and one a rule-free behaviour that was looked for and not seen."""

from collections.abc import Iterator, Mapping
from typing import Any

from junitparser import Failure, Skipped, TestCase, TestSuite

from pia_runtime.reports.annotations import is_dismissed
from pia_runtime.reports.escape import visible
from pia_runtime.reports.junit_file import junit_bytes
from pia_runtime.reports.report import Report
from pia_runtime.reports.summary import app_title, margin_of


def render_junit(report: Report) -> bytes:
    """A finding fails; one that cannot be decided, or that a tester set aside, is skipped with the reason.

    Items of the checklist that were looked for and not seen pass; those that no run can decide are skipped.
    """
    words = report.wording
    suite = TestSuite(app_title(report.document, words))
    for name in ("package", "version_name"):
        suite.add_property(name, visible((report.session.get("app") or {}).get(name)))
    suite.add_property("knowledge_sha256", visible(report.document.get("knowledge_sha256"), 64))
    suite.add_testcases([*_findings(report), *_checklist(report)])
    return junit_bytes(words.say("doc.title"), suite)


def _findings(report: Report) -> Iterator[TestCase]:
    words = report.wording
    for finding in report.findings:
        name = f"{words.finding(finding)} [{visible(finding.get('id'))}]"
        case = TestCase(name, classname=f"pia.{visible(finding.get('rule'))}", time=0)
        message = " · ".join(
            filter(None, (words.term("verdict_long", finding.get("verdict")), _margin(report, finding)))
        )
        if is_dismissed(finding):
            case.result = [Skipped("; ".join(words.annotations(finding)))]
        elif finding.get("verdict") == "indeterminate":
            case.result = [Skipped(message)]
        else:
            failure = Failure(message, visible(finding.get("severity")))
            failure.text = "\n".join(_lines(report, finding))
            case.result = [failure]
        yield case


def _margin(report: Report, finding: Mapping[str, Any]) -> str:
    told = margin_of(finding, report.phases, report.wording)
    return "" if told == "–" else told


def _lines(report: Report, finding: Mapping[str, Any]) -> Iterator[str]:
    words = report.wording
    yield from (f"{visible(clause)} {words.clause(clause)}" for clause in finding.get("clauses") or ())
    if finding.get("needs_human"):
        yield words.needs_human(finding["needs_human"])
    read = next((one for one in report.seen_by(finding) if one.get("stack")), None)
    yield from (f"  at {visible(frame, 300)}" for frame in (read or {}).get("stack", ())[:20])


def _checklist(report: Report) -> Iterator[TestCase]:
    words = report.wording
    for one in report.document.get("assessment") or ():
        result = str(one.get("result"))
        if result == "found":
            continue
        case = TestCase(
            f"{visible(one.get('clause'))} {words.clause(one.get('clause'))}", classname="pia.checklist", time=0
        )
        if result != "not_seen":
            because = words.because(one.get("because") or ()) if one.get("because") else ""
            case.result = [Skipped(": ".join(filter(None, (words.term("outcome", result), because))))]
        yield case
