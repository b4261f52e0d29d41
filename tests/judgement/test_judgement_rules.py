"""Every rule finds what its case files say, and no word of a rule can change without a case noticing."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from judgement_cases import CASES, Case, all_cases, facts_of, found_by, write_case

from pia_runtime.judgement.facts import DETECTION_COLUMNS, EVENT_COLUMNS, Facts
from pia_runtime.knowledge.conditions import ANY, VOCABULARY, Condition
from pia_runtime.knowledge.rules import SEVERITIES, Citation, Rule
from pia_runtime.storage.analysis import load_toolbox

RULES = {rule.id: rule for rule in load_toolbox().knowledge.rules}
THRESHOLDS = load_toolbox().knowledge.thresholds


@pytest.fixture(scope="module")
def facts(tmp_path_factory) -> Callable[[str], list[tuple[Case, Facts]]]:
    """The tables of a rule's cases, made when they are first asked for."""
    made: dict[str, list[tuple[Case, Facts]]] = {}

    def of(rule: str) -> list[tuple[Case, Facts]]:
        if rule not in made:
            root = tmp_path_factory.mktemp(rule)
            cases = [case for case in all_cases() if case.rule == rule]
            made[rule] = [(case, facts_of(write_case(case, root / str(n)))) for n, case in enumerate(cases)]
        return made[rule]

    return of


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_captures_that_it_must_find_and_captures_that_it_must_not(rule):
    kinds = {case.kind for case in all_cases() if case.rule == rule}
    assert kinds == {"positive", "negative"}
    assert {(CASES / rule / f"{kind}.yaml").is_file() for kind in kinds} == {True}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_finds_exactly_what_its_cases_say(rule, facts):
    for case, made in facts(rule):
        assert found_by(RULES[rule], made) == case.expected, str(case)
        assert bool(case.expected) == (case.kind == "positive"), str(case)


@pytest.mark.parametrize("rule", RULES)
def test_no_word_of_a_rule_can_change_unnoticed(rule, facts):
    survivors = [
        what
        for what, mutant in mutants(RULES[rule])
        if all(found_by(mutant, made) == case.expected for case, made in facts(rule))
    ]
    assert survivors == []


@pytest.mark.parametrize(
    ("rule", "table", "columns"),
    [
        ("transmission_before_consent", "detections", DETECTION_COLUMNS),
        ("asked_again_after_refusal", "signals", EVENT_COLUMNS),
    ],
)
def test_a_table_has_the_columns_that_are_promised_beside_the_vocabulary(rule, table, columns, facts):
    found = next(made.tables[table] for _, made in facts(rule) if len(made.tables[table]))
    assert {name: str(found[name].dtype) for name in columns} == columns


def mutants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """The rule with one word changed at a time."""
    yield "severity", dataclasses.replace(rule, severity=next(one for one in SEVERITIES if one != rule.severity))
    yield "needs_human", dataclasses.replace(rule, needs_human="something_else")
    yield from (
        (f"clause {clause} left out", dataclasses.replace(rule, clauses=tuple(c for c in rule.clauses if c != clause)))
        for clause in rule.clauses
    )
    yield from (
        (
            f"clause {clause} exchanged",
            dataclasses.replace(rule, clauses=tuple(_other(c, clause) for c in rule.clauses)),
        )
        for clause in rule.clauses
    )
    yield from (
        (f"when: {what}", dataclasses.replace(rule, when=when)) for what, when in _conditions(rule.when, rule.over)
    )
    for place, also in enumerate(rule.also):
        for what, changed in _citations(also, rule.over):
            yield f"also[{place}]: {what}", dataclasses.replace(rule, also=_at(rule.also, place, changed))
    if rule.categories:
        yield "categories dropped", dataclasses.replace(rule, categories=frozenset())
        yield "categories exchanged", dataclasses.replace(rule, categories=frozenset({39}))
    if rule.regime in ("eu", "play"):
        yield "regime dropped", dataclasses.replace(rule, regime="any")
    if rule.regime != "any":
        yield "regime exchanged", dataclasses.replace(rule, regime="nobody's")


def _citations(also: Citation, table: str) -> Iterator[tuple[str, Citation]]:
    for clause in also.clauses:
        yield f"{clause} left out", Citation(also.when, tuple(c for c in also.clauses if c != clause))
        yield f"{clause} exchanged", Citation(also.when, tuple(_other(c, clause) for c in also.clauses))
    yield from ((what, Citation(when, also.clauses)) for what, when in _conditions(also.when, table))


def _conditions(when: tuple[Condition, ...], table: str) -> Iterator[tuple[str, tuple[Condition, ...]]]:
    for place, condition in enumerate(when):
        yield f"{condition.fact} dropped", when[:place] + when[place + 1 :]
        allowed = VOCABULARY[table][condition.fact]
        for value in sorted(condition.values):
            left = condition.values - {value}
            yield f"{condition.fact} without {value}", _at(when, place, dataclasses.replace(condition, values=left))
            others = [word for word in allowed if word not in condition.values] if allowed != ANY else ["zz"]
            for other in others[:1]:
                changed = dataclasses.replace(condition, values=left | {other})
                yield f"{condition.fact}: {value} → {other}", _at(when, place, changed)
        if condition.comparison:
            turned = {"above": "below", "at_least": "at_most", "below": "above", "at_most": "at_least"}
            changed = dataclasses.replace(condition, comparison=turned[condition.comparison])
            yield f"{condition.fact} turned round", _at(when, place, changed)


def _at[T](items: tuple[T, ...], place: int, item: T) -> tuple[T, ...]:
    return (*items[:place], item, *items[place + 1 :])


def _other(clause: str, wanted: str) -> str:
    return "191号 6.5" if clause == wanted else clause


IN_RULES = sorted({name for rule in RULES.values() for name in rule.thresholds})


@pytest.mark.parametrize("threshold", IN_RULES)
@pytest.mark.parametrize("factor", [0.5, 2])
def test_no_threshold_can_be_halved_or_doubled_unnoticed(threshold, factor, tmp_path):
    value = THRESHOLDS[threshold].value * factor
    changed = tmp_path / "changed.yaml"
    changed.write_text(yaml.safe_dump({"thresholds": {threshold: value}}))
    using = [case for case in all_cases() if threshold in RULES[case.rule].thresholds]
    assert any(_differs(case, tmp_path / str(number), changed) for number, case in enumerate(using))


def _differs(case: Case, folder: Any, changed: Any) -> bool:
    return found_by(RULES[case.rule], facts_of(write_case(case, folder), changed)) != case.expected


def test_every_threshold_is_used_and_has_a_source():
    assert set(THRESHOLDS) - set(IN_RULES) == {"read_before_sending"}, "used by the joins alone"
    assert all(threshold.source for threshold in THRESHOLDS.values())
