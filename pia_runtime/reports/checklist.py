"""A checklist with its states: table, Markdown, CSV and workbook."""

import csv
import datetime
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pia_runtime.reports.escape import visible
from pia_runtime.reports.labels import Labels, Lang
from pia_runtime.reports.recheck_words import run_name
from pia_runtime.reports.wording import Wording

_STYLES = {"open": "bold red", "closed": "green", "person": "cyan", "not_mapped": "magenta"}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#!~&])")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = ("number", "text", "state", "why", "person", "clauses", "findings")
_WIDTHS = (14, 60, 14, 60, 30, 24, 40)
_CREATED = datetime.datetime(2000, 1, 1)
_AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
_LONGEST = 600


def print_checklist(document: Mapping[str, Any], labels: Labels, lang: Lang, console: Console) -> None:
    """Print every item with its state and reasons, in the order of the list."""
    wording = Wording(lang, labels)
    console.print(Text(wording.say("checklist.title"), style="bold"))
    for line in _heading(document, wording):
        console.print(Text(line))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", expand=True)
    for column in ("number", "state", "what"):
        table.add_column(wording.say(f"checklist.{column}"), overflow="fold")
    table.columns[2].ratio = 1
    for item in document["items"]:
        cell = Text(_text(item, document, wording))
        for line in (*_mapping(item, wording), *_why(item, wording), *_person(item, wording)):
            cell.append(f"\n{line}", style="dim")
        state = Text(wording.term("checklist_state", item["state"]), style=_STYLES.get(item["state"], "yellow"))
        table.add_row(Text(visible(item["number"])), state, cell)
    console.print(table)
    console.print(Text(wording.say("checklist.silence"), style="italic"))


def checklist_markdown(document: Mapping[str, Any], labels: Labels, lang: Lang) -> str:
    """The same as Markdown; captured text cannot become markup."""
    wording = Wording(lang, labels)
    lines = [f"# {_plain(wording.say('checklist.title'))}", ""]
    lines += [f"{_plain(line)}  " for line in _heading(document, wording)]
    lines += ["", f"| {' | '.join(_names(wording))} |", f"|{'---|' * len(_COLUMNS)}"]
    lines += [f"| {' | '.join(_plain(cell) or '–' for cell in row)} |" for row in _rows(document, wording)]
    return "\n".join([*lines, "", _plain(wording.say("checklist.silence")), ""])


def checklist_csv(document: Mapping[str, Any], labels: Labels, lang: Lang) -> bytes:
    """CSV in UTF-8 with a byte order mark, as spreadsheets want it; no cell can be taken for a formula."""
    wording, out = Wording(lang, labels), io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_names(wording), *([_harmless(cell) for cell in row] for row in _rows(document, wording))])
    return out.getvalue().encode("utf-8-sig")


def checklist_xlsx(document: Mapping[str, Any], labels: Labels, lang: Lang) -> bytes:
    """A workbook of one sheet. The same document, labels and language give the same bytes."""
    wording, memory = Wording(lang, labels), io.BytesIO()
    with xlsxwriter.Workbook(memory, _AS_TEXT) as book:
        book.set_properties({"title": wording.say("checklist.title"), "created": _CREATED})
        heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(wording.say("checklist.title")[:31])
        rows = _rows(document, wording)
        for column, (name, width) in enumerate(zip(_names(wording), _WIDTHS, strict=True)):
            sheet.set_column(column, column, width, wrapped)
            sheet.write_string(0, column, name, heading)
            for number, row in enumerate(rows, 1):
                sheet.write_string(number, column, row[column])
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, max(1, len(rows)), len(_COLUMNS) - 1)
    return memory.getvalue()


def _names(wording: Wording) -> list[str]:
    return [wording.say(f"checklist.{name}") for name in _COLUMNS]


def _rows(document: Mapping[str, Any], wording: Wording) -> list[Sequence[str]]:
    return [
        (
            visible(item["number"]),
            _text(item, document, wording),
            wording.term("checklist_state", item["state"]),
            "; ".join((*_why(item, wording), *_mapping(item, wording))),
            "; ".join(_person(item, wording)),
            ", ".join(map(visible, (*item["clauses"], *item["rules"]))),
            ", ".join(map(visible, item["findings"])),
        )
        for item in document["items"]
    ]


def _heading(document: Mapping[str, Any], wording: Wording) -> list[str]:
    before, run = document["before"], document["run"]
    one_run = visible(f"{run['package'] or ''} {run['session'] or ''}".strip() or "–")
    runs = wording.say("checklist.one_run", run=one_run)
    if before:
        runs = wording.say("recheck.runs", before=run_name(before), after=run_name(document["after"]))
    return [
        wording.say("checklist.list", name=visible(document["list"]["name"]), items=str(len(document["items"]))),
        runs,
        wording.say("checklist.counts", **document["counts"]),
    ]


def _text(item: Mapping[str, Any], document: Mapping[str, Any], wording: Wording) -> str:
    """The item as its list words it; lists that ship with the program are worded in the language of the report."""
    if document["list"]["sha256"] is None and wording.lang == "en":
        return wording.clause(item["clauses"][0])
    return visible(item["text"], _LONGEST)


def _why(item: Mapping[str, Any], wording: Wording) -> list[str]:
    told = []
    for reason in item["reasons"]:
        detail = visible(reason["detail"] or "–", 300)
        if reason["source"] == "assessment":
            told.append(wording.because([reason["code"]]))
        else:
            told.append(wording.say(f"{reason['source']}_reason.{reason['code']}", detail=detail))
    return told


def _person(item: Mapping[str, Any], wording: Wording) -> list[str]:
    words = [wording.term("because", code) for code in item["person"] if item["state"] != "person"]
    return [wording.say("checklist.for_person", what=wording.list(words))] if words else []


def _mapping(item: Mapping[str, Any], wording: Wording) -> list[str]:
    """How an item was understood, where it was not said by number."""
    told = []
    if item["mapped_by"] == "wording":
        clauses = ", ".join(map(visible, item["clauses"]))
        told.append(wording.say("checklist.by_wording", words=visible(item["words"]), clauses=clauses))
    only = [*(wording.data(one) for one in item["data"]), *map(visible, (*item["actors"], *item["hosts"]))]
    if only:
        told.append(wording.say("checklist.only", what=wording.list(only)))
    return told


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
