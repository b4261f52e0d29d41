"""One finding of an earlier run, held against a later one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pia_runtime.judgement.recheck_run import Run, phase_name
from pia_runtime.knowledge.base import Knowledge
from pia_runtime.knowledge.rules import Rule

Finding = Mapping[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """Why a situation was not exercised: a word (``reasons_not_exercised`` of the messages) and what it is about."""

    code: str
    detail: str = ""


class RecheckCase:
    """One finding between two runs.

    Attributes:
        calls: its detections that are reads or attempts; ``sent``: those that are transmissions.
        phases: in which it had shown itself.
        facts: what its rule asks about.
    """

    def __init__(self, finding: Finding, before: Run, after: Run, knowledge: Knowledge, rule: Rule | None) -> None:
        self.finding, self.before, self.after, self.knowledge, self.rule = finding, before, after, knowledge, rule
        self.detections = before.detections_of(finding)
        self.calls = [one for one in self.detections if one.get("act") != "transmission"]
        self.sent = [one for one in self.detections if one.get("act") == "transmission"]
        self.phases = {self._phase(one) for one in self.detections} - {""}
        if not self.detections:
            self.phases = {before.phase_at(int(finding.get("first_ns") or 0))}
        self.facts = {condition.fact for condition in rule.when} if rule else set()

    def _phase(self, detection: Mapping[str, Any]) -> str:
        """The phase of the policy; what a narrower scope decides is held against that scope (``_answers`` of the situation)."""
        phase = phase_name(detection.get("phase"))
        if phase in ("after_refusal", "after_withdrawal") and _narrower(detection):
            return self.before.phase_at(int(detection["t_ns"]))
        return phase

    @property
    def whole_run(self) -> bool:
        """Whether the fault is one of number or regularity, so that all of the time counts."""
        return self.rule is not None and self.rule.over in ("frequency", "starts")


def _narrower(detection: Mapping[str, Any]) -> dict[str, str]:
    told = detection.get("told") or {}
    return {kind: word for kind, word in told.items() if word in ("refused", "withdrawn")}
