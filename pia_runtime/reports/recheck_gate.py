"""A re-check for machines that gate a release: JUnit XML and SARIF 2.1.0.

JUnit: still present and new are failures, not exercised is skipped (with the reasons), fixed passes. SARIF: still present is
``unchanged`` or ``updated``, new is ``new``, fixed is ``absent`` with kind ``pass``, not exercised has kind ``open``.
Source of the SARIF fields: OASIS SARIF 2.1.0, sections 3.27.9 (kind), 3.27.10 (level), 3.27.24 (baselineState).
"""

from collections.abc import Mapping
from typing import Any

import orjson
from junitparser import Failure, Skipped, TestCase, TestSuite

from pia_runtime import __version__
from pia_runtime.reports.escape import visible
from pia_runtime.reports.junit_file import junit_bytes
from pia_runtime.reports.labels import Labels, Lang
from pia_runtime.reports.recheck_words import explained, run_name, state_of, told
from pia_runtime.reports.wording import Wording

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}


def recheck_junit(document: Mapping[str, Any], labels: Labels, lang: Lang) -> bytes:
    """One test case for each item."""
    wording = Wording(lang, labels)
    suite = TestSuite(wording.say("recheck.title"))
    for name in ("before", "after"):
        suite.add_property(name, run_name(document[name]))
    suite.add_testcases([_test_case(item, wording) for item in document["items"]])
    return junit_bytes(wording.say("recheck.title"), suite)


def _test_case(item: Mapping[str, Any], wording: Wording) -> TestCase:
    rule = visible((item["before"] or item["after"] or {}).get("rule"))
    case = TestCase(f"{told(item, wording)} [{visible(item['id'])}]", classname=f"pia.{rule}", time=0)
    why = "; ".join(explained(item, wording))
    message = ": ".join(filter(None, (state_of(item, wording), why)))
    if item["state"] in ("still_present", "new"):
        case.result = [Failure(message, item["state"])]
    elif item["state"] == "not_exercised":
        case.result = [Skipped(message)]
    return case


def recheck_sarif(document: Mapping[str, Any], labels: Labels, lang: Lang) -> bytes:
    """One result for each item, the rules that they are under, and the states counted."""
    wording = Wording(lang, labels)
    results = [_result(item, wording) for item in document["items"]]
    rules = sorted({result["ruleId"] for result in results})
    log = {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "pia",
                        "semanticVersion": __version__,
                        "rules": [{"id": rule, "shortDescription": {"text": _gist(rule, wording)}} for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": results,
                "properties": {"counts": document["counts"], "before": document["before"], "after": document["after"]},
            }
        ],
    }
    return orjson.dumps(log, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _gist(rule: str, wording: Wording) -> str:
    return visible(wording.labels.rules.get(rule, {}).get(wording.lang) or rule, 300)


def _result(item: Mapping[str, Any], wording: Wording) -> dict[str, Any]:
    finding = item["after"] or item["before"] or {}
    why = "; ".join(explained(item, wording))
    message = ": ".join(filter(None, (state_of(item, wording), told(item, wording), why)))
    kind = {"fixed": "pass", "not_exercised": "open"}.get(item["state"], "fail")
    level = _LEVELS.get(str(finding.get("severity")), "warning") if kind == "fail" else "none"
    baseline = {"new": "new", "fixed": "absent", "still_present": "updated" if item["changes"] else "unchanged"}
    state = {"baselineState": baseline[item["state"]]} if item["state"] in baseline else {}
    return {
        "ruleId": visible(finding.get("rule")),
        "kind": kind,
        "level": level,
        "message": {"text": message},
        "locations": [_location(finding)],
        "partialFingerprints": {"piaFinding/v1": visible(item["id"])},
        "properties": {"state": item["state"], "clauses": [visible(clause) for clause in finding.get("clauses") or ()]},
        **state,
    }


def _location(finding: Mapping[str, Any]) -> dict[str, Any]:
    sent = finding.get("act") == "transmission"
    actor, recipient = finding.get("actor") or {}, finding.get("recipient") or {}
    named = " → ".join(filter(None, (visible(actor.get("id") or actor.get("kind")), visible(recipient.get("host")))))
    return {
        "physicalLocation": {"artifactLocation": {"uri": "flows.mitm" if sent else "events.jsonl"}},
        "logicalLocations": [{"fullyQualifiedName": named or "app", "kind": "module"}],
    }
