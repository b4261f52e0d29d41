"""``pia selftest``: do the hooks change what a program sees of itself, and what does each of them cost?"""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pia_runtime.cli.options import say, stdout_console

if TYPE_CHECKING:
    from pia_runtime.practice.canary import Cost, Transparency

NOT_CHECKED = (
    "Android's own runtime (ART) and framework: this ran on a desktop JVM, whose hooks the same agent installs in another way",
    "ARM processors and 32-bit processes",
    "the app's further processes and class loaders on Android",
)
"""What this machine cannot show, in words for people."""


class Format(StrEnum):
    """How the result is printed."""

    table = "table"
    json = "json"


def selftest(
    format_: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.table,
    calls: Annotated[
        int,
        typer.Option("--calls", min=10, max=100_000, help="Hooked calls in each of the seven turns of the cost table."),
    ] = 200,
) -> None:
    """Run a canary program with and without hooks, compare what it saw byte for byte, and measure what each hook costs.

    Exit code 0 if both outputs are the same and every hook was at work, else 4: hooks of this installation must not be
    trusted then. The costs never decide.
    """
    from pia_runtime.practice.canary import check_transparency, measure_costs

    say("running the canary without hooks and with them …")
    result = check_transparency()
    say("measuring what the hooks cost …")
    costs = measure_costs(calls)
    if format_ is Format.json:
        import orjson

        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        sys.stdout.buffer.write(orjson.dumps(_document(result, costs), option=options))
    else:
        _print(result, costs)
    if not result.holds:
        raise typer.Exit(4)


def _document(result: "Transparency", costs: "list[Cost]") -> dict[str, Any]:
    return {
        "schema": "pia.selftest/1",
        "transparent": result.holds,
        "probes": result.probes,
        "differences": list(result.differences),
        "calls_seen": result.calls,
        "failed_hooks": list(result.failed),
        "visible": [{"what": what, "without": plain, "with": hooked} for what, plain, hooked in result.visible],
        "costs": [
            {
                "hook": cost.hook,
                "plain_ns": round(cost.plain_ns, 1),
                "full_ns": round(cost.full_ns),
                "counted_ns": round(cost.counted_ns),
                "ratio": round(cost.full_ns / max(cost.plain_ns, 0.1)),
            }
            for cost in costs
        ],
        "not_checked": list(NOT_CHECKED),
    }


def _print(result: "Transparency", costs: "list[Cost]") -> None:
    from rich.table import Table

    console = stdout_console()

    def line(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    verdict = "the same bytes with and without hooks" if not result.differences else "NOT the same with hooks"
    line(f"{result.probes} probes, {result.calls} hooked calls: {verdict}")
    for text in (*result.differences, *(f"hook failed: {reason}" for reason in result.failed)):
        line(f"  {text}")
    line("\nwhat a program that looks for it can see:")
    for what, plain, hooked in result.visible:
        line(f"  {what}: {plain} → {hooked}")
    line("\nwhat a hook costs a call (median of seven turns with and without, in one process):")
    table = Table("hook", "ns unhooked", "ns told in full", "ns counted in a burst", "ratio", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for cost in costs:
        ratio = cost.full_ns / max(cost.plain_ns, 0.1)
        table.add_row(
            cost.hook, f"{cost.plain_ns:.1f}", f"{cost.full_ns:,.0f}", f"{cost.counted_ns:,.0f}", f"{ratio:,.0f}"
        )
    console.print(table)
    line("\nnot checked here:")
    for text in NOT_CHECKED:
        line(f"  {text}")
