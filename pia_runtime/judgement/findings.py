"""Which rules hold: rows of a table that meet a rule's conditions, parted into findings."""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from pia_runtime.judgement.facts import Columns, Facts, Holding, Positions, gravest, only
from pia_runtime.judgement.frequency import frequency_of, grouped
from pia_runtime.knowledge.categories import item_of_article_five
from pia_runtime.knowledge.rules import NECESSARY_LIST, SEVERITIES, Rule
from pia_runtime.model.detection import Act, Actor, Recipient
from pia_runtime.model.event import scope_key
from pia_runtime.model.finding import Finding, Frequency, UsedThreshold

_GRAVEST_ACT: tuple[Act, ...] = ("transmission", "access", "attempt")


def judge(facts: Facts, rules: Sequence[Rule]) -> tuple[Finding, ...]:
    """Findings in the order of severity, then time, then id.

    Args:
        facts: the tables of one capture.
        rules: the rules of the knowledge; those of a regime that is not asked about, or of other kinds of app, are passed over.
    """
    holding = Holding(facts)
    found = [finding for rule in rules if applies(rule, facts) for finding in _findings(rule, facts, holding)]
    return tuple(sorted(found, key=lambda f: (SEVERITIES.index(f.severity), f.first_ns, f.id)))


def applies(rule: Rule, facts: Facts) -> bool:
    """Whether a rule is asked about at all."""
    return (rule.regime == "any" or rule.regime in facts.regimes) and (
        not rule.categories or bool(rule.categories & set(facts.categories))
    )


def _findings(rule: Rule, facts: Facts, holding: Holding) -> Iterator[Finding]:
    table = facts.tables[rule.over]
    held = holding.rows(rule.over, rule.when)
    if not held.any():  # most rules, most captures: what follows costs more than the conditions
        return
    rows = np.flatnonzero(held & _by_the_app(table))
    keys = [_key(name, table, facts)[rows] for name in rule.group]
    for group in grouped(rows, keys):
        if rule.over in ("detections", "frequency"):
            yield _of_detections(rule, group, facts, holding)
        else:
            yield _of_events(rule, group, facts, holding)


