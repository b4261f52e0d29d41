"""A re-check in the terminal and as Markdown."""

import re
from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pia_runtime.reports.labels import Labels, Lang
from pia_runtime.reports.recheck_words import explained, heading, state_of, told
from pia_runtime.reports.summary import short_id
from pia_runtime.reports.wording import Wording

_STYLES = {"still_present": "bold red", "new": "red", "not_exercised": "yellow", "fixed": "green"}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#!~&])")


def print_recheck(document: Mapping[str, Any], labels: Labels, lang: Lang, console: Console) -> None:
    """Print the items, the worst first."""
    wording = Wording(lang, labels)
    console.print(Text(wording.say("recheck.title"), style="bold"))
    for line in heading(document, wording):
        console.print(Text(line))
    if document["items"]:
        console.print(_table(document, wording))
    console.print(Text(wording.say("recheck.silence"), style="italic"))


def _table(document: Mapping[str, Any], wording: Wording) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", expand=True)
    for column in ("state", "what", "id"):
        table.add_column(wording.say(f"recheck.{column}"), overflow="fold")
    table.columns[1].ratio = 1
    for item in document["items"]:
        cell = Text(told(item, wording))
        for line in explained(item, wording):
            cell.append(f"\n{line}", style="dim")
        table.add_row(Text(state_of(item, wording), style=_STYLES[item["state"]]), cell, Text(short_id(item["id"])))
    return table


def recheck_markdown(document: Mapping[str, Any], labels: Labels, lang: Lang) -> str:
    """The same as Markdown; captured text cannot become markup."""
    wording = Wording(lang, labels)
    lines = [f"# {plain(wording.say('recheck.title'))}", ""]
    lines += [f"{plain(line)}  " for line in heading(document, wording)]
    columns = [wording.say(f"recheck.{name}") for name in ("state", "what", "why", "id")]
    lines += ["", f"| {' | '.join(columns)} |", "|---|---|---|---|"]
    for item in document["items"]:
        why = "; ".join(explained(item, wording))
        cells = (state_of(item, wording), told(item, wording), why or "–", str(item["id"]))
        lines.append(f"| {' | '.join(plain(cell) for cell in cells)} |")
    return "\n".join([*lines, "", plain(wording.say("recheck.silence")), ""])


def plain(text: str) -> str:
    """Text that Markdown shows as it stands."""
    return _MARKDOWN.sub(r"\\\1", text)
