"""Whether a later run gave an old fault the chance to show itself again. Every reason why not is said; none is guessed away."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pia_runtime.judgement.recheck_case import Finding, Reason, RecheckCase
from pia_runtime.judgement.recheck_run import Run, phase_name
from pia_runtime.judgement.recheck_watching import CHECKS, hooks_in_place
from pia_runtime.knowledge.base import Knowledge
from pia_runtime.model.event import scope_key

_SECOND = 1_000_000_000
_REQUEST_HOOKS = ("consent.request_permissions",)


def not_exercised(finding: Finding, before: Run, after: Run, knowledge: Knowledge) -> tuple[Reason, ...]:
    """Why the later run cannot close a finding of the earlier one; empty where it can.

    Args:
        finding: of ``before``.
        before: the run that showed it.
        after: the run in which it was not found.
        knowledge: rules, and what each kind of blind spot hides.
    """
    rule = next((one for one in knowledge.rules if one.id == finding.get("rule")), None)
    case = RecheckCase(finding, before, after, knowledge, rule)
    found = {reason for check in _CHECKS for reason in check(case)}
    return tuple(sorted(found))


def _same_app(case: RecheckCase) -> Iterator[Reason]:
    old, new = case.before.app.get("package"), case.after.app.get("package")
    if old and old != new:
        yield Reason("app_changed", f"{old} → {new or '–'}")


def _rule_known(case: RecheckCase) -> Iterator[Reason]:
    rule, regimes = case.rule, set(case.after.document.get("regimes") or ())
    if rule is None:
        yield Reason("rule_gone", str(case.finding.get("rule")))
    elif rule.regime != "any" and rule.regime not in regimes:
        yield Reason("regime_not_asked", rule.regime)


def _same_category(case: RecheckCase) -> Iterator[Reason]:
    rests = bool(case.finding.get("categories")) or bool(case.rule and case.rule.categories)
    old, new = sorted(case.before.app.get("categories") or ()), sorted(case.after.app.get("categories") or ())
    if rests and old != new:
        yield Reason("category_changed", f"{_listed(old)} → {_listed(new)}")


def _same_numbers(case: RecheckCase) -> Iterator[Reason]:
    now = case.after.document.get("thresholds") or {}
    for used in case.finding.get("thresholds") or ():
        value = (now.get(used.get("id")) or {}).get("value", used.get("value"))
        if value != used.get("value"):
            yield Reason("threshold_changed", f"{used['id']}: {used['value']:g} → {value:g}")


def _declared(case: RecheckCase) -> Iterator[Reason]:
    needed = case.facts & {"declared", "background_declared"} and case.before.document.get("declaration")
    if needed and not case.after.document.get("declaration"):
        yield Reason("declaration_missing")


def _first_launch(case: RecheckCase) -> Iterator[Reason]:
    matters = "before" in case.phases or bool(case.rule and case.rule.over == "run")
    old, new = case.before.first_launch, case.after.first_launch
    if matters and old is not None and old is not new:
        yield Reason("first_launch_differs", f"{_word(old)} → {_word(new)}")


def _phases(case: RecheckCase) -> Iterator[Reason]:
    for phase in sorted(case.phases):
        if phase == "unknown":
            if case.before.policy and not case.after.policy:
                yield Reason("phase_not_reached", "no_consent_signal")
        elif phase not in case.after.stays:
            yield Reason("phase_not_reached", phase)
        else:
            yield from _long_enough(case, phase)


def _long_enough(case: RecheckCase, phase: str) -> Iterator[Reason]:
    """The later run must have stayed in the phase until the instant at which the fault had shown itself."""
    stayed = case.after.stays[phase]
    times = [int(one["t_ns"]) for one in case.detections if phase_name(one.get("phase")) == phase]
    if not case.detections and case.finding.get("first_ns") is not None:
        times = [int(case.finding["first_ns"])]
    offsets = [offset for t_ns in times if (offset := case.before.offset(phase, t_ns)) is not None]
    if stayed is None or not offsets:
        return
    needed = max(offsets) if case.whole_run else min(offsets)
    if stayed < needed:
        yield Reason("phase_shorter", f"{phase}: {stayed / _SECOND:.3f} s < {needed / _SECOND:.3f} s")


def _screens(case: RecheckCase) -> Iterator[Reason]:
    """After consent, what an app does hangs on where its user goes: every screen of the earlier run must have been opened."""
    if not any(phase.startswith("after_") for phase in case.phases):
        return
    old, new = (set((run.exercised or {}).get("activities") or ()) for run in (case.before, case.after))
    missing = sorted(old - new)
    if missing:
        yield Reason("screen_not_reached", ", ".join(missing[:3]) + (" …" if len(missing) > 3 else ""))


def _states(case: RecheckCase) -> Iterator[Reason]:
    wanted = {str(one.get("state")) for one in case.detections} & {"background"}
    if case.rule and "state" in case.facts and wanted and case.after.exercised is not None:
        yield from (
            Reason("state_not_reached", state) for state in wanted - set(case.after.exercised.get("states") or ())
        )


def _answers(case: RecheckCase) -> Iterator[Reason]:
    """Where a permission, an SDK or a kind of data had been answered for, the later run must have answered alike."""
    for one in case.detections:
        scopes = _scopes_of(one, case.knowledge)
        for kind, word in (one.get("told") or {}).items():
            if word not in ("given", "refused", "withdrawn"):
                continue
            had = {scope for scope in scopes[kind] if word in case.before.told.get(scope, ())}
            if had and not any(word in case.after.told.get(scope, ()) for scope in had):
                yield Reason("answer_differs", f"{', '.join(sorted(had))}: {word}")


def _scopes_of(detection: Mapping[str, Any], knowledge: Knowledge) -> dict[str, list[str]]:
    entry = knowledge.taxonomy.get(str(detection.get("data")))
    return {
        "permission": [f"permission:{name}" for name in (entry.runtime_permissions if entry else ())],
        "sdk": [f"sdk:{(detection.get('actor') or {}).get('id')}"],
        "data": [f"data:{detection.get('data')}"],
    }


def _asked(case: RecheckCase) -> Iterator[Reason]:
    """Faults of asking: what was asked then must have been asked, and where it matters refused, again."""
    if not case.rule or case.rule.over != "signals":
        return
    scope = scope_key(str(case.finding.get("scope") or ""))
    told = case.after.told.get(scope, set()) if scope else set().union(*case.after.told.values(), set())
    if case.facts & {"previous", "since_refusal"} and not told & {"refused", "withdrawn"}:
        yield Reason("not_refused_again", scope)
    elif case.facts & {"purpose_shown", "together", "asked_since"} and not told:
        yield Reason("not_asked_again", scope)
    if scope.startswith("permission:") and not told:
        yield from hooks_in_place(case, _REQUEST_HOOKS)


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers)) or "–"


def _word(value: bool | None) -> str:
    return "unknown" if value is None else str(value).lower()


_CHECKS: tuple[Callable[[RecheckCase], Iterator[Reason]], ...] = (
    _same_app,
    _rule_known,
    _same_category,
    _same_numbers,
    _declared,
    _first_launch,
    _phases,
    _screens,
    _states,
    _answers,
    _asked,
    *CHECKS,
)
