"""An authority's checklist against one run, or against a re-check: each item closed or left open, with the reasons."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pia_runtime.knowledge.base import Knowledge
from pia_runtime.knowledge.rules import Rule

SCHEMA = "pia.checklist/1"
STATES = ("open", "not_exercised", "not_seen", "person", "not_mapped", "closed")
"""What an item can be. Only ``closed`` is closed: its fault was there, the same situation came about again, and it is gone.

``not_seen``: the run could have shown it and did not; ``person``: no run can decide; ``not_mapped``: the item names no provision,
rule or known wording.
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a checklist, mapped.

    Attributes:
        number: as the list numbers it.
        text: as the list words it.
        clauses: provisions that it is about.
        rules: rules that it names.
        by: how it was mapped: ``rule``, ``clause``, ``wording``, or "" where it was not.
        words: the words that mapped it, or "".
        data: taxonomy ids that it is restricted to; empty for all.
        actors: ids of the SDKs it is restricted to; empty for all.
        hosts: domains or hosts it is restricted to; empty for all.
    """

    number: str
    text: str
    clauses: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    by: str = ""
    words: str = ""
    data: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reason:
    source: str
    code: str
    detail: str = ""

    def as_dict(self) -> dict[str, str]:
        return {"source": self.source, "code": self.code, "detail": self.detail}


def check_items(
    items: Sequence[Item],
    run: Mapping[str, Any],
    knowledge: Knowledge,
    recheck: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Say of every item whether it is closed.

    Args:
        items: the list.
        run: the analysis document of the run, the later one of a re-check.
        knowledge: rules and what can be assessed.
        recheck: the re-check of the earlier run and this one, or None for one run alone, which closes nothing.
    """
    told = [_tell(item, run, knowledge, recheck) for item in items]
    counts = Counter(one["state"] for one in told)
    session = run.get("session") or {}
    return {
        "schema": SCHEMA,
        "run": {"session": session.get("id"), "package": (session.get("app") or {}).get("package")},
        "before": None if recheck is None else recheck["before"],
        "after": None if recheck is None else recheck["after"],
        "knowledge_sha256": run.get("knowledge_sha256"),
        "counts": {state: counts[state] for state in STATES},
        "items": told,
    }


def _tell(
    item: Item,
    run: Mapping[str, Any],
    knowledge: Knowledge,
    recheck: Mapping[str, Any] | None,
) -> dict[str, Any]:
    rules = _rules_of(item, knowledge.rules)
    asked = _asked(item, rules)
    findings: list[str] = []
    if not item.by:
        state, reasons = "not_mapped", [_Reason("checklist", "no_mapping")]
    elif recheck is None:
        found = [one for one in run.get("findings") or () if asked(one)]
        state, reasons, findings = _of_findings(found)
    else:
        entries = [
            one for one in recheck["items"] if any(side and asked(side) for side in (one["before"], one["after"]))
        ]
        state, reasons, findings = _of_entries(entries)
    person: list[str] = []
    if not state:
        state, reasons, person = _of_silence(item, rules, run, knowledge)
        if state == "not_seen" and recheck is not None:
            reasons = [_Reason("checklist", "not_there_before"), *reasons]
    return {
        "number": item.number,
        "text": item.text,
        "state": state,
        "clauses": list(item.clauses),
        "rules": list(item.rules),
        "mapped_by": item.by or None,
        "words": item.words or None,
        "data": list(item.data),
        "actors": list(item.actors),
        "hosts": list(item.hosts),
        "findings": findings,
        "reasons": [reason.as_dict() for reason in dict.fromkeys(reasons)],
        "person": person or _left_to_person(item, rules, knowledge),
    }


