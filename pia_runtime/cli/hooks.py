"""``pia hooks``: the catalog of what is watched on the device."""

import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pia_runtime.cli.options import JsonOption, say

if TYPE_CHECKING:
    from pia_runtime.instrumentation.catalog import Catalog
    from pia_runtime.instrumentation.signatures.check import EntryCheck

app = typer.Typer(help="The hook catalog: which API, which data.", no_args_is_help=True, rich_markup_mode=None)


class Format(StrEnum):
    """How the catalog is printed."""

    table = "table"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="What to print.")]


@app.command("list")
def list_(format_: FormatOption = Format.table, json_: JsonOption = False) -> None:
    """List every hook with the API it watches and the data that API yields, and what cannot be watched."""
    documents = _documents()
    if json_ or format_ is Format.json:
        _print_json(documents)
        return
    _print_table(
        ("id", "api", "data"),
        ((each["id"], each["api"], ", ".join(each["data"]) + _not_watched(each)) for each in documents),
    )


@app.command("show")
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Id of a hook, as `pia hooks list` prints it.")],
    format_: FormatOption = Format.table,
    json_: JsonOption = False,
) -> None:
    """Show one hook whole."""
    from pia_runtime.errors import UsageError

    entry = next((entry for entry in _documents() if entry["id"] == id_), None)
    if entry is None:
        raise UsageError(f"no hook {id_!r}", "pia hooks list prints all ids")
    if json_ or format_ is Format.json:
        _print_json(entry)
        return
    import yaml

    sys.stdout.write(yaml.safe_dump(entry, allow_unicode=True, sort_keys=False, width=100))


@app.command("lint")
def lint(format_: FormatOption = Format.table, json_: JsonOption = False) -> None:
    """Check every entry against the SDK's real signatures, and that every kind of data has a way or a reason."""
    from pia_runtime.instrumentation.catalog import load_catalog

    catalog = load_catalog()
    checks = _checks(catalog)
    if json_ or format_ is Format.json:
        _print_json(_lint_documents(catalog, checks))
    else:
        _print_table(("id", "problem"), ((check.id, problem) for check in checks for problem in check.problems))
    _summarise(catalog, checks)
    left_out = _summarise_kinds(catalog)
    if left_out or any(check.problems for check in checks):
        raise typer.Exit(3)


def _documents() -> list[dict[str, Any]]:
    from pia_runtime.instrumentation.catalog import load_catalog

    catalog = load_catalog()
    return [*catalog.documents(), *(item.document() for item in catalog.unwatchable)]


def _checks(catalog: "Catalog") -> list["EntryCheck"]:
    from pia_runtime.instrumentation.signatures.check import check_entry, check_unwatchable
    from pia_runtime.instrumentation.signatures.table import load_signatures

    table = load_signatures()
    hooks = [check_entry(entry, table) for entry in catalog.entries.values()]
    return [*hooks, *(check_unwatchable(item, table) for item in catalog.unwatchable)]


def _lint_documents(catalog: "Catalog", checks: Sequence["EntryCheck"]) -> list[dict[str, Any]]:
    """One object an entry: what `list` says of it, the levels that were checked, those without a source, and what is wrong."""
    documents = [*catalog.documents(), *(item.document() for item in catalog.unwatchable)]
    return [
        {
            "id": document["id"],
            "api": document["api"],
            "data": document["data"],
            "visibility": document.get("visibility", "public"),
            "checked": sorted(check.checked),
            "unchecked": sorted(check.unchecked),
            "problems": list(check.problems),
        }
        for document, check in zip(documents, checks, strict=True)
    ]


def _summarise(catalog: "Catalog", checks: Sequence["EntryCheck"]) -> None:
    from pia_runtime.instrumentation.signatures.table import format_levels, load_signatures

    hidden = sum(1 for entry in catalog.entries.values() if entry.visibility != "public")
    levels = frozenset(level for check in checks if check.checked for level in check.unchecked)
    whole = sum(1 for check in checks if check.checked and not check.unchecked)
    wrong = sum(1 for check in checks if check.problems)
    say(f"{len(catalog.entries)} hooks and {len(catalog.unwatchable)} things that cannot be watched, all well-formed")
    say(
        f"signatures known for API {format_levels(load_signatures().levels)}: {whole} entries checked at every level they claim"
    )
    say(
        f"unchecked: {hidden} hidden or vendor entries; API {format_levels(levels)} of the others, for want of a source"
    )
    say(f"{wrong} entries contradict the SDK" if wrong else "no entry contradicts the SDK")


def _summarise_kinds(catalog: "Catalog") -> list[str]:
    """Say whether every kind of data has a way or a reason for having none; return those with neither."""
    from pia_runtime.knowledge.taxonomy import load_taxonomy

    taxonomy = list(load_taxonomy())
    left_out, stated = catalog.kinds_left_out(taxonomy), [each.data for each in catalog.unreadable]
    say(
        f"{len(taxonomy) - len(left_out) - len(stated)} of {len(taxonomy)} kinds of data can be seen being read; "
        f"no call yields {', '.join(stated) or 'nothing else'}"
    )
    if left_out:
        say(f"neither watched nor stated as unreadable: {', '.join(left_out)}")
    return left_out


def _not_watched(document: dict[str, Any]) -> str:
    return " (cannot be watched)" if document.get("watched") is False else ""


def _print_table(head: tuple[str, ...], body: Iterable[tuple[str, ...]]) -> None:
    rows = [head, *body]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head) - 1)]
    for row in rows if len(rows) > 1 else []:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, [*widths, 0], strict=True)]
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _print_json(content: object) -> None:
    import orjson

    sys.stdout.buffer.write(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
