"""``pia knowledge``: what the judgement rests on."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

import typer

from pia_runtime.cli.hooks import Format, FormatOption
from pia_runtime.cli.options import JsonOption, LangOption, chosen, say, stdout_console

app = typer.Typer(
    help="What is known: identifiers, encodings, SDKs, trackers, categories, clauses, rules.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Kind(StrEnum):
    """Kinds of entries."""

    identifiers = "identifiers"
    encodings = "encodings"
    patterns = "patterns"
    sdks = "sdks"
    trackers = "trackers"
    categories = "categories"
    clauses = "clauses"
    rules = "rules"
    thresholds = "thresholds"


Kinds = Annotated[
    list[Kind] | None, typer.Argument(metavar="[KIND]...", help="Which kinds; all by default.", show_default=False)
]


@app.command("list")
def list_(
    kinds: Kinds = None, format_: FormatOption = Format.table, json_: JsonOption = False, lang: LangOption = None
) -> None:
    """List every entry: its kind, id and name. JSON has all that an entry says."""
    from pia_runtime.detection.knowledge_catalog import knowledge_entries

    entries = list(knowledge_entries([kind.value for kind in kinds or ()]))
    if json_ or format_ is Format.json:
        _print_json(entries)
        return
    language = chosen(lang)
    _print_table(("kind", "id", "name"), ((one["kind"], one["id"], str(one.get(language) or "")) for one in entries))
    say(f"{len(entries)} entries; pia knowledge show ID prints one whole")


@app.command("show")
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Id of an entry, as `pia knowledge list` prints it.")],
    kind: Annotated[
        Kind | None, typer.Option("--kind", help="Where several kinds have the id.", show_default=False)
    ] = None,
    format_: FormatOption = Format.table,
    json_: JsonOption = False,
) -> None:
    """Show one entry whole: its fields, its source, and for rules what they cite."""
    from pia_runtime.detection.knowledge_catalog import knowledge_entries
    from pia_runtime.errors import UsageError

    found = [one for one in knowledge_entries([kind.value] if kind else []) if one["id"] == id_]
    if not found:
        raise UsageError(f"no entry {id_!r}", "pia knowledge list prints all ids")
    if json_ or format_ is Format.json:
        _print_json(found[0] if len(found) == 1 else found)
        return
    import yaml

    for one in found:
        sys.stdout.write(yaml.safe_dump(one, allow_unicode=True, sort_keys=False, width=100))


@app.command("lint")
def lint(format_: FormatOption = Format.table, json_: JsonOption = False) -> int:
    """Check every entry: its form, what it refers to, and that its examples match and its counter-examples do not.

    Exit code 3 where something is wrong.
    """
    from pia_runtime.cli.progress import working
    from pia_runtime.detection.knowledge_lint import lint_knowledge

    with working("checking the knowledge"):
        problems = lint_knowledge()
    if json_ or format_ is Format.json:
        _print_json([{"part": part, "problems": found} for part, found in problems.items()])
    else:
        _print_table(
            ("part", "problems"), ((part, str(len(found)) if found else "none") for part, found in problems.items())
        )
        for line in (line for found in problems.values() for line in found):
            sys.stdout.write(f"{line}\n")
    wrong = sum(map(len, problems.values()))
    say(f"{wrong} problems" if wrong else "every entry holds")
    return 3 if wrong else 0


def _print_table(head: tuple[str, ...], body: Iterable[tuple[str, ...]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in head:
        table.add_column(name, overflow="fold")
    for row in body:
        table.add_row(*(Text(cell) for cell in row))
    stdout_console().print(table)


def _print_json(content: Any) -> None:  # noqa: ANN401 (plain JSON)
    import orjson

    sys.stdout.buffer.write(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
