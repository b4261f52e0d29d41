"""A campaign as Markdown, and as the paragraphs of a public notice; captured text cannot become markup."""

from collections.abc import Mapping
from typing import Any

from pia_runtime.reports.campaign_notice import notice_paragraphs
from pia_runtime.reports.campaign_sections import Section, campaign_sections, summary_line
from pia_runtime.reports.labels import Labels, Lang
from pia_runtime.reports.recheck_table import plain
from pia_runtime.reports.wording import Wording


def campaign_markdown(document: Mapping[str, Any], labels: Labels, lang: Lang) -> str:
    """The whole report."""
    wording = Wording(lang, labels)
    lines = [f"# {wording.say('campaign.title')}", "", plain(summary_line(document, wording)), ""]
    lines += [plain(wording.say("campaign.silence")), ""]
    for section in campaign_sections(document, wording):
        lines += _table(section, wording)
    lines += [f"## {plain(wording.say('campaign.notice'))}", ""]
    lines += [line for paragraph in notice_paragraphs(document, wording) for line in (plain(paragraph), "")]
    return "\n".join(lines)


def campaign_notice(document: Mapping[str, Any], labels: Labels, lang: Lang) -> str:
    """Only the notice, as plain text: a paragraph an app."""
    wording = Wording(lang, labels)
    return "\n\n".join(notice_paragraphs(document, wording)) + "\n"


def _table(section: Section, wording: Wording) -> list[str]:
    lines = [f"## {plain(section.title)}", ""]
    if section.note:
        lines += [plain(section.note), ""]
    if not section.rows:
        return [*lines, plain(wording.say("campaign.nothing")), ""]
    lines += [f"| {' | '.join(map(plain, section.columns))} |", f"|{'---|' * len(section.columns)}"]
    lines += [f"| {' | '.join('–' if cell is None else plain(str(cell)) for cell in row)} |" for row in section.rows]
    return [*lines, ""]
