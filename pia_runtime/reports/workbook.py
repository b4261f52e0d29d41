"""The report as a workbook in the layout that laboratories exchange: one sheet a question, real dates, filters, fixed headers.

Every captured text is written as a string and marked as quoted, so that neither opening nor editing a cell makes it a formula;
links are never made. Layout after the sheets of zhengjim/camille (policy state, time, subject, behaviour, parameters, stack) and
PrivacySentry (a row marks consent; a second sheet counts calls).
"""

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import xlsxwriter

from pia_runtime.reports.escape import visible
from pia_runtime.reports.report import Report
from pia_runtime.reports.workbook_cells import Cell, Instant, Seconds, Sheet
from pia_runtime.reports.workbook_sheets import sheets

MOST_ROWS = 100_000
"""Rows of one sheet; what is left out is counted on it."""

_LONGEST_CELL = 32_000
_LAST_DAY_NS = 253_402_300_799 * 10**9
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TONES = {"critical": "#F8D7DA", "high": "#FDE3D3", "medium": "#FFF3CD", "mark": "#D1E7DD", "dismissed": "#E9ECEF"}


def render_workbook(report: Report) -> bytes:
    """The workbook. The same report gives the same bytes."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": report.wording.say("doc.title"), "created": datetime(1980, 1, 1, tzinfo=UTC)})
    formats = _Formats(book)
    for sheet in sheets(report):
        _write(book, sheet, formats, report)
    book.close()
    return buffer.getvalue()


class _Formats:
    """Cell formats by kind and tone, each made once."""

    def __init__(self, book: Any) -> None:  # noqa: ANN401 (xlsxwriter carries no types)
        self._book, self._made = book, dict[tuple[str, str, bool], Any]()

    def of(self, kind: str, tone: str = "", *, left: bool = False) -> Any:  # noqa: ANN401
        """``text``, ``quoted`` (never a formula), ``date``, ``number``, ``seconds``, ``head`` or ``title``."""
        if (kind, tone, left) not in self._made:
            look: dict[str, Any] = {"font_name": "等线", "font_size": 10, "valign": "top", "text_wrap": kind != "date"}
            look |= {"date": {"num_format": "yyyy-mm-dd hh:mm:ss.000"}, "seconds": {"num_format": "0.000"}}.get(
                kind, {}
            )
            if kind == "head":
                look |= {"bold": True, "bg_color": "#16324F", "font_color": "#FFFFFF", "border": 1}
            if kind == "title":
                look |= {"bold": True, "font_size": 14, "text_wrap": False}
            if left:
                look["align"] = "left"
            if tone in _TONES:
                look["bg_color"] = _TONES[tone]
            made = self._book.add_format(look)
            if kind == "quoted":
                made.set_quote_prefix()
            self._made[kind, tone, left] = made
        return self._made[kind, tone, left]


def _write(book: Any, sheet: Sheet, formats: _Formats, report: Report) -> None:  # noqa: ANN401
    page = book.add_worksheet(report.wording.say(f"sheet.{sheet.name}"))
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    for place, width in enumerate(sheet.widths):
        page.set_column(place, place, width)
    for place, name in enumerate(sheet.columns):
        page.write_string(0, place, name, formats.of("head"))
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    rows = sheet.rows[:MOST_ROWS]
    for number, (tone, cells) in enumerate(rows, 1):
        _write_row(page, number, cells, partial(formats.of, tone=tone, left=sheet.prose))
    if rows:
        page.autofilter(0, 0, len(rows), len(sheet.columns) - 1)
    left = len(sheet.rows) - len(rows)
    if left:
        page.write_string(len(rows) + 2, 0, report.wording.say("sheet.cut", left=left), formats.of("text"))


def _write_row(page: Any, number: int, cells: Sequence[Cell], look: Callable[[str], Any]) -> None:  # noqa: ANN401
    for place, cell in enumerate(cells):
        if isinstance(cell, Instant):
            moment = _moment(cell.t_ns)
            if moment is None:
                page.write_string(number, place, visible(cell.t_ns), look("text"))
            else:
                page.write_datetime(number, place, moment, look("date"))
        elif isinstance(cell, Seconds):
            page.write_number(number, place, cell.ns / 1e9, look("seconds"))
        elif isinstance(cell, int):
            page.write_number(number, place, cell, look("number"))
        elif not cell:
            page.write_blank(number, place, None, look("text"))
        else:
            kind = "quoted" if cell.startswith(_FORMULA) else "text"
            page.write_string(number, place, cell[:_LONGEST_CELL], look(kind))


def _moment(t_ns: int) -> datetime | None:
    """The instant to the millisecond, as workbooks keep it (UTC, without a zone); None outside the calendar."""
    if not 0 <= t_ns <= _LAST_DAY_NS:
        return None
    moment = datetime.fromtimestamp(t_ns // 10**9, UTC).replace(tzinfo=None)
    return moment.replace(microsecond=t_ns % 10**9 // 10**6 * 1000)
