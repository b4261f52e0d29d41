"""A campaign as a workbook: a sheet a table, headings frozen, filters on, captured text never a formula."""

import datetime
import io
from collections.abc import Mapping
from typing import Any

import xlsxwriter

from pia_runtime.reports.campaign_sections import Cell, Section, campaign_sections, summary_line
from pia_runtime.reports.labels import Labels, Lang
from pia_runtime.reports.wording import Wording

_WIDEST = 60
_LONGEST = 32_767
"""Characters that a cell can hold (Excel's own limit)."""
_CREATED = datetime.datetime(2000, 1, 1)
_AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}


def campaign_xlsx(document: Mapping[str, Any], labels: Labels, lang: Lang) -> bytes:
    """The workbook. The same document, labels and language give the same bytes."""
    wording = Wording(lang, labels)
    memory = io.BytesIO()
    with xlsxwriter.Workbook(memory, _AS_TEXT) as book:
        book.set_properties({"title": wording.say("campaign.title"), "created": _CREATED})
        heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        cover = book.add_worksheet(wording.say("campaign.title"))
        cover.set_column(0, 0, 100, wrapped)
        cover.write_string(0, 0, wording.say("campaign.title"), heading)
        for row, text in enumerate((summary_line(document, wording), wording.say("campaign.silence")), 1):
            cover.write_string(row, 0, text, wrapped)
        for section in campaign_sections(document, wording):
            _sheet(book, section, heading, wrapped)
    return memory.getvalue()


def _sheet(book: Any, section: Section, heading: Any, wrapped: Any) -> None:  # noqa: ANN401 - xlsxwriter has no types
    sheet = book.add_worksheet(section.title[:31])
    for column, name in enumerate(section.columns):
        sheet.write_string(0, column, name, heading)
        sheet.set_column(column, column, _width(section, column), wrapped)
    for number, row in enumerate(section.rows, 1):
        for column, cell in enumerate(row):
            _write(sheet, number, column, cell)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(1, len(section.rows)), len(section.columns) - 1)


def _write(sheet: Any, row: int, column: int, cell: Cell) -> None:  # noqa: ANN401
    if isinstance(cell, int | float):
        sheet.write_number(row, column, cell)
    elif cell is not None:
        sheet.write_string(row, column, cell[:_LONGEST])


def _width(section: Section, column: int) -> int:
    """Wide enough for most of what stands there; CJK characters take two places."""
    texts = [section.columns[column], *(str(row[column]) for row in section.rows[:200])]
    return min(_WIDEST, max(6, *(sum(2 if ord(char) > 0x2E7F else 1 for char in text) + 2 for text in texts)))
