"""One paragraph for an app in the wording of public notices, with what it rests on: for those who have to answer or file it."""

from collections.abc import Iterator

from pia_runtime.reports.annotations import dismissed_count, is_dismissed
from pia_runtime.reports.escape import visible
from pia_runtime.reports.report import Report


def render_notice(report: Report) -> str:
    """The paragraph and its items as plain text."""
    return "\n".join([*notice_paragraphs(report), "", report.wording.say("report.silence"), ""])


def notice_paragraphs(report: Report) -> Iterator[str]:
    """App and violations in one sentence, then under each heading who took which data; what was set aside is counted."""
    words = report.wording
    app = report.session.get("app") or {}
    named = {
        "app": visible(app.get("label")) or visible(app.get("package")) or words.say("report.unknown_app"),
        "version": visible(app.get("version_name")),
    }
    aside = {str(finding.get("id")) for finding in report.findings if is_dismissed(finding)}
    headings = [
        (heading, [item for item in heading.get("items") or () if not set(item.get("findings") or ()) <= aside])
        for heading in report.document.get("notice") or ()
    ]
    headings = [(heading, items) for heading, items in headings if items]
    sentences = [visible((heading.get("wording") or {}).get(words.lang), 300) for heading, _ in headings]
    if sentences:
        joined = words.say("notice_text.joined").join(sentences)
        yield _tidy(words.say("notice_text.heading", **named, violations=joined))
    else:
        yield _tidy(words.say("notice_text.none", **named))
    for (_, items), sentence in zip(headings, sentences, strict=True):
        if len(headings) > 1:
            yield f"· {sentence}"
        for item in items:
            hosts = words.list([visible(host) for host in item.get("hosts") or ()])
            to = words.say("notice_text.to", hosts=hosts) if item.get("hosts") else ""
            acts = words.list([words.term("act", act) for act in item.get("acts") or ()])
            named_item = {"actor": words.actor(item.get("actor")), "data": words.data(item.get("data"))}
            yield f"  - {words.say('notice_text.item', **named_item, acts=acts, hosts=to)}"
    clauses = list(dict.fromkeys(visible(heading.get("clause")) for heading, _ in headings))
    if clauses:
        yield words.say("notice_text.basis", clauses=words.list(clauses))
    dismissed = dismissed_count(report.document)
    if dismissed:
        yield words.say("notice_text.dismissed", count=dismissed)


def _tidy(text: str) -> str:
    """Without the gap that a missing version leaves."""
    return " ".join(text.split()).replace(" :", ":").replace(" ：", "：")
