"""Rules as data: which facts make a finding, how grave it is, what it cites and what a person must still check."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.conditions import Condition, parse_conditions
from pia_runtime.knowledge.data_file import ROOT, load_yaml, require
from pia_runtime.knowledge.thresholds import Threshold

SEVERITIES = ("critical", "high", "medium", "low", "info")
REGIMES = ("cn", "eu", "play")
"""Whose provisions: China; the European Union; the store."""

NECESSARY_LIST = "必要信息规定 第五条"
"""Among a rule's clauses: the items of Article 5 for the app's own categories."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "detections": ("act", "data", "actor", "domain"),
    "frequency": ("data", "actor", "state"),
    "signals": ("scope",),
    "run": (),
    "starts": ("kind", "actor"),
}
"""What makes one finding in each table, unless the rule says otherwise."""

_KEYS: Mapping[str, frozenset[str]] = {
    "detections": frozenset({"act", "data", "actor", "domain", "state"}),
    "frequency": frozenset({"data", "actor", "state"}),
    "signals": frozenset({"scope"}),
    "run": frozenset(),
    "starts": frozenset({"kind", "actor"}),
}


@dataclass(frozen=True, slots=True)
class Citation:
    """Provisions that a finding also cites where one of its rows meets further conditions."""

    when: tuple[Condition, ...]
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition over one table of facts.

    Attributes:
        over: the table (:data:`pia_runtime.knowledge.conditions.VOCABULARY`).
        when: all must hold for one row.
        group: rows that agree in these make one finding.
        also: further provisions under further conditions.
        regime: whose provisions, or "any".
        categories: kinds of app it is about; empty for all.
        notice: id of the heading under which a public notice would list it, or "".
        zh: sentence with the slots ``{actor} {data} {host} {scope} {category}``; ``en`` likewise.
        needs_human: message id of what a person must still check, or None.
    """

    id: str
    over: str
    when: tuple[Condition, ...]
    group: tuple[str, ...]
    severity: str
    clauses: tuple[str, ...]
    needs_human: str | None
    zh: str
    en: str
    also: tuple[Citation, ...] = ()
    regime: str = "any"
    categories: frozenset[int] = frozenset()
    notice: str = ""

    @property
    def thresholds(self) -> tuple[str, ...]:
        """Ids of the thresholds its conditions rest on, each once."""
        return tuple(dict.fromkeys(name for condition in self.when for name in condition.thresholds))

    @property
    def cited(self) -> tuple[str, ...]:
        """Every clause it may cite."""
        return tuple(dict.fromkeys([*self.clauses, *(clause for also in self.also for clause in also.clauses)]))


def load_rules(known_clauses: Collection[str], thresholds: Mapping[str, Threshold]) -> tuple[Rule, ...]:
    """All rules in file order.

    Raises:
        KnowledgeError: an unknown word, clause or threshold, or the same id twice.
    """
    units = {name: threshold.unit for name, threshold in thresholds.items()}
    rules: dict[str, Rule] = {}
    for path in sorted((ROOT / "rules").glob("*.yaml")):
        content = load_yaml(path)
        regime = require(content, "regime", str, path.name)
        for entry in require(content, "rules", list, path.name):
            rule = parse_rule(entry, str(entry.get("regime", regime)), units, f"{path.name}: {entry.get('id')}")
            _check(rule, f"{path.name}: {rule.id}", {*known_clauses, NECESSARY_LIST})
            if rule.id in rules:
                raise KnowledgeError(f"{path.name}: {rule.id}: the id is used twice")
            rules[rule.id] = rule
    return tuple(rules.values())


def parse_rule(entry: dict[str, object], regime: str, units: Mapping[str, str], where: str) -> Rule:
    """One rule as written. Raises KnowledgeError naming the field."""
    over = require(entry, "over", str, where)
    also = entry.get("also") or []
    if not isinstance(also, list):
        raise KnowledgeError(f"{where}: also: expected a list")
    needs_human = entry.get("needs_human")
    categories = entry.get("categories") or []
    return Rule(
        id=require(entry, "id", str, where),
        over=over,
        when=parse_conditions(entry.get("when"), over, units, where),
        group=tuple(entry["group"]) if isinstance(entry.get("group"), list) else GROUPS.get(over, ()),  # type: ignore[arg-type]
        severity=require(entry, "severity", str, where),
        clauses=tuple(require(entry, "clauses", list, where)),
        needs_human=str(needs_human) if needs_human is not None else None,
        zh=require(entry, "zh", str, where),
        en=require(entry, "en", str, where),
        also=tuple(
            Citation(parse_conditions(item.get("when"), over, units, where), tuple(item["clauses"])) for item in also
        ),
        regime=regime,
        categories=frozenset(categories) if isinstance(categories, list) else frozenset(),
        notice=str(entry.get("notice") or ""),
    )


def _check(rule: Rule, where: str, known_clauses: Collection[str]) -> None:
    for name, given, allowed in (
        ("severity", {rule.severity}, SEVERITIES),
        ("clauses", rule.cited, known_clauses),
        ("regime", {rule.regime}, (*REGIMES, "any")),
        ("group", rule.group, _KEYS[rule.over]),
    ):
        unknown = sorted(set(given) - set(allowed))
        if unknown:
            raise KnowledgeError(f"{where}: {name}: {unknown[0]!r} is not known")
