"""The comparison of two campaigns as rows: what became of each fault, and why that is said."""

from collections.abc import Iterator, Mapping
from typing import Any

from pia_runtime.campaign.comparison import NOT_INSPECTED
from pia_runtime.reports.escape import visible
from pia_runtime.reports.recheck_words import explained, state_of, told
from pia_runtime.reports.wording import Wording


def comparison(compared: Mapping[str, Any], wording: Wording) -> Iterator[tuple[str, ...]]:
    """One row an item: app, state, what it is, why, id."""
    for app in compared["apps"]:
        for item in app["items"]:
            why = "; ".join(_explained(item, wording)) or "–"
            yield visible(app["app"]), state_of(item, wording), told(item, wording), why, visible(item["id"])


def _explained(item: Mapping[str, Any], wording: Wording) -> Iterator[str]:
    if [reason["code"] for reason in item["because"]] == [NOT_INSPECTED]:
        yield wording.say("campaign.app_not_inspected")
    else:
        yield from explained(item, wording)
    if item["runs"]:
        yield f"{wording.say('campaign.seen_in')}: {', '.join(map(visible, item['runs']))}"
