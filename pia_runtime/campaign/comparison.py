"""Two campaigns compared: of every fault of the earlier one, over all runs of its app, what became of it, and what is new."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pia_runtime.campaign.reading import Campaign
from pia_runtime.judgement.recheck import STATES, recheck
from pia_runtime.knowledge.base import Knowledge

NOT_INSPECTED = "app_not_inspected"
"""Reason of an item whose app the other campaign has no analysed run of."""

type Object = dict[str, Any]
type Runs = Iterable[tuple[str, Mapping[str, Any]]]


def compare_campaigns(
    before: Campaign, after: Campaign, knowledge: Knowledge, report: Callable[[str, int, int], None] = lambda *_: None
) -> Object:
    """What became of every fault of an earlier campaign.

    Args:
        before: the earlier campaign.
        after: the later one.
        knowledge: rules, and what each kind of blind spot hides.
        report: told the step, how many apps are done, and of how many.

    Returns:
        ``counts`` by state over all apps, and ``apps``: package, ``counts``, ``items`` as in ``pia.diff/1`` with ``runs`` (in
        which runs of the later campaign it still shows).
    """
    packages = sorted({*before.apps(), *after.apps()})
    apps: list[Object] = []
    for done, package in enumerate(packages, 1):
        old, new = ([(e.name, d) for e, d in campaign.documents(package)] for campaign in (before, after))
        items = compare_runs_of_app(old, new, knowledge)
        apps.append({"app": package, "counts": _counts(items), "items": items})
        report("compare", done, len(packages))
    return {
        "same_knowledge": before.manifest.knowledge_sha256 == after.manifest.knowledge_sha256,
        "counts": {state: sum(app["counts"][state] for app in apps) for state in STATES},
        "apps": [app for app in apps if app["items"]],
    }


def compare_runs_of_app(before: Runs, after: Runs, knowledge: Knowledge) -> list[Object]:
    """The items of one app over several runs on either side.

    A fault is still present when any later run shows it; fixed when none does and one of them brought the same situation about;
    else it was not exercised, with the reasons of the run that came closest. It is new when no earlier run showed it.
    """
    old, new = list(before), list(after)
    if not old or not new:
        return [_alone(finding, "not_exercised" if old else "new") for finding in _distinct(old or new)]
    pairs = [
        (name, item)
        for _, earlier in old
        for name, later in new
        for item in recheck(earlier, later, knowledge)["items"]
    ]
    return sorted([*_old_items(pairs), *_new_items(pairs)], key=lambda item: (STATES.index(item["state"]), item["id"]))


def _old_items(pairs: list[tuple[str, Object]]) -> Iterable[Object]:
    by_id: dict[str, list[tuple[str, Object]]] = {}
    for name, item in pairs:
        if item["before"] is not None:
            by_id.setdefault(item["before"]["id"], []).append((name, item))
    for said in by_id.values():
        states = {item["state"] for _, item in said}
        state = next(state for state in ("still_present", "fixed", "not_exercised") if state in states)
        matching = [item for _, item in said if item["state"] == state]
        runs = sorted({name for name, item in said if item["state"] == "still_present"})
        yield min(matching, key=lambda item: len(item["because"])) | {"runs": runs}


def _new_items(pairs: list[tuple[str, Object]]) -> Iterable[Object]:
    known = {item["after"]["id"] for _, item in pairs if item["state"] == "still_present" and item["after"]}
    by_id: dict[str, list[tuple[str, Object]]] = {}
    for name, item in pairs:
        if item["state"] == "new" and item["id"] not in known:
            by_id.setdefault(item["id"], []).append((name, item))
    for said in by_id.values():
        item = min((item for _, item in said), key=lambda item: len(item["because"]))
        yield item | {"runs": sorted({name for name, _ in said})}


def _distinct(runs: Runs) -> Iterable[tuple[Mapping[str, Any], list[str]]]:
    shown: dict[str, tuple[Mapping[str, Any], list[str]]] = {}
    for name, document in runs:
        for finding in document["findings"]:
            shown.setdefault(finding["id"], (finding, []))[1].append(name)
    return [shown[key] for key in sorted(shown)]


def _alone(shown: tuple[Mapping[str, Any], list[str]], state: str) -> Object:
    finding, runs = shown
    given = dict(finding)
    return {
        "id": finding["id"],
        "state": state,
        "before": given if state == "not_exercised" else None,
        "after": given if state == "new" else None,
        "match": None,
        "several": False,
        "changes": [],
        "because": [{"code": NOT_INSPECTED, "detail": ""}],
        "runs": runs if state == "new" else [],
    }


def _counts(items: list[Object]) -> dict[str, int]:
    counts = Counter(item["state"] for item in items)
    return {state: counts[state] for state in STATES}
