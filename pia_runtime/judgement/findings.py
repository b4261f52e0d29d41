"""Which rules hold: detections grouped by act, data, actor and recipient, each group held against every rule."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import numpy as np
import orjson
import pandas as pd

from pia_runtime.knowledge.rules import SEVERITIES, Rule
from pia_runtime.model.detection import Act, Actor, Recipient, Verdict
from pia_runtime.model.finding import Finding, Frequency

DETECTION_COLUMNS: dict[str, str] = {
    "id": "object",
    "act": "category",
    "data": "category",
    "actor": "int64",  # position in the list of distinct actors
    "recipient": "int64",  # position in the list of distinct recipients, -1 for none
    "phase": "category",
    "verdict": "category",
    "host_ns": "int64",
    "margin_ns": "Int64",
    "margin_err_ns": "Int64",
}
"""Columns that :func:`judge` needs."""


def judge(
    detections: pd.DataFrame, actors: Sequence[Actor], recipients: Sequence[Recipient], rules: Sequence[Rule]
) -> tuple[Finding, ...]:
    """Findings in the order of severity, then time, then id.

    Args:
        detections: columns of :data:`DETECTION_COLUMNS`.
        actors: what column ``actor`` points into.
        recipients: what column ``recipient`` points into; hosts of one registrable domain make one finding.
        rules: the rules of the knowledge.
    """
    domains = _domain_codes(recipients)
    keyed = detections.assign(domain=domains[detections["recipient"].to_numpy(dtype=np.int64)])
    findings = []
    for rule in rules:
        held = keyed[_holds(rule, keyed)]
        for key, group in held.groupby(["act", "data", "actor", "domain"], observed=True, sort=True):
            act, data, actor = cast("tuple[Act, str, int]", key[:3])
            first = group.iloc[int(np.argmin(group["host_ns"].to_numpy(dtype=np.int64)))]
            place = int(first["recipient"])
            recipient = recipients[place] if place >= 0 else None
            findings.append(_finding(rule, act, data, actors[actor], recipient, group))
    return tuple(sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.first_ns, f.id)))


def _domain_codes(recipients: Sequence[Recipient]) -> np.ndarray:
    """Code of each recipient's registrable domain; position -1 (no recipient) gets a code of its own."""
    order: Mapping[str, int] = {name: code for code, name in enumerate(sorted({r.domain for r in recipients}), 1)}
    return np.array([*(order[r.domain] for r in recipients), 0], dtype=np.int64)


def _holds(rule: Rule, detections: pd.DataFrame) -> pd.Series:
    return (
        detections["act"].isin(list(rule.acts))
        & detections["phase"].isin(list(rule.phases))
        & (detections["verdict"] == rule.verdict)
    )


def _finding(
    rule: Rule, act: Act, data: str, actor: Actor, recipient: Recipient | None, group: pd.DataFrame
) -> Finding:
    times = np.sort(group["host_ns"].to_numpy(dtype=np.int64))
    margin, margin_err = _strongest_margin(group)
    verdict: Verdict = rule.verdict  # type: ignore[assignment]  # the loader admits only verdicts
    return Finding(
        id=finding_id(rule.id, act, data, actor, recipient.domain if recipient else None),
        rule=rule.id,
        severity=rule.severity,
        verdict=verdict,
        act=act,
        data=data,
        actor=actor,
        recipient=recipient,
        count=len(group),
        first_ns=int(times[0]),
        margin_ns=margin,
        err_ns=margin_err,
        frequency=Frequency(len(times), int(np.diff(times).min()) if len(times) > 1 else None),
        detections=tuple(_in_time_order(group)),
        clauses=rule.clauses,
        needs_human=rule.needs_human,
    )


def _strongest_margin(group: pd.DataFrame) -> tuple[int | None, int | None]:
    """The margin of the detection farthest from the boundary, which is the one hardest to dispute."""
    known = group[group["margin_ns"].notna()]
    if known.empty:
        return None, None
    row = known.iloc[int(np.argmax((known["margin_ns"] - known["margin_err_ns"]).to_numpy(dtype=np.int64)))]
    return int(row["margin_ns"]), int(row["margin_err_ns"])


def _in_time_order(group: pd.DataFrame) -> Iterable[str]:
    return group.sort_values(["host_ns", "id"], kind="stable")["id"].tolist()


def finding_id(rule: str, act: str, data: str, actor: Actor, domain: str | None) -> str:
    """Stable across captures of one app: the same fault has the same id in every run (capture format, ``finding``)."""
    parts = orjson.dumps([rule, act, data, actor.kind, actor.id, domain])
    return hashlib.sha256(parts).hexdigest()[:16]
