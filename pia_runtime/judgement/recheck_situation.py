"""Whether a later run gave an old fault the chance to show itself again. Every reason why not is said; none is guessed away."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pia_runtime.judgement.recheck_run import Run, phase_name
from pia_runtime.knowledge.base import Knowledge
from pia_runtime.knowledge.rules import Rule

Finding = Mapping[str, Any]
_SECOND = 1_000_000_000
_UNREACHABLE = ("tls_failed", "connect_failed", "closed_after_tls", "quic_blocked")
_OWN_CHECK = frozenset({"hook_failed", "process_not_hooked", *_UNREACHABLE})
"""Blind spots that are held against one hook, process or host and not against the whole run."""
_PROMPT_HOOKS = ("consent.dialog_show",)
_REQUEST_HOOKS = ("consent.request_permissions",)


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """Why a situation was not exercised: a word (``reasons_not_exercised`` of the messages) and what it is about."""

    code: str
    detail: str = ""


def not_exercised(finding: Finding, before: Run, after: Run, knowledge: Knowledge) -> tuple[Reason, ...]:
    """Why the later run cannot close a finding of the earlier one; empty where it can.

    Args:
        finding: of ``before``.
        before: the run that showed it.
        after: the run in which it was not found.
        knowledge: rules, and what each kind of blind spot hides.
    """
    rule = next((one for one in knowledge.rules if one.id == finding.get("rule")), None)
    case = _Case(finding, before, after, knowledge, rule)
    found = {reason for check in _CHECKS for reason in check(case)}
    return tuple(sorted(found))


class _Case:
    """One finding between two runs."""

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
        """The phase of the policy; what a narrower scope decides is held against that scope (see :func:`_answers`)."""
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


def _same_app(case: _Case) -> Iterator[Reason]:
    old, new = case.before.app.get("package"), case.after.app.get("package")
    if old and old != new:
        yield Reason("app_changed", f"{old} → {new or '–'}")


def _rule_known(case: _Case) -> Iterator[Reason]:
    rule, regimes = case.rule, set(case.after.document.get("regimes") or ())
    if rule is None:
        yield Reason("rule_gone", str(case.finding.get("rule")))
    elif rule.regime != "any" and rule.regime not in regimes:
        yield Reason("regime_not_asked", rule.regime)


def _same_category(case: _Case) -> Iterator[Reason]:
    rests = bool(case.finding.get("categories")) or bool(case.rule and case.rule.categories)
    old, new = sorted(case.before.app.get("categories") or ()), sorted(case.after.app.get("categories") or ())
    if rests and old != new:
        yield Reason("category_changed", f"{_listed(old)} → {_listed(new)}")


def _same_numbers(case: _Case) -> Iterator[Reason]:
    now = case.after.document.get("thresholds") or {}
    for used in case.finding.get("thresholds") or ():
        value = (now.get(used.get("id")) or {}).get("value", used.get("value"))
        if value != used.get("value"):
            yield Reason("threshold_changed", f"{used['id']}: {used['value']:g} → {value:g}")


def _declared(case: _Case) -> Iterator[Reason]:
    needed = case.facts & {"declared", "background_declared"} and case.before.document.get("declaration")
    if needed and not case.after.document.get("declaration"):
        yield Reason("declaration_missing")


def _first_launch(case: _Case) -> Iterator[Reason]:
    matters = "before" in case.phases or bool(case.rule and case.rule.over == "run")
    old, new = case.before.first_launch, case.after.first_launch
    if matters and old is not None and old is not new:
        yield Reason("first_launch_differs", f"{_word(old)} → {_word(new)}")


def _phases(case: _Case) -> Iterator[Reason]:
    for phase in sorted(case.phases):
        if phase == "unknown":
            if case.before.policy and not case.after.policy:
                yield Reason("phase_not_reached", "no_consent_signal")
        elif phase not in case.after.stays:
            yield Reason("phase_not_reached", phase)
        else:
            yield from _long_enough(case, phase)


def _long_enough(case: _Case, phase: str) -> Iterator[Reason]:
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


def _screens(case: _Case) -> Iterator[Reason]:
    """After consent, what an app does hangs on where its user goes: every screen of the earlier run must have been opened."""
    if not any(phase.startswith("after_") for phase in case.phases):
        return
    old, new = (set((run.exercised or {}).get("activities") or ()) for run in (case.before, case.after))
    missing = sorted(old - new)
    if missing:
        yield Reason("screen_not_reached", ", ".join(missing[:3]) + (" …" if len(missing) > 3 else ""))


def _states(case: _Case) -> Iterator[Reason]:
    wanted = {str(one.get("state")) for one in case.detections} & {"background"}
    if case.rule and "state" in case.facts and wanted and case.after.exercised is not None:
        yield from (
            Reason("state_not_reached", state) for state in wanted - set(case.after.exercised.get("states") or ())
        )


def _answers(case: _Case) -> Iterator[Reason]:
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


def _asked(case: _Case) -> Iterator[Reason]:
    """Faults of asking: what was asked then must have been asked, and where it matters refused, again."""
    if not case.rule or case.rule.over != "signals":
        return
    scope = str(case.finding.get("scope") or "")
    told = case.after.told.get(scope, set()) if scope else set().union(*case.after.told.values(), set())
    if case.facts & {"previous", "since_refusal"} and not told & {"refused", "withdrawn"}:
        yield Reason("not_refused_again", scope)
    elif case.facts & {"purpose_shown", "together", "asked_since"} and not told:
        yield Reason("not_asked_again", scope)
    if scope.startswith("permission:") and not told:
        yield from _hooks_in_place(case, _REQUEST_HOOKS)


def _run_hooks(case: _Case) -> Iterator[Reason]:
    if case.rule and case.rule.over == "run":
        yield from _hooks_in_place(case, _PROMPT_HOOKS)


def _hooks(case: _Case) -> Iterator[Reason]:
    yield from _hooks_in_place(case, sorted({str(one["source"]) for one in case.calls if one.get("source")}))


def _hooks_in_place(case: _Case, hooks: tuple[str, ...] | list[str]) -> Iterator[Reason]:
    old, new = case.before.exercised or {}, case.after.exercised
    if new is None:
        if hooks:
            yield Reason("not_recorded", "coverage.exercised")
        return
    states = {name: status for status, names in (new.get("hooks") or {}).items() for name in names}
    reported_then = {name for names in (old.get("hooks") or {}).values() for name in names}
    for hook in hooks:
        if states.get(hook) == "installed" or (hook not in states and hook in (new.get("hooks_called") or ())):
            continue
        silent = not states and not reported_then and new.get("hooks_called")
        if (
            not silent
        ):  # neither run said which hooks there were, and the later one was watched: as good as the earlier one
            yield Reason("hook_missing", f"{hook}: {states.get(hook, 'not_reported')}")


def _processes(case: _Case) -> Iterator[Reason]:
    alive = set(case.after.coverage.get("processes") or ())
    unhooked = case.after.spots(["process_not_hooked"])
    for process in sorted({str(one["process"]) for one in case.calls if one.get("process")}):
        blind = [spot for spot in unhooked if not spot.get("detail") or process in str(spot["detail"])]
        if blind:
            yield Reason("process_not_hooked", process)
        elif process not in alive and not _main_process_ran(process, case):
            yield Reason("process_not_seen", process)


def _main_process_ran(process: str, case: _Case) -> bool:
    """An app that asked for consent, or in which hooks were placed, ran in its main process, whether a line names it or not."""
    main = case.after.app.get("package") or case.before.app.get("package")
    hooks = ((case.after.exercised or {}).get("hooks") or {}).get("installed")
    return process == main and bool(case.after.policy or hooks)


def _hosts(case: _Case) -> Iterator[Reason]:
    if case.sent and case.after.exercised is None:
        yield Reason("not_recorded", "coverage.exercised")
        return
    companies = {(one.get("recipient") or {}).get("company") for one in case.after.seen.values()} - {None}
    here = case.after.blind_in(case.phases)
    for domain, company in sorted(_recipients(case.sent), key=str):
        failed = [
            spot for spot in case.after.spots(_UNREACHABLE) if _at(spot, domain) and spot["kind"] in here | _DATED
        ]
        if failed:
            yield Reason("host_unreachable", f"{domain}: {', '.join(sorted({str(spot['kind']) for spot in failed}))}")
        elif not case.after.talked_to(domain) and company not in companies:
            yield Reason("host_not_contacted", domain)


_DATED = frozenset({"connect_failed"})
"""Kinds that no list of what hides what names, so that no phase counts them."""


def _recipients(sent: list[Mapping[str, Any]]) -> set[tuple[str, str | None]]:
    parties = [one.get("recipient") or {} for one in sent]
    return {(str(party["domain"]), party.get("company")) for party in parties if party.get("domain")}


def _at(spot: Mapping[str, Any], domain: str) -> bool:
    host = str(spot.get("host") or "")
    return host == domain or host.endswith(f".{domain}")


def _values(case: _Case) -> Iterator[Reason]:
    """A value can be looked for only where it is known: listed, read again, or new with the first launch of the app."""
    known = set((case.after.exercised or {}).get("known_data") or ())
    read = {one.get("data") for one in case.after.seen.values() if one.get("act") == "access"}
    for one in case.sent:
        data, basis = one.get("data"), one.get("basis")
        missing = basis == "known" and data not in known | read
        if basis in ("observed", "derived") and data not in known | read:
            missing = case.after.first_launch is not True
        if missing:
            yield Reason("value_unknown", str(data))


def _blind_spots(case: _Case) -> Iterator[Reason]:
    here = case.after.blind_in(case.phases)
    domains = {domain for domain, _ in _recipients(case.sent)}
    streams = ["events"] if case.calls or not case.detections else []
    for stream in [*streams, *(["flows"] if case.sent else [])]:
        for kind in sorted((case.knowledge.blinding[stream] & here) - _OWN_CHECK):
            spots = [spot for spot in case.after.spots([kind]) if _hides(spot, case.before, domains)]
            if spots:
                yield Reason("blind_spot", f"{kind}{_where(spots)}")


def _hides(spot: Mapping[str, Any], before: Run, domains: set[str]) -> bool:
    """A spot at another host hides nothing; one without a host that the earlier run had as well did not hide the fault then."""
    if spot.get("host"):
        return any(_at(spot, domain) for domain in domains)
    key = (spot.get("kind"), spot.get("detail"))
    general = spot.get("kind") in ("quic_blocked", "tls_not_reachable", "non_http_flow")
    return not (general and key in {(one.get("kind"), one.get("detail")) for one in before.spots([str(key[0])])})


def _where(spots: list[Mapping[str, Any]]) -> str:
    named = sorted({str(spot.get("host") or spot.get("detail") or "") for spot in spots} - {""})
    return f": {', '.join(named[:3])}" if named else ""


def _still_done(case: _Case) -> Iterator[Reason]:
    """The same is still done, and only this run cannot say that it is a fault: no order, or nothing came back."""
    mine = {(one.get("data"), (one.get("actor") or {}).get("id"), one.get("act")) for one in case.detections}
    for one in case.after.seen.values():
        key = (one.get("data"), (one.get("actor") or {}).get("id"), one.get("act"))
        if key in mine and one.get("verdict") == "indeterminate" and case.finding.get("verdict") != "indeterminate":
            yield Reason("order_undecided", str(one.get("data")))
        obtained = (*key[:2], "access") in mine and one.get("act") == "attempt"
        if obtained and phase_name(one.get("phase")) in case.phases:
            yield Reason("nothing_obtained", str(one.get("threw") or one.get("api") or ""))


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers)) or "–"


def _word(value: bool | None) -> str:
    return "unknown" if value is None else str(value).lower()


_CHECKS: tuple[Callable[[_Case], Iterator[Reason]], ...] = (
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
    _run_hooks,
    _hooks,
    _processes,
    _hosts,
    _values,
    _blind_spots,
    _still_done,
)
