"""A shared copy verified: structure, hashes, signature and finding ids; nothing can be derived from masked values again."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from pia_runtime.evidence.evidence_file import Evidence
from pia_runtime.evidence.export_files import ANALYSIS, EXPORT, REDACTIONS, SCHEMA, read_object
from pia_runtime.evidence.problem import Problem
from pia_runtime.evidence.statement import statement_of
from pia_runtime.storage.flow_reader import read_flows

if TYPE_CHECKING:
    from pia_runtime.evidence.verification import Verification

NOT_REDERIVED = (
    "this is a shared copy: its values are masked, so that nothing can be derived from them again; "
    "structure, hashes, signatures and finding ids were checked"
)


def is_export(path: Path) -> bool:
    """Whether a folder is a copy made by ``pia export``."""
    return (path / EXPORT).is_file()


def check_export(path: Path, evidence: Evidence, result: "Verification") -> None:
    """Add what is wrong with a copy whose files are those that were sealed."""
    result.why_not = NOT_REDERIVED
    result.notes = []  # that a copy has no chain says nothing of how the original was recorded
    about, document = read_object(path / EXPORT), read_object(path / ANALYSIS)
    if about.get("schema") != SCHEMA:
        result.problems.append(Problem(EXPORT, f"is not of the schema {SCHEMA}"))
        return
    problems = [*_analysis(about, document, evidence), *_references(path, document), *_redactions(path, about)]
    result.problems += problems
    original = about["original"]
    if original.get("evidence_sha256") is None:
        result.notes.append("the original was not sealed when it was copied")
    else:
        result.notes.append(f"copy of the capture sealed as {original['evidence_sha256']}")
    result.notes.append(f"{about['redactions']} redactions, each listed in {REDACTIONS}")


def _analysis(about: Mapping[str, Any], document: Mapping[str, Any], evidence: Evidence) -> list[Problem]:
    problems = []
    statement = evidence.sealed["analysis"]
    if statement_of(document) != statement:
        problems.append(Problem(ANALYSIS, "is not the analysis that was sealed"))
    ids = [finding["id"] for finding in document["findings"]]
    if ids != about["original"]["findings"]:
        problems.append(Problem(ANALYSIS, "has other findings than the original"))
    if {finding["id"] for finding in statement["findings"]} != set(ids):
        problems.append(Problem(ANALYSIS, "has other findings than were sealed"))
    known = {one["id"] for one in document["detections"]}
    lost = sorted({one for finding in document["findings"] for one in finding["detections"]} - known)
    problems += [Problem(ANALYSIS, f"a finding rests on detection {one}, which is not there") for one in lost[:1]]
    return problems


def _references(path: Path, document: Mapping[str, Any]) -> list[Problem]:
    """Each detection's flow or event must be in the copy."""
    flows = (
        {flow.id for flow in read_flows(path / "flows.mitm", lambda _: None)}
        if (path / "flows.mitm").is_file()
        else set()
    )
    events = (
        {orjson.loads(line)["seq"] for line in (path / "events.jsonl").open("rb")}
        if (path / "events.jsonl").is_file()
        else set()
    )
    problems = []
    for one in document["detections"]:
        if one["flow"] is not None and one["flow"] not in flows:
            problems.append(Problem("flows.mitm", f"flow {one['flow']} of detection {one['id']} is not there"))
        if one["event"] is not None and one["event"] not in events:
            problems.append(Problem("events.jsonl", f"event {one['event']} of detection {one['id']} is not there"))
    return problems


def _redactions(path: Path, about: Mapping[str, Any]) -> list[Problem]:
    listed = sum(1 for _ in (path / REDACTIONS).open("rb")) if (path / REDACTIONS).is_file() else 0
    if listed != about["redactions"]:
        return [Problem(REDACTIONS, f"lists {listed} redactions, and {about['redactions']} were made")]
    return []
