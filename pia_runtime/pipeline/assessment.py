"""What this run can say about each behaviour of 191号, and about each phase: silence is not a pass."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from pia_runtime.correlation.axis import Clocks
from pia_runtime.correlation.verdict import INSTANT_COLUMNS, Scopes, judge_instants
from pia_runtime.judgement.declarations import Declared
from pia_runtime.knowledge.assessable import Assessable
from pia_runtime.knowledge.base import Knowledge
from pia_runtime.model.event import Events, Occurrence
from pia_runtime.model.finding import Finding
from pia_runtime.model.session import Session
from pia_runtime.pipeline.blind_spots import Counts

_HIDING = {"flows": "flows"}
"""Needs that trouble with flows spoils; every other need is spoilt by trouble with events."""


def assessment(
    behaviours: Sequence[Assessable],
    findings: Iterable[Finding],
    present: Mapping[str, bool],
    blind: Mapping[str, Sequence[str]],
) -> list[dict[str, Any]]:
    """One object a behaviour (``assessment`` of the document).

    Args:
        behaviours: what can be said about each.
        findings: what was found; their clauses decide.
        present: need → whether the capture holds it.
        blind: ``flows`` and ``events`` → kinds of blind spots that hide them.

    Returns:
        ``result``: ``found``; ``never`` (no run can decide); ``not_assessed`` (something is missing in the capture);
        ``not_seen_because`` (part of it could not be seen); ``not_seen``.
    """
    cited = {clause for finding in findings for clause in finding.clauses}
    return [{"clause": one.clause, **_result(one, cited, present, blind)} for one in behaviours]


def _result(
    one: Assessable, cited: set[str], present: Mapping[str, bool], blind: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    if one.clause in cited:
        return {"result": "found", "because": [], "still": one.partly or None}
    if one.never:
        return {"result": "never", "because": [one.never], "still": None}
    missing = [f"no_{need}" for need in one.needs if not present[need]]
    if missing:
        return {"result": "not_assessed", "because": missing, "still": one.partly or None}
    hidden = sorted({kind for need in ("events", *one.needs) for kind in blind[_HIDING.get(need, "events")]})
    if one.clause.startswith(("191号 3", "191号 4", "191号 2.1")):
        hidden = sorted({*hidden, *blind["flows"]})  # collection shows in what was sent as well
    result = "not_seen_because" if hidden else "not_seen"
    return {"result": result, "because": hidden, "still": one.partly or None}


def present_needs(
    session: Session, events: Events, scopes: Scopes, declared: Declared, categories: int, flows: int
) -> dict[str, bool]:
    """Which needs the capture meets."""
    signals = [signal for group in scopes.signals.values() for signal in group]
    requests = [scope for scope in scopes.signals if scope.startswith("permission:")]
    return {
        "events": events.count > 0,
        "first_launch": session.first_launch is not False,
        "prompts": any(_watches_prompts(occurrence) for occurrence in events.occurrences),
        "requests": any(s.signal == "requested" for scope in requests for s in scopes.signals[scope]),
        "consent": bool(scopes.signals.get("policy")),
        "refusal": any(signal.signal in ("refused", "withdrawn") for signal in signals),
        "withdrawal": any(signal.signal == "withdrawn" for signal in signals),
        "category": categories > 0,
        "declaration": declared.declaration is not None,
        "flows": flows > 0,
    }


def _watches_prompts(occurrence: Occurrence) -> bool:
    fields = occurrence.fields
    if occurrence.type == "hook_status":
        return fields.get("hook") == "consent.dialog_show" and fields.get("status") == "installed"
    return occurrence.type == "ui" and fields.get("action") == "dialog_shown"


def blind_by_stream(counts: Counts, knowledge: Knowledge) -> dict[str, list[str]]:
    """Kinds of blind spots of this run by what they hide."""
    kinds = {kind for kind, _, _ in counts}
    return {hidden: sorted(kinds & spoiling) for hidden, spoiling in knowledge.blinding.items()}


def blind_phases(
    events: Events, counts: Counts, scopes: Scopes, clocks: Clocks, knowledge: Knowledge
) -> dict[str, list[str]]:
    """Phase → kinds of blind spots in it; those without a time, and those between phases, stand under ``"*"``."""
    spoiling = frozenset().union(*knowledge.blinding.values())
    gaps = [o for o in events.occurrences if o.type == "gap" and o.fields.get("kind") in spoiling]
    dated = {str(gap.fields.get("kind")) for gap in gaps}
    found: dict[str, set[str]] = defaultdict(set)
    found["*"] = {kind for kind, _, _ in counts if kind in spoiling and kind not in dated}
    for gap, phase in zip(gaps, _phases(gaps, scopes, clocks), strict=True):
        found["*" if phase == "unknown" else phase].add(str(gap.fields.get("kind")))
    return {phase: sorted(kinds) for phase, kinds in sorted(found.items()) if kinds}


def _phases(gaps: Sequence[Occurrence], scopes: Scopes, clocks: Clocks) -> list[str]:
    if not gaps:
        return []
    stamps = [gap.stamp for gap in gaps]
    instants = pd.DataFrame(
        {
            "t_ns": [stamp.t_ns for stamp in stamps],
            "err_ns": [0] * len(stamps),
            "clock": [stamp.clock for stamp in stamps],
            "mono_ns": pd.array([stamp.mono_ns for stamp in stamps], dtype="Int64"),
            "boot_id": [stamp.boot_id for stamp in stamps],
            "data": [""] * len(stamps),
            "sdk": [""] * len(stamps),
        }
    ).astype(INSTANT_COLUMNS)
    policy = {scope: signals for scope, signals in scopes.signals.items() if scope == "policy"}
    return [str(phase) for phase in judge_instants(instants, Scopes(policy, {}), clocks)["phase"]]


def phase_results(
    phases: Mapping[str, Mapping[str, Any]], without: Mapping[str, int], blind: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """The phases of the coverage, each with its result: nothing counts as clean where part of it could not be seen.

    Args:
        phases: phase → its facts.
        without: phase → detections certainly without consent.
        blind: as :func:`blind_phases` gives it.
    """
    return {
        phase: {**facts, **_phase_result(without.get(phase, 0), [*blind.get("*", ()), *blind.get(phase, ())])}
        for phase, facts in phases.items()
    }


def _phase_result(without: int, because: Sequence[str]) -> dict[str, Any]:
    kinds = sorted(set(because))
    result = "without_consent_seen" if without else "none_seen_because" if kinds else "none_seen"
    return {"result": result, "because": kinds}
