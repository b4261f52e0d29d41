"""What the app says of itself against what was seen, as a table per actor."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pia_runtime.reports.escape import visible
from pia_runtime.reports.labels import Document, Labels, Lang
from pia_runtime.reports.wording import Wording


def print_declaration(document: Document, labels: Labels, lang: Lang, console: Console) -> None:
    """Print the comparison of ``document`` with its declaration; nothing where it has none."""
    wording = Wording(lang, labels)
    rows = list(declaration_rows(document, wording))
    if not rows:
        return
    console.print()
    console.print(Text(wording.say("table.declaration"), style="bold"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in ("declared_by", "data", "result"):
        table.add_column(wording.say(f"table.{column}"), overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def declaration_rows(document: Document, wording: Wording) -> Iterator[tuple[str, str, str]]:
    """Who, which data, and how declaration and run compare."""
    for row in (document.get("declaration") or {}).get("rows") or ():
        yield _who(row, wording), wording.data(row.get("data")), wording.term("declaration_result", row.get("result"))


def _who(row: Mapping[str, Any], wording: Wording) -> str:
    by = str(row.get("by") or "")
    if by.startswith("sdk:"):
        return wording.say("actor.named_sdk", name=visible(row.get("name") or by.removeprefix("sdk:")))
    return wording.say("actor.app") if by == "app" else "–" if by == "any" else visible(by)
