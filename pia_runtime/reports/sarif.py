"""The findings as SARIF 2.1.0, for code scanning and CI (OASIS SARIF 2.1.0, sections 3.14, 3.20, 3.27 and 3.49)."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from pia_runtime import __version__
from pia_runtime.reports.annotations import is_dismissed
from pia_runtime.reports.escape import LONG, visible
from pia_runtime.reports.instants import utc
from pia_runtime.reports.report import Report

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_MOST_LOCATIONS = 20


def render_sarif(report: Report) -> bytes:
    """One run; one result a finding, undecided ones of kind ``review``; blind spots as notifications of the tool."""
    rules = sorted({str(one.get("rule")) for one in report.findings})
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "pia_runtime",
                        "semanticVersion": __version__,
                        "language": "zh-CN" if report.wording.lang == "zh" else "en-US",
                        "rules": [_rule(report, rule) for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {"executionSuccessful": True, "toolExecutionNotifications": list(_blind_spots(report))}
                ],
                "results": [_result(report, one, rules) for one in report.findings],
                "properties": _properties(report),
            }
        ],
    }
    return orjson.dumps(log, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _properties(report: Report) -> dict[str, Any]:
    app = report.session.get("app") or {}
    return {
        "package": visible(app.get("package")),
        "version": visible(app.get("version_name")),
        "session": visible(report.session.get("id")),
        "knowledgeSha256": visible(report.document.get("knowledge_sha256"), 64),
    }


def _rule(report: Report, rule: str) -> dict[str, Any]:
    labels = report.wording.labels
    sentence = labels.rules.get(rule, {}).get(report.wording.lang) or rule
    cited = {str(clause) for one in report.findings if one.get("rule") == rule for clause in one.get("clauses") or ()}
    help_text = "\n".join(f"{visible(clause)} {report.wording.clause(clause)}" for clause in sorted(cited))
    return {
        "id": visible(rule),
        "shortDescription": {"text": visible(sentence, 300)},
        **({"help": {"text": help_text}} if help_text else {}),
    }


def _result(report: Report, finding: Mapping[str, Any], rules: list[str]) -> dict[str, Any]:
    words = report.wording
    undecided = finding.get("verdict") == "indeterminate"
    told = [words.finding(finding), words.needs_human(finding.get("needs_human"))]
    found: dict[str, Any] = {
        "ruleId": visible(finding.get("rule")),
        "ruleIndex": rules.index(str(finding.get("rule"))),
        "kind": "review" if undecided else "fail",
        "level": "none" if undecided else _LEVELS.get(str(finding.get("severity")), "warning"),
        "message": {"text": " ".join(filter(None, told))},
        "locations": _locations(report, finding) or [_place("events.jsonl", None, None)],
        "partialFingerprints": {"piaFinding/v1": visible(finding.get("id"))},
        "properties": {
            "severity": visible(finding.get("severity")),
            "verdict": visible(finding.get("verdict")),
            "data": visible(finding.get("data")),
            "count": finding.get("count"),
            "firstUtc": utc(finding.get("first_ns")),
            "clauses": [visible(clause) for clause in finding.get("clauses") or ()],
        },
    }
    if is_dismissed(finding):
        found["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": "; ".join(words.annotations(finding))}
        ]
    stack = _stack(report, finding)
    return {**found, "stacks": [stack]} if stack else found


def _locations(report: Report, finding: Mapping[str, Any]) -> list[dict[str, Any]]:
    places = []
    for one in report.seen_by(finding)[:_MOST_LOCATIONS]:
        if one.get("act") == "transmission":
            to = (one.get("recipient") or {}).get("host")
            places.append(_place("flows.mitm", f"{visible(one.get('flow'))} → {visible(to)}", "resource"))
        else:
            places.append(
                _place("events.jsonl", f"seq {visible(one.get('event'))}: {visible(one.get('api'))}", "function")
            )
    return places


def _place(file: str, name: str | None, kind: str | None) -> dict[str, Any]:
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": file}}}
    if name:
        place["logicalLocations"] = [{"fullyQualifiedName": name, "kind": kind}]
    return place


def _stack(report: Report, finding: Mapping[str, Any]) -> dict[str, Any] | None:
    read = next((one for one in report.seen_by(finding) if one.get("stack")), None)
    if read is None:
        return None
    frames = [
        {"location": {"logicalLocations": [{"fullyQualifiedName": visible(frame, 300)}]}}
        for frame in read["stack"][:40]
    ]
    return {"frames": frames}


def _blind_spots(report: Report) -> Iterator[dict[str, Any]]:
    for spot in report.document.get("blind_spots") or ():
        place = " ".join(filter(None, (visible(spot.get("host")), visible(spot.get("detail"), 200))))
        told = ": ".join(filter(None, (report.wording.term("blind_spot", spot.get("kind")), place)))
        text = f"{told} (× {visible(spot.get('count'))}). {report.wording.blind_spot(spot)}"
        yield {
            "level": "warning",
            "message": {"text": visible(text, LONG)},
            "descriptor": {"id": visible(spot.get("kind")) or "unknown"},
        }
