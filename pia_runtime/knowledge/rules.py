"""Rules as data: which detections make a finding, how grave it is, what it cites and what a person must still check."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import get_args

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.data_file import load_entries, require
from pia_runtime.model.detection import Act, Phase, Verdict

SEVERITIES = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition over detections: act, phase and verdict must each be among those named.

    Attributes:
        zh: sentence with the slots ``{actor} {data} {host}``; ``en`` likewise.
        needs_human: message id of what a person must still check, or None.
    """

    id: str
    acts: frozenset[str]
    phases: frozenset[str]
    verdict: str
    severity: str
    clauses: tuple[str, ...]
    needs_human: str | None
    zh: str
    en: str


def load_rules(known_clauses: Collection[str]) -> tuple[Rule, ...]:
    """All rules in file order.

    Raises:
        KnowledgeError: an unknown act, phase, verdict, severity or clause, or the same id twice.
    """
    rules: dict[str, Rule] = {}
    for where, entry in load_entries("rules", "rules"):
        rule = Rule(
            id=require(entry, "id", str, where),
            acts=frozenset(require(entry, "acts", list, where)),
            phases=frozenset(require(entry, "phases", list, where)),
            verdict=require(entry, "verdict", str, where),
            severity=require(entry, "severity", str, where),
            clauses=tuple(require(entry, "clauses", list, where)),
            needs_human=entry.get("needs_human"),
            zh=require(entry, "zh", str, where),
            en=require(entry, "en", str, where),
        )
        _check(rule, where, known_clauses)
        if rule.id in rules:
            raise KnowledgeError(f"{where}: the id is used twice")
        rules[rule.id] = rule
    return tuple(rules.values())


def _check(rule: Rule, where: str, known_clauses: Collection[str]) -> None:
    for name, given, allowed in (
        ("acts", rule.acts, get_args(Act)),
        ("phases", rule.phases, get_args(Phase)),
        ("verdict", {rule.verdict}, get_args(Verdict)),
        ("severity", {rule.severity}, SEVERITIES),
        ("clauses", rule.clauses, known_clauses),
    ):
        unknown = sorted(set(given) - set(allowed))
        if unknown:
            raise KnowledgeError(f"{where}: {name}: {unknown[0]!r} is not known")
