"""Case files of rules: tiny captures in the contract's form, written out, analysed and compared with what they must show.

A case has ``session``, ``identifiers``, ``declaration``, ``thresholds`` and ``events`` as the capture format has them, except that
an event has ``at`` (seconds after the start) for ``t_ns`` and its ``seq`` is its place in the list. ``flows`` have ``at``, ``host``,
``target`` and ``body``. ``expect`` are the findings of the case's own rule.
"""

import dataclasses
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pia_runtime.bench.capture import to_mitmproxy
from pia_runtime.judgement.facts import Facts
from pia_runtime.judgement.findings import judge
from pia_runtime.knowledge.data_file import load_yaml
from pia_runtime.knowledge.rules import Rule
from pia_runtime.model.finding import Finding
from pia_runtime.model.flow import Flow
from pia_runtime.pipeline.analysis import detect
from pia_runtime.pipeline.facts import make_facts
from pia_runtime.storage.analysis import content_of, load_toolbox

CASES = Path(__file__).parent / "cases"
BASE = 1_763_884_800_000_000_000
SECOND = 1_000_000_000
IDENTIFIERS = [
    {"id": "imei", "value": "356938035643809"},
    {"id": "gaid", "value": "cdda802e-fb9c-47ad-9866-0794d394c912"},
    {"id": "phone_number", "value": "13800138000"},
    {"id": "location_precise", "value": {"lat": 31.230416, "lon": 121.473701}},
]


@dataclass(frozen=True)
class Case:
    """One capture of one rule. ``kind`` is ``positive`` or ``negative``."""

    rule: str
    kind: str
    name: str
    content: dict[str, Any]

    @property
    def expected(self) -> list[dict[str, Any]]:
        return self.content.get("expect") or []

    def __str__(self) -> str:
        return f"{self.rule}-{self.kind}-{self.name}".replace(" ", "-")


@cache
def all_cases() -> tuple[Case, ...]:
    found = []
    for path in sorted(CASES.glob("*/*.yaml")):
        content = load_yaml(path)
        found += [Case(path.parent.name, path.stem, case["name"], case) for case in content["cases"]]
    return tuple(found)


def write_case(case: Case, folder: Path) -> Path:
    """The capture folder of a case."""
    content = case.content
    folder.mkdir(parents=True)
    session = {"schema": "pia.session/1", "id": "case", "started_ns": BASE, "first_launch": True}
    session |= content.get("session") or {}
    session["app"] = {"package": "com.example.loan"} | (session.get("app") or {})
    (folder / "session.json").write_text(json.dumps(session), encoding="utf-8")
    usual = IDENTIFIERS if content.get("flows") else []
    known = {"schema": "pia.identifiers/1", "identifiers": content.get("identifiers", usual)}
    (folder / "identifiers.json").write_text(json.dumps(known), encoding="utf-8")
    events = [_event(seq, dict(event)) for seq, event in enumerate(content.get("events") or ())]
    if events:
        text = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
        (folder / "events.jsonl").write_text(text, encoding="utf-8")
    if content.get("flows") or not events:
        _write_flows(content.get("flows") or (), folder)
    if content.get("declaration"):
        (folder / "declaration.json").write_text(json.dumps(content["declaration"]), encoding="utf-8")
    if content.get("thresholds"):
        (folder / "thresholds.yaml").write_text(yaml.safe_dump({"thresholds": content["thresholds"]}), encoding="utf-8")
    return folder


def _event(seq: int, event: dict[str, Any]) -> dict[str, Any]:
    at = event.pop("at")
    return {"seq": seq, "t_ns": BASE + round(at * SECOND), "clock": "host", **event}


def _write_flows(flows: Any, folder: Path) -> None:
    from mitmproxy.io import FlowWriter

    with (folder / "flows.mitm").open("wb") as file:
        writer = FlowWriter(file)
        for number, flow in enumerate(flows):
            writer.add(to_mitmproxy(_flow(number, flow)))


def _flow(number: int, flow: dict[str, Any]) -> Flow:
    body = json.dumps(flow["body"], ensure_ascii=False).encode() if "body" in flow else None
    return Flow(
        id=f"flow-{number}",
        t_ns=BASE + round(flow["at"] * SECOND),
        err_ns=1_000,
        method="POST" if body else "GET",
        scheme="https",
        host=flow["host"],
        port=443,
        target=flow.get("target", "/v1").encode(),
        http_version="HTTP/1.1",
        headers=((b"host", flow["host"].encode()), (b"content-type", b"application/json")),
        body=body or b"",
    )


def facts_of(folder: Path, thresholds: Path | None = None) -> Facts:
    """The tables of a capture."""
    toolbox = load_toolbox()
    if not (folder / "flows.mitm").exists():  # nothing to scan: the needles of a scan take longer than all the rest
        toolbox = dataclasses.replace(toolbox, scanner_for=lambda *_: (lambda _: ((), ()), ()))
    case, _, _ = detect(content_of(folder, thresholds=thresholds), toolbox)
    return make_facts(case).facts


def found_by(rule: Rule, facts: Facts) -> list[dict[str, Any]]:
    """The findings of one rule, as case files write them."""
    return [as_expected(finding) for finding in judge(facts, [rule])]


def as_expected(finding: Finding) -> dict[str, Any]:
    """What a case file says of a finding; what is not there is left out."""
    told = {
        "act": finding.act,
        "data": finding.data,
        "actor": finding.actor.id,
        "to": finding.recipient.domain if finding.recipient else None,
        "scope": finding.scope,
        "state": finding.state,
        "verdict": finding.verdict,
        "severity": finding.severity,
        "count": finding.count,
        "clauses": list(finding.clauses),
        "needs_human": finding.needs_human,
        "thresholds": [used.id for used in finding.thresholds],
        "categories": list(finding.categories),
    }
    return {name: value for name, value in told.items() if value not in (None, [])}
