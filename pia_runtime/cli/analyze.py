"""``pia analyze``: what a capture shows."""

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from pia_runtime.cli.options import (
    CapturePath,
    JsonOption,
    LangOption,
    QuietOption,
    RegimeOption,
    ThresholdsOption,
    WorkersOption,
    chosen,
    labels,
    say,
    stdout_console,
)

_UNUSABLE = frozenset(
    {
        "torn_line",
        "invalid_event",
        "unknown_identifier",
        "torn_flow",
        "unreadable_flow",
        "undated_flow",
        "empty_flow_file",
    }
)
_MOST_WARNINGS = 5


class Format(StrEnum):
    """How the analysis is printed."""

    table = "table"
    json = "json"


def analyze(
    path: CapturePath,
    format_: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.table,
    json_: JsonOption = False,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            help="Exit 1 when this rule, or one under this clause ('3.1'), has a finding ('any' for any rule); may be repeated.",
        ),
    ] = None,
    regime: RegimeOption = None,
    thresholds: ThresholdsOption = None,
    lang: LangOption = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="Print full values (they are never stored).")] = False,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> int:
    """Analyse a capture: findings as a table, or the whole analysis document as JSON.

    Also written to derived/analysis.json in the capture, with values masked, unless --reveal, --regime or --thresholds ask for
    something else than the capture itself says. Needs neither a device nor Frida.
    """
    from pia_runtime.cli.progress import working
    from pia_runtime.pipeline import document_bytes
    from pia_runtime.storage.analysis import analyse_capture, load_toolbox, write_analysis
    from pia_runtime.storage.parallel import usable_cores

    wanted = _known_rules(fail_on or [], {rule.id: rule.clauses for rule in load_toolbox().knowledge.rules})
    asked = [one.value for one in regime or ()]
    with working("analysing"):
        document = analyse_capture(
            path, reveal=reveal, regimes=asked, thresholds=thresholds, workers=workers or usable_cores()
        )
    own = not (reveal or asked or thresholds)  # what is stored follows from the capture alone
    trouble = None if not own else write_analysis(path, document)
    if trouble:
        say(f"pia: {trouble}; the result below is complete")
    if json_ or format_ is Format.json:
        sys.stdout.buffer.write(document_bytes(document))
    else:
        from pia_runtime.evidence.annotations import annotated
        from pia_runtime.reports.table import print_findings

        print_findings(annotated(document, path), labels(), chosen(lang), stdout_console())
    _warn(document["blind_spots"])
    failing = sorted({finding["rule"] for finding in document["findings"]} & wanted)
    if failing:
        say(f"pia: findings under {', '.join(failing)}")
    return 1 if failing else 0


def _warn(blind_spots: list[dict[str, Any]]) -> None:
    """Lines and words of the capture that could not be used are said at once, too; the document lists all of them."""
    lost = [spot for spot in blind_spots if spot["kind"] in _UNUSABLE]
    for spot in lost[:_MOST_WARNINGS]:
        say(f"warning: {spot['kind']}: {_in_one_line(spot)}")
    if len(lost) > _MOST_WARNINGS:
        say(f"warning: {len(lost) - _MOST_WARNINGS} more of this kind, all under blind_spots")


def _in_one_line(spot: dict[str, Any]) -> str:
    said = str(spot.get("detail") or spot.get("host") or "")[:200]  # captured text may be in it: no control characters
    return "".join(char if char.isprintable() else "\ufffd" for char in said)


def _known_rules(asked: list[str], clauses: dict[str, tuple[str, ...]]) -> set[str]:
    """The rules asked for: by name, or by a clause, of which those of 191号 go by their number alone."""
    from pia_runtime.errors import UsageError

    wanted: set[str] = set()
    for name in (name.strip() for item in asked for name in item.split(",") if name.strip()):
        under = {rule for rule, cited in clauses.items() if name == "any" or {name, f"191号 {name}"} & {rule, *cited}}
        if not under:
            rules = ", ".join(sorted(clauses))
            raise UsageError(f"--fail-on: no rule or clause {name!r}", f"the rules are {rules}, or 'any'")
        wanted |= under
    return wanted