def _by_the_app(table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Rows that a rule may hold against the app: what only the system's own code did is recorded and in no finding."""
    if "actor_kind" not in table:
        return np.ones(len(table), dtype=np.bool_)
    return np.asarray(table["actor_kind"] != "system", dtype=np.bool_)


def _key(name: str, table: pd.DataFrame, facts: Facts) -> Positions:
    if name == "domain":
        domains: Positions = _domain_codes(facts.recipients)[table["recipient"].to_numpy(dtype=np.int64)]
        return domains
    column = table[name]
    codes = column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else column
    numbers: Positions = np.asarray(codes.to_numpy(), dtype=np.int64)
    return numbers


def _domain_codes(recipients: Sequence[Recipient]) -> Positions:
    """Code of each recipient's registrable domain; position -1 (no recipient) gets a code of its own."""
    order = {name: code for code, name in enumerate(sorted({r.domain for r in recipients}), 1)}
    return np.array([*(order[r.domain] for r in recipients), 0], dtype=np.int64)


def _of_detections(rule: Rule, group: Positions, facts: Facts, holding: Holding) -> Finding:
    rows = group
    if rule.over == "frequency":
        members = facts.tables["frequency"]["members"]
        rows = np.concatenate([members.iat[int(row)] for row in group])
    seen = holding.columns["detections"]
    rows = rows[np.argsort(seen["host_ns"][rows], kind="stable")]
    first, known = int(rows[0]), seen.words("act", rows)
    acts = tuple(act for act in _GRAVEST_ACT if act in known)
    act = acts[0]
    place = int(seen["recipient"][first]) if "domain" in rule.group else _first_recipient(seen["recipient"][rows])
    recipient = facts.recipients[place] if place >= 0 else None
    actor, data, state = (
        facts.actors[int(seen["actor"][first])],
        seen.word("data", first),
        only(seen.words("state", rows), ""),
    )
    margin, margin_err = _strongest_margin(seen, rows)
    domain = recipient.domain if recipient and "domain" in rule.group else None
    return Finding(
        id=finding_id(rule.id, act if "act" in rule.group else None, data, actor, domain, _apart(rule, state)),
        rule=rule.id,
        severity=rule.severity,
        verdict=gravest(seen.words("verdict", rows)),
        act=act,
        data=data,
        actor=actor,
        recipient=recipient,
        count=int(seen["count"][rows].sum()),
        first_ns=int(seen["host_ns"][first]),
        margin_ns=margin,
        err_ns=margin_err,
        frequency=frequency_of(seen["host_ns"][rows], seen["count"][rows]),
        detections=tuple(seen["id"][rows].tolist()),
        clauses=_clauses(rule, group, facts, holding),
        needs_human=rule.needs_human,
        acts=acts,
        state=state if state in ("foreground", "silent", "background") else None,
        thresholds=_thresholds(rule, facts),
        categories=_categories(rule, facts),
        second_id=second_id(rule.id, act if "act" in rule.group else None, data, actor, seen.words("trace", rows)),
    )


def _first_recipient(places: Positions) -> int:
    """The first recipient of a group that is not parted by recipients: all of them stand in its detections."""
    sent = places[places >= 0]
    return int(sent[0]) if len(sent) else -1


def _of_events(rule: Rule, group: Positions, facts: Facts, holding: Holding) -> Finding:
    seen = holding.columns[rule.over]
    rows = group[np.lexsort((seen["seq"][group], seen["host_ns"][group]))]
    first, times = int(rows[0]), seen["host_ns"][rows]
    place = int(seen["actor"][first])
    actor = facts.actors[place] if place >= 0 else facts.app
    scope = seen.word("scope", first) if "scope" in rule.group else ""
    numbers = frequency_of(np.sort(times), np.ones(len(times), dtype=np.int64))
    return Finding(
        id=finding_id(rule.id, None, None, actor, None, scope_key(scope)),
        rule=rule.id,
        severity=rule.severity,
        verdict=gravest(seen.words("verdict", rows)),
        act=None,
        data=None,
        actor=actor,
        recipient=None,
        count=len(rows),
        first_ns=int(times[0]),
        margin_ns=None,
        err_ns=None,
        frequency=Frequency(numbers.count, numbers.min_interval_ns, numbers.per_second, numbers.period_ns),
        detections=(),
        clauses=_clauses(rule, group, facts, holding),
        needs_human=rule.needs_human,
        scope=scope or None,
        events=tuple(int(seq) for seq in seen["seq"][rows] if seq >= 0),
        thresholds=_thresholds(rule, facts),
        categories=_categories(rule, facts),
        second_id=second_id(rule.id, None, None, actor, [scope_key(scope)]),
    )


def _apart(rule: Rule, state: str) -> str:
    """What parts findings beyond act, data, actor and domain, as one word."""
    return state if "state" in rule.group else ""


def _clauses(rule: Rule, group: Positions, facts: Facts, holding: Holding) -> tuple[str, ...]:
    cited = list(rule.clauses)
    for also in rule.also:
        if holding.rows(rule.over, also.when)[group].any():
            cited += also.clauses
    items = [item_of_article_five(number) for number in facts.categories]
    written = [clause for name in cited for clause in (items if name == NECESSARY_LIST else [name])]
    return tuple(dict.fromkeys(written))


def _thresholds(rule: Rule, facts: Facts) -> tuple[UsedThreshold, ...]:
    used = (facts.thresholds[name] for name in rule.thresholds if name in facts.thresholds)
    return tuple(UsedThreshold(one.id, one.value, one.unit, one.source, one.overridden) for one in used)


def _categories(rule: Rule, facts: Facts) -> tuple[int, ...]:
    about = rule.categories or NECESSARY_LIST in rule.cited or "necessity" in {c.fact for c in rule.when}
    return facts.categories if about else ()


def _strongest_margin(seen: Columns, rows: Positions) -> tuple[int | None, int | None]:
    """The margin of the detection farthest from the boundary, which is the one hardest to dispute."""
    known = rows[seen["margin_ns"][rows] >= 0]
    if not len(known):
        return None, None
    margin, error = seen["margin_ns"][known], seen["margin_err_ns"][known]
    best = int(np.argmax(margin - error))
    return int(margin[best]), int(error[best])


def finding_id(rule: str, act: str | None, data: str | None, actor: Actor, domain: str | None, apart: str = "") -> str:
    """Stable across captures of one app: the same fault has the same id in every run (capture format, ``finding``)."""
    parts = [rule, act, data, actor.kind, actor.id, domain, *([apart] if apart else [])]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:16]


def second_id(rule: str, act: str | None, data: str | None, actor: Actor, traces: Sequence[str]) -> str:
    """A second match: the same rule, act, data, kind of actor and APIs or places in the request, whoever and wherever."""
    return hashlib.sha256(orjson.dumps(["second", rule, act, data, actor.kind, list(traces)])).hexdigest()[:16]
