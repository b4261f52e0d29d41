"""A campaign as one self-contained page without scripts: nothing is loaded, and nothing captured can run."""

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from itertools import groupby
from typing import Any

from markupsafe import Markup

from pia_runtime.reports.campaign_notice import notice_paragraphs
from pia_runtime.reports.campaign_sections import SYMBOLS, Cell, Section, campaign_sections, summary_line
from pia_runtime.reports.labels import Labels, Lang
from pia_runtime.reports.page_environment import page_environment
from pia_runtime.reports.wording import Wording

_CELL_CLASSES = {symbol: name for name, symbol in SYMBOLS.items()}


def campaign_html(document: Mapping[str, Any], labels: Labels, lang: Lang) -> str:
    """The page. The same document, labels and language give the same text."""
    wording = Wording(lang, labels)
    style = files("pia_runtime.reports").joinpath("templates", "campaign", "campaign.css").read_text(encoding="utf-8")
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        page_environment()
        .get_template("campaign/campaign.html.j2")
        .render(
            lang=lang,
            policy=f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'",
            style=Markup(style),  # noqa: S704 (the project's own file)
            say=wording.say,
            summary=summary_line(document, wording),
            sections=campaign_sections(document, wording),
            groups=_groups,
            cell_class=_cell_class,
            notice=[*notice_paragraphs(document, wording)],
        )
    )


def _groups(section: Section) -> list[tuple[Cell, list[tuple[Cell, ...]]]]:
    """Rows that stand together in the grouping column, under its value and without it."""
    at = section.group or 0
    parted = groupby(section.rows, key=lambda row: row[at])
    return [(name, [row[:at] + row[at + 1 :] for row in rows]) for name, rows in parted]


def _cell_class(section: Section, cell: Cell) -> str:
    if section.id == "matrix" and isinstance(cell, str):
        return _CELL_CLASSES.get(cell, "")
    return "number" if isinstance(cell, int | float) else ""
