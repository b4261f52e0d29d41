"""A public notice over all apps: an app, its version, and under each heading what was taken, in the wording of such notices."""

from collections.abc import Iterator, Mapping
from typing import Any

from pia_runtime.reports.escape import visible
from pia_runtime.reports.wording import Wording

type Object = Mapping[str, Any]


def notice_paragraphs(document: Object, wording: Wording) -> Iterator[str]:
    """One paragraph an app with certain findings under a heading, the worst app first."""
    for app in document["apps"]:
        certain = [one for one in app["findings"] if one["notice"] and one["verdict"] == "without_consent"]
        headings = [
            _heading(document["notices"][name], [one for one in certain if one["notice"] == name], wording)
            for name in document["notices"]
            if any(one["notice"] == name for one in certain)
        ]
        if headings:
            told = wording.say("campaign.semicolon").join(headings)
            yield f"{_app(app, wording)}{wording.say('campaign.colon')}{told}{wording.say('campaign.stop')}"


def _app(app: Object, wording: Wording) -> str:
    name, versions = (
        visible(app["label"] or app["app"]),
        wording.list([visible(version) for version in app["versions"]]),
    )
    return wording.say(
        "campaign.notice_app", rank=app["rank"], name=name, package=visible(app["app"]), versions=versions
    )


def _heading(notice: Object, findings: list[Object], wording: Wording) -> str:
    kinds: dict[str, set[str]] = {}
    for finding in findings:
        kinds.setdefault(wording.data(finding["data"]), set()).add(wording.actor(finding["actor"]))
    items = [f"{kind} ({wording.list(sorted(actors))})" for kind, actors in sorted(kinds.items())]
    sentence = f"{visible(notice[wording.lang], 300)} ({visible(notice['clause'])})"
    return f"{sentence}{wording.say('campaign.colon')}{wording.list(items)}"
