"""A re-check's items as sentences of one language; every captured text in them is already escaped for the eye."""

from collections.abc import Iterator, Mapping
from typing import Any

from pia_runtime.reports.escape import LONG, visible
from pia_runtime.reports.wording import Wording

_REASON_LENGTH = 300


def state_of(item: Mapping[str, Any], wording: Wording) -> str:
    """``still present``, ``new``, ``not exercised`` or ``fixed``."""
    return wording.term("recheck_state", item["state"])


def told(item: Mapping[str, Any], wording: Wording) -> str:
    """What the fault is, as the findings table says it."""
    return wording.finding(item["before"] or item["after"] or {})


def explained(item: Mapping[str, Any], wording: Wording) -> Iterator[str]:
    """Why the item is in its state: how it was matched, what changed, or why it was not exercised; a line each.

    What testers signed about it in either capture comes first.
    """
    yield from wording.annotations(item)
    if item["match"] and item["match"] != "id":
        yield wording.term("recheck_match", item["match"])
    if item["several"] and item["match"] != "id":
        yield wording.say("recheck_several")
    for change in item["changes"]:
        slots = {name: visible(change[name] if change[name] is not None else "–") for name in ("before", "after")}
        yield wording.say(f"recheck_change.{change['what']}", **slots)
    reasons = [_reason(reason, wording) for reason in item["because"]]
    if item["state"] == "new" and reasons:
        yield wording.say("recheck_new_because", reasons="; ".join(reasons))
    else:
        yield from reasons


def _reason(reason: Mapping[str, Any], wording: Wording) -> str:
    return wording.say(f"recheck_reason.{reason['code']}", detail=visible(reason["detail"] or "–", _REASON_LENGTH))


def run_name(run: Mapping[str, Any]) -> str:
    """Package and version of one of the two runs, and the session's id."""
    parts = (run.get("package"), run.get("version_name"), run.get("session"))
    return " ".join(visible(part, LONG) for part in parts if part) or "–"


def heading(document: Mapping[str, Any], wording: Wording) -> Iterator[str]:
    """Which runs, how many items in each state, and what restricts the comparison."""
    yield wording.say("recheck.runs", before=run_name(document["before"]), after=run_name(document["after"]))
    yield wording.say("recheck.counts", **document["counts"])
    if not document["same_knowledge"]:
        yield wording.say("recheck.knowledge_differs")
    if document["removed"]:
        yield wording.say("recheck.removed", names=", ".join(map(visible, document["removed"])))
    if not document["items"]:
        yield wording.say("recheck.none")
