"""The re-check after rectification (整改复查): what became of every finding of an earlier run, and what is new."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pia_runtime.judgement.recheck_case import Reason
from pia_runtime.judgement.recheck_match import HOW, Match, form_of, match_findings, place_of
from pia_runtime.judgement.recheck_run import Run
from pia_runtime.judgement.recheck_situation import not_exercised
from pia_runtime.knowledge.base import Knowledge

SCHEMA = "pia.diff/1"
STATES = ("still_present", "new", "not_exercised", "fixed")
"""What an item can be, the worst first. ``not_exercised`` is never ``fixed``."""

_SUMMARY = (
    "id", "rule", "severity", "verdict", "data", "act", "acts", "actor", "recipient", "scope", "state", "count", "first_ns",
    "clauses", "categories", "needs_human", "thresholds",
)  # fmt: skip


def recheck(
    before: Mapping[str, Any], after: Mapping[str, Any], knowledge: Knowledge, removed: Collection[str] = ()
) -> dict[str, Any]:
    """Compare two analysis documents of one app.

    Args:
        before: of the run that showed the faults.
        after: of the run that was made to check them.
        knowledge: rules, and what each kind of blind spot hides.
        removed: ids of SDKs that the tester states are no longer in the build: their hosts are not waited for.

    Returns:
        ``items`` (one for each old finding and each new one, the worst first), ``counts`` by state, ``before`` and ``after``
        (which runs), ``matches`` (what each way of matching means), ``removed``.
    """
    old, new = Run(before), Run(after)
    matches = match_findings(old.findings, new.findings, old.seen, new.seen)
    later = {finding["id"]: finding for finding in new.findings}
    items = [
        _old(finding, matches.pairs.get(finding["id"]), later, old, new, knowledge, removed, matches.doubtful)
        for finding in old.findings
    ]
    paired = {match.after for match in matches.pairs.values()}
    items += [_new(finding, old, new, knowledge) for finding in new.findings if finding["id"] not in paired]
    counts = Counter(item["state"] for item in items)
    return {
        "schema": SCHEMA,
        "before": _run(old),
        "after": _run(new),
        "same_knowledge": before.get("knowledge_sha256") == after.get("knowledge_sha256"),
        "counts": {state: counts[state] for state in STATES},
        "items": sorted(items, key=lambda item: STATES.index(item["state"])),
        "matches": dict(HOW),
        "removed": sorted(removed),
    }


def _old(
    finding: Mapping[str, Any],
    match: Match | None,
    later: Mapping[str, Mapping[str, Any]],
    old: Run,
    new: Run,
    knowledge: Knowledge,
    removed: Collection[str],
    doubtful: Collection[str],
) -> dict[str, Any]:
    if match is not None:
        other = later[match.after]
        item = _item("still_present", finding, other, ())
        return {**item, "match": match.how, "several": match.several, "changes": changes(finding, other, old, new)}
    reasons = set(not_exercised(finding, old, new, knowledge))
    if finding["id"] in doubtful:
        reasons.add(Reason("cannot_tell_which"))
    actor = (finding.get("actor") or {}).get("id")
    if actor in removed and not _shows(new, str(actor)):
        reasons = {reason for reason in reasons if reason.code not in ("host_not_contacted", "value_unknown")}
    return _item("not_exercised" if reasons else "fixed", finding, None, sorted(reasons))


def _shows(run: Run, actor: str) -> bool:
    """Whether an SDK left any trace."""
    return any((one.get("actor") or {}).get("id") == actor for one in run.seen.values())


def _new(finding: Mapping[str, Any], old: Run, new: Run, knowledge: Knowledge) -> dict[str, Any]:
    """A new item also says whether the earlier run could have shown it: a fault not looked for before is new only to us."""
    return _item("new", None, finding, not_exercised(finding, new, old, knowledge))


def _item(
    state: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, because: Iterable[Reason]
) -> dict[str, Any]:
    given = before or after or {}
    return {
        "id": given["id"],
        "state": state,
        "before": _summary(before),
        "after": _summary(after),
        "match": None,
        "several": False,
        "changes": [],
        "because": [{"code": reason.code, "detail": reason.detail} for reason in because],
    }


def _summary(finding: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if finding is None else {name: finding.get(name) for name in _SUMMARY}


def changes(before: Mapping[str, Any], after: Mapping[str, Any], old: Run, new: Run) -> list[dict[str, Any]]:
    """What is different about one fault in two runs: code, host, encoding, place, API, verdict; nothing where nothing is."""
    actors = [_actor(finding) for finding in (before, after)]
    domains, hosts = (
        [(one.get("recipient") or {}).get(name) for one in (before, after)] for name in ("domain", "host")
    )
    seen = [run.detections_of(finding) for run, finding in ((old, before), (new, after))]
    sent = [[one for one in found if one.get("act") == "transmission"] for found in seen]
    calls = [[one for one in found if one.get("act") != "transmission"] for found in seen]
    pairs = {
        "actor": actors,
        "host": hosts if domains[0] == domains[1] else domains,
        "encoding": [_texts(map(form_of, found)) for found in sent],
        "place": [_texts(map(place_of, found)) for found in sent],
        "api": [_texts(map(place_of, found)) for found in calls],
        "verdict": [finding.get("verdict") for finding in (before, after)],
        "severity": [finding.get("severity") for finding in (before, after)],
    }
    return [{"what": what, "before": one, "after": other} for what, (one, other) in pairs.items() if one != other]


def _actor(finding: Mapping[str, Any]) -> str | None:
    actor = finding.get("actor") or {}
    return actor.get("id") or actor.get("kind")


def _texts(found: Iterable[str]) -> str | None:
    return ", ".join(sorted(set(found))) or None


def _run(run: Run) -> dict[str, Any]:
    session = run.document.get("session") or {}
    return {
        "session": session.get("id"),
        "package": run.app.get("package"),
        "version_name": run.app.get("version_name"),
        "version_code": run.app.get("version_code"),
        "apk_sha256": run.app.get("apk_sha256"),
        "started_ns": run.coverage.get("started_ns"),
        "knowledge_sha256": run.document.get("knowledge_sha256"),
        "findings": len(run.findings),
    }
