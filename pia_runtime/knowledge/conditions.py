"""The vocabulary of rules: which facts each table has, what they may be, and how a condition is written.

A condition names one fact of the rule's table and either the values it may have (``phase: [before_prompt, before_choice]``) or
a comparison with a threshold (``count: {above: identifier_reads_per_run}``). All conditions of a rule must hold for one row.
Nothing is evaluated: words are looked up, numbers compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pia_runtime.errors import KnowledgeError
from pia_runtime.model.detection import Act, Phase, Verdict

ANY = ("*",)
"""A fact whose values are open: taxonomy ids, API names, places in a request."""

TRUTH = ("true", "false")
MAYBE = ("true", "false", "unknown")
TOLD = ("unasked", "asked", "given", "refused", "withdrawn", "unknown")
STATES = ("foreground", "silent", "background", "unknown")
_ORDER = {"phase": get_args(Phase), "verdict": get_args(Verdict)}

Unit = Literal["times", "per_second", "per_minute", "seconds", "percent"]

VOCABULARY: Mapping[str, Mapping[str, tuple[str, ...] | Unit]] = {
    "detections": {
        **_ORDER,
        "act": get_args(Act),
        "data": ANY,
        "group": ANY,
        "sensitive": TRUTH,
        "actor_kind": ("app", "sdk", "system", "unknown"),
        "advertising": TRUTH,
        "third_party": MAYBE,
        "place": ANY,
        "api": ANY,
        "state": STATES,
        "permission": TOLD,
        "sdk_told": TOLD,
        "data_told": TOLD,
        "separate_consent": TRUTH,
        "necessity": ("listed", "extended", "unlisted", "outside", "no_category"),
        "declared": ("no_declaration", "declared", "undeclared", "contrary"),
        "tcf_purpose_1": ("given", "refused", "unknown"),
    },
    "frequency": {
        **_ORDER,
        "act": ("access", "attempt"),
        "data": ANY,
        "group": ANY,
        "actor_kind": ("app", "sdk", "system", "unknown"),
        "state": STATES,
        "background_declared": TRUTH,
        "count": "times",
        "per_second": "per_second",
        "intervals": "times",
        "period": "seconds",
        "spread": "percent",
    },
    "signals": {
        **_ORDER,
        "kind": ("policy", "permission", "sdk", "data"),
        "signal": ("requested", "given", "refused", "withdrawn"),
        "source": ("tap", "preference", "sdk_call", "permission_result", "ui_tree", "tester"),
        "previous": ("none", "given", "refused", "withdrawn", "unknown"),
        "asked_since": TRUTH,
        "since_refusal": "seconds",
        "together": "times",
        "purpose_shown": MAYBE,
        "ended_after": "seconds",
        "sensitive": TRUTH,
        "unlisted": TRUTH,
    },
    "run": {
        **_ORDER,
        "first_launch": MAYBE,
        "policy_asked": TRUTH,
        "policy_answered": TRUTH,
        "watched": TRUTH,
        "collects": TRUTH,
    },
    "starts": {
        **_ORDER,
        "kind": ("process", "wakeup"),
        "started_by": ("user", "self", "other_app", "unknown"),
        "per_minute": "per_minute",
    },
}
"""Table → fact → its values, or the unit of its number."""

STANDS_ON: Mapping[str, tuple[str, ...]] = {
    "silent": ("silence_after",),
    "together": ("asked_together",),
    "purpose_shown": ("purpose_shown_within",),
}
"""Facts, and values of ``state``, that a threshold went into making: it is printed with findings that rest on them."""

COMPARISONS = ("above", "at_least", "below", "at_most")


@dataclass(frozen=True, slots=True)
class Condition:
    """One fact and what it must be.

    Attributes:
        values: the words it may be, empty for a comparison.
        comparison: one of :data:`COMPARISONS`, or "".
        threshold: id of the threshold it is compared with, or "".
    """

    fact: str
    values: frozenset[str] = frozenset()
    comparison: str = ""
    threshold: str = ""

    @property
    def thresholds(self) -> tuple[str, ...]:
        """Ids of all thresholds the condition rests on."""
        made = [self.fact, *(sorted(self.values) if self.fact == "state" else ())]
        own = (self.threshold,) if self.threshold else ()
        return own + tuple(name for part in made for name in STANDS_ON.get(part, ()))


def parse_conditions(given: object, table: str, units: Mapping[str, str], where: str) -> tuple[Condition, ...]:
    """Conditions as written under ``when``.

    Args:
        given: mapping of fact to values or comparison.
        table: what the rule is over.
        units: threshold id → unit.
        where: file and entry for messages.

    Raises:
        KnowledgeError: an unknown table, fact, value, comparison or threshold, or a threshold of another unit.
    """
    if table not in VOCABULARY:
        raise KnowledgeError(f"{where}: over: {table!r} is not known", f"use one of {', '.join(VOCABULARY)}")
    if not isinstance(given, dict):
        raise KnowledgeError(f"{where}: when: expected a mapping of facts")
    return tuple(_condition(str(fact), written, table, units, where) for fact, written in given.items())


def _condition(fact: str, written: Any, table: str, units: Mapping[str, str], where: str) -> Condition:  # noqa: ANN401
    allowed = VOCABULARY[table].get(fact)
    if allowed is None:
        raise KnowledgeError(f"{where}: when: {table} have no fact {fact!r}")
    if isinstance(allowed, str):
        return _comparison(fact, written, allowed, units, where)
    if not isinstance(written, list) or not written:
        raise KnowledgeError(f"{where}: when: {fact}: expected a list of values")
    values = frozenset(str(value).lower() if isinstance(value, bool) else str(value) for value in written)
    unknown = sorted(values - set(allowed)) if allowed != ANY else []
    if unknown:
        raise KnowledgeError(f"{where}: {fact}: {unknown[0]!r} is not known")
    return Condition(fact, values)


def _comparison(fact: str, written: Any, unit: str, units: Mapping[str, str], where: str) -> Condition:  # noqa: ANN401
    if not isinstance(written, dict) or len(written) != 1:
        raise KnowledgeError(f"{where}: when: {fact}: expected one comparison, for example {{above: THRESHOLD}}")
    ((comparison, threshold),) = written.items()
    if comparison not in COMPARISONS:
        raise KnowledgeError(f"{where}: when: {fact}: {comparison!r} is no comparison", f"use {', '.join(COMPARISONS)}")
    if units.get(threshold) != unit:
        raise KnowledgeError(f"{where}: when: {fact}: {threshold!r} is no threshold in {unit}")
    return Condition(fact, comparison=comparison, threshold=threshold)
