"""``pia checklist``: an authority's list, item by item, against a run or a re-check."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from pia_runtime.cli.options import LangOption, RemovedOption, chosen, gate_code, labels, print_to, write_result

_OPEN = ("open",)
_STRICT = ("open", "not_exercised", "not_seen", "person", "not_mapped")


class Format(StrEnum):
    """How the checklist is printed."""

    table = "table"
    md = "md"
    json = "json"
    csv = "csv"
    xlsx = "xlsx"


def checklist(
    list_: Annotated[
        str,
        typer.Argument(
            metavar="LIST",
            help="A CSV or XLSX file, or 191 or 164 for the lists that ship with pia.",
            show_default=False,
        ),
    ],
    before: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="A capture folder or analysis document; the earlier one of two.", show_default=False
        ),
    ],
    after: Annotated[
        Path | None,
        typer.Argument(metavar="[AFTER]", help="The run made to check the rectification.", show_default=False),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.table,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write to this file instead of stdout.", show_default=False)
    ] = None,
    gate: Annotated[bool, typer.Option("--gate", help="Exit 1 when an item is open.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="With --gate: exit 1 also when an item is anything but closed.")
    ] = False,
    removed: RemovedOption = None,
    lang: LangOption = None,
) -> int:
    """Close the items of a checklist or leave them open, each with its reasons.

    Columns are found by their headings (number, text, clause, rule, data, actor, host; Chinese headings too). An item is mapped
    by the rule or provision that it names, else by its words. With two runs an item is closed where its fault is fixed as
    pia diff means it; one run alone closes nothing. docs/rechecks.md has the states.
    """
    from pia_runtime.errors import UsageError
    from pia_runtime.storage.checklist import check_list

    if strict and not gate:
        raise UsageError("--strict has no meaning without --gate", "give both")
    if removed and after is None:
        raise UsageError("--removed has no meaning with one run", "give the earlier and the later run")
    document = check_list(list_, before, after, removed or ())
    _write(document, format_, out, lang)
    return gate_code(document, _STRICT if strict else _OPEN) if gate else 0


def _write(document: dict[str, Any], format_: Format, out: Path | None, lang: LangOption) -> None:
    from pia_runtime.pipeline import document_bytes
    from pia_runtime.reports.checklist import checklist_csv, checklist_markdown, checklist_xlsx, print_checklist

    target, language = out or Path("-"), chosen(lang)
    if format_ is Format.json:
        write_result(document_bytes(document), target)
    elif format_ is Format.md:
        write_result(checklist_markdown(document, labels(), language), target)
    elif format_ is Format.csv:
        write_result(checklist_csv(document, labels(), language), target)
    elif format_ is Format.xlsx:
        write_result(checklist_xlsx(document, labels(), language), target)
    else:
        print_to(target, lambda console: print_checklist(document, labels(), language, console))