def _rules_of(item: Item, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules it names, else those that cite a provision it is about."""
    if item.rules:
        return tuple(rule for rule in rules if rule.id in item.rules)
    return tuple(rule for rule in rules if set(rule.cited) & set(item.clauses))


def _asked(item: Item, rules: Collection[Rule]) -> Any:  # noqa: ANN401 - a predicate over findings
    named = {rule.id for rule in rules}

    def asked(finding: Mapping[str, Any]) -> bool:
        clauses = set(finding.get("clauses") or ())
        fits = finding.get("rule") in named if item.rules else bool(clauses & set(item.clauses))
        actor, recipient = finding.get("actor") or {}, finding.get("recipient") or {}
        host, domain = str(recipient.get("host") or ""), str(recipient.get("domain") or "")
        return (
            fits
            and (not item.data or finding.get("data") in item.data)
            and (not item.actors or actor.get("id") in item.actors)
            and (not item.hosts or any(one in (host, domain) or host.endswith(f".{one}") for one in item.hosts))
        )

    return asked


def _of_findings(found: Sequence[Mapping[str, Any]]) -> tuple[str, list[_Reason], list[str]]:
    """A finding that a tester dismissed counts like any other: a dismissal is a person's word and changes no finding."""
    ids = [str(one["id"]) for one in found]
    grave = [one for one in found if one.get("severity") != "info"]
    if any(one.get("verdict") != "indeterminate" for one in grave):
        return "open", [_Reason("checklist", "found", str(len(grave)))], ids
    if grave:
        return "open", [_Reason("checklist", "undecided", str(len(grave)))], ids
    return (
        ("not_exercised" if found else ""),
        [_Reason("checklist", "hint", str(one.get("rule"))) for one in found],
        ids,
    )


def _of_entries(entries: Sequence[Mapping[str, Any]]) -> tuple[str, list[_Reason], list[str]]:
    ids = [str(one["id"]) for one in entries]
    states = Counter(one["state"] for one in entries)
    open_ones = [state for state in ("still_present", "new") if states[state]]
    if open_ones:
        return "open", [_Reason("checklist", state, str(states[state])) for state in open_ones], ids
    if states["not_exercised"]:
        reasons = [reason for one in entries if one["state"] == "not_exercised" for reason in one["because"]]
        told = sorted({(reason["code"], reason["detail"]) for reason in reasons})
        return "not_exercised", [_Reason("recheck", code, detail) for code, detail in told], ids
    if states["fixed"]:
        return "closed", [_Reason("checklist", "fixed", str(states["fixed"]))], ids
    return "", [], []


def _of_silence(
    item: Item, rules: Sequence[Rule], run: Mapping[str, Any], knowledge: Knowledge
) -> tuple[str, list[_Reason], list[str]]:
    """Nothing was found: whether that says something."""
    assessed = {str(one.get("clause")): one for one in run.get("assessment") or ()}
    told = [assessed[clause] for clause in _behaviours(item, rules, knowledge) if clause in assessed]
    never = [one for one in told if one["result"] == "never"]
    if told and len(never) == len(told):
        person = [str(code) for one in never for code in one["because"]]
        return "person", [_Reason("assessment", code) for code in person], person
    if not told:
        return _without_behaviour(rules, run)
    hidden = [one for one in told if one["result"] in ("not_assessed", "not_seen_because")]
    if hidden:
        codes = sorted({str(code) for one in hidden for code in one["because"]})
        return "not_exercised", [_Reason("assessment", code) for code in codes], []
    others = any(one["result"] == "found" for one in told)
    return "not_seen", [_Reason("checklist", "other_findings" if others else "nothing_seen")], []


def _without_behaviour(rules: Sequence[Rule], run: Mapping[str, Any]) -> tuple[str, list[_Reason], list[str]]:
    """Provisions that no behaviour of 191号 speaks about, such as 164号 2.2."""
    if not rules:
        return "person", [_Reason("checklist", "no_rule")], ["no_rule"]
    regimes = set(run.get("regimes") or ())
    unasked = sorted({rule.regime for rule in rules} - {"any"} - regimes)
    if unasked:
        return "not_exercised", [_Reason("recheck", "regime_not_asked", ", ".join(unasked))], []
    spots = {str(one.get("kind")) for one in run.get("blind_spots") or ()}
    hiding = sorted(spots & {"no_event_file", "hook_failed", "process_not_hooked", "messages_dropped", "target_lost"})
    if hiding:
        return "not_exercised", [_Reason("assessment", kind) for kind in hiding], []
    return "not_seen", [_Reason("checklist", "nothing_seen")], []


def _behaviours(item: Item, rules: Sequence[Rule], knowledge: Knowledge) -> list[str]:
    """The behaviours of 191号 by which silence is judged: those it names, else those that its rules cite."""
    known = {one.clause for one in knowledge.assessable}
    named = [clause for clause in item.clauses if clause in known]
    return named or sorted({clause for rule in rules for clause in rule.clauses if clause in known})


def _left_to_person(item: Item, rules: Sequence[Rule], knowledge: Knowledge) -> list[str]:
    behaviours = set(_behaviours(item, rules, knowledge))
    return list(dict.fromkeys(_partly(behaviours, knowledge)))


def _partly(behaviours: Collection[str], knowledge: Knowledge) -> Iterator[str]:
    for one in knowledge.assessable:
        if one.clause in behaviours and (one.partly or one.never):
            yield one.partly or one.never
