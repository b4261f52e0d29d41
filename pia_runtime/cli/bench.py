"""``pia bench``: what this installation can measure about itself."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pia_runtime.cli.options import say, stdout_console

if TYPE_CHECKING:
    from pia_runtime.bench.score import GroupScore, Score


class Format(StrEnum):
    """How the result is printed."""

    table = "table"
    json = "json"


class Bench(StrEnum):
    """What can be measured."""

    detection = "detection"


def bench(
    name: Annotated[
        Bench, typer.Argument(metavar="NAME", help="detection: a labelled battery of requests through the analysis.")
    ],
    format_: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.table,
    seed: Annotated[int, typer.Option("--seed", help="Another seed is another person and other random traffic.")] = 1,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FOLDER", help="Leave the battery there as a capture with labels.jsonl."),
    ] = None,
) -> None:
    """Measure what this installation can prove about itself.

    Recall and precision per class of the battery, and every miss, every wrong name and every invented hit. Exit code 0
    whatever the figures are.
    """
    from pia_runtime.bench.detection import measure_detection
    from pia_runtime.errors import UsageError

    if keep is not None and keep.exists():
        raise UsageError(f"{keep}: exists", "choose a folder that does not exist yet")
    result = measure_detection(seed, keep=keep)
    if format_ is Format.json:
        import orjson

        document = {"schema": "pia.bench/1", "bench": name.value, "seed": seed, **result.document()}
        sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return
    _print(result)
    if keep is not None:
        say(f"the battery is in {keep}")


def _print(result: "Score") -> None:
    from rich.table import Table

    columns = ("class", "requests", "labels", "found", "named", "invented", "recall", "precision")
    table = Table(*columns, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, group in (*result.groups.items(), ("all", result.total())):
        table.add_row(name, *_cells(group))
    console = stdout_console()
    console.print(table)
    console.print("named: kind, place, path, encoding and basis are those of the label", markup=False)
    for line in result.deviations:
        wanted, got = line["expected"], line["reported"]
        text = f"{line['what']}: {line['group']} / {line['case']}"
        console.print(
            text, *(_described(part) for part in (wanted, got) if part), sep="\n  ", markup=False, soft_wrap=True
        )


def _cells(group: "GroupScore") -> tuple[str, ...]:
    counts = (group.cases, group.expected, group.found, group.named, group.invented)
    return (*map(str, counts), _share(group.recall), _share(group.precision))


def _share(value: float | None) -> str:
    # Never rounded up to 100: one miss in ten thousand must show.
    return "–" if value is None else f"{int(value * 10_000) / 100:g} %"


def _described(part: dict[str, object]) -> str:
    path = part["path"]
    steps = " → ".join(path) if isinstance(path, list) else ""
    return f"{part['data']} ({part['basis']}) at {part['location']} {steps} as {part['encoding']}"
