"""Whether a later run could have seen an old fault: hooks, processes, hosts, values, and what hid something."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pia_runtime.judgement.recheck_case import Reason, RecheckCase
from pia_runtime.judgement.recheck_run import Run, phase_name

_UNREACHABLE = ("tls_failed", "connect_failed", "closed_after_tls", "quic_blocked")
_OWN_CHECK = frozenset({"hook_failed", "process_not_hooked", *_UNREACHABLE})
"""Blind spots that are held against one hook, process or host and not against the whole run."""
_PROMPT_HOOKS = ("consent.dialog_show",)
_DATED = frozenset({"connect_failed"})
"""Kinds that no list of what hides what names, so that no phase counts them."""


def _run_hooks(case: RecheckCase) -> Iterator[Reason]:
    if case.rule and case.rule.over == "run":
        yield from hooks_in_place(case, _PROMPT_HOOKS)


def _hooks(case: RecheckCase) -> Iterator[Reason]:
    yield from hooks_in_place(case, sorted({str(one["source"]) for one in case.calls if one.get("source")}))


def hooks_in_place(case: RecheckCase, hooks: Sequence[str]) -> Iterator[Reason]:
    """A reason for each of these hooks that was not in place in the later run."""
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
        # neither run said which hooks there were, and the later one was watched: as good as the earlier one
        silent = not states and not reported_then and new.get("hooks_called")
        if not silent:
            yield Reason("hook_missing", f"{hook}: {states.get(hook, 'not_reported')}")


def _processes(case: RecheckCase) -> Iterator[Reason]:
    alive = set(case.after.coverage.get("processes") or ())
    unhooked = case.after.spots(["process_not_hooked"])
    for process in sorted({str(one["process"]) for one in case.calls if one.get("process")}):
        blind = [spot for spot in unhooked if not spot.get("detail") or process in str(spot["detail"])]
        if blind:
            yield Reason("process_not_hooked", process)
        elif process not in alive and not _main_process_ran(process, case):
            yield Reason("process_not_seen", process)


def _main_process_ran(process: str, case: RecheckCase) -> bool:
    """An app that asked for consent, or in which hooks were placed, ran in its main process, whether a line names it or not."""
    main = case.after.app.get("package") or case.before.app.get("package")
    hooks = ((case.after.exercised or {}).get("hooks") or {}).get("installed")
    return process == main and bool(case.after.policy or hooks)


def _hosts(case: RecheckCase) -> Iterator[Reason]:
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


def _recipients(sent: list[Mapping[str, Any]]) -> set[tuple[str, str | None]]:
    parties = [one.get("recipient") or {} for one in sent]
    return {(str(party["domain"]), party.get("company")) for party in parties if party.get("domain")}


def _at(spot: Mapping[str, Any], domain: str) -> bool:
    host = str(spot.get("host") or "")
    return host == domain or host.endswith(f".{domain}")


def _values(case: RecheckCase) -> Iterator[Reason]:
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


def _blind_spots(case: RecheckCase) -> Iterator[Reason]:
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


def _still_done(case: RecheckCase) -> Iterator[Reason]:
    """The same is still done, and only this run cannot say that it is a fault: no order, or nothing came back."""
    mine = {(one.get("data"), (one.get("actor") or {}).get("id"), one.get("act")) for one in case.detections}
    for one in case.after.seen.values():
        key = (one.get("data"), (one.get("actor") or {}).get("id"), one.get("act"))
        if key in mine and one.get("verdict") == "indeterminate" and case.finding.get("verdict") != "indeterminate":
            yield Reason("order_undecided", str(one.get("data")))
        obtained = (*key[:2], "access") in mine and one.get("act") == "attempt"
        if obtained and phase_name(one.get("phase")) in case.phases:
            yield Reason("nothing_obtained", str(one.get("threw") or one.get("api") or ""))


CHECKS: tuple[Callable[[RecheckCase], Iterator[Reason]], ...] = (
    _run_hooks,
    _hooks,
    _processes,
    _hosts,
    _values,
    _blind_spots,
    _still_done,
)
"""What is asked of every finding; each yields the reasons that it finds."""
