"""``pia hooks``: the catalog of what is watched on the device."""

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from pia_runtime.cli.options import say

app = typer.Typer(help="The hook catalog: which API, which data.", no_args_is_help=True, rich_markup_mode=None)


class Format(StrEnum):
    """How the catalog is printed."""

    table = "table"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="What to print.")]


@app.command("list")
def list_(format_: FormatOption = Format.table) -> None:
    """List every hook with the API it watches and the data that API yields."""
    entries = _entries()
    if format_ is Format.json:
        _print_json(entries)
        return
    rows = [("id", "api", "data"), *((entry["id"], entry["api"], ", ".join(entry["data"])) for entry in entries)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for id_, api, data in rows:
        sys.stdout.write(f"{id_:<{widths[0]}}  {api:<{widths[1]}}  {data}".rstrip() + "\n")


@app.command("show")
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Id of a hook, as `pia hooks list` prints it.")],
    format_: FormatOption = Format.table,
) -> None:
    """Show one hook whole."""
    from pia_runtime.errors import UsageError

    entry = next((entry for entry in _entries() if entry["id"] == id_), None)
    if entry is None:
        raise UsageError(f"no hook {id_!r}", "pia hooks list prints all ids")
    if format_ is Format.json:
        _print_json(entry)
        return
    import yaml

    sys.stdout.write(yaml.safe_dump(entry, allow_unicode=True, sort_keys=False, width=100))


@app.command("lint")
def lint() -> None:
    """Check every entry of the catalog: ids, classes, data and projections."""
    say(f"{len(_entries())} hooks, all well-formed")


def _entries() -> list[dict[str, Any]]:
    from pia_runtime.instrumentation.catalog import load_catalog

    return load_catalog().documents()


def _print_json(content: object) -> None:
    import orjson

    sys.stdout.buffer.write(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
