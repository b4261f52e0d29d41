"""``pia report``: one document, in the format that its reader needs."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pia_runtime.cli.options import (
    LangOption,
    QuietOption,
    RegimeOption,
    ThresholdsOption,
    chosen,
    labels,
    say,
    write_result,
)

if TYPE_CHECKING:
    from pia_runtime.reports.registry import Format as ReportFormat
    from pia_runtime.reports.report import Report
    from pia_runtime.storage.reporting import Material


class Format(StrEnum):
    """Formats of a report."""

    html = "html"
    xlsx = "xlsx"
    docx = "docx"
    md = "md"
    json = "json"
    csv = "csv"
    parquet = "parquet"
    sarif = "sarif"
    junit = "junit"
    notice = "notice"


class Table(StrEnum):
    """What the flat formats hold."""

    detections = "detections"
    findings = "findings"
    events = "events"


def report(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A capture folder, or an analysis document.", show_default=False)
    ],
    format_: Annotated[Format, typer.Option("--format", "-f", help="Which document.", show_default=False)],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Where to; '-' is stdout.")] = Path("-"),
    lang: LangOption = None,
    table: Annotated[
        Table | None,
        typer.Option("--table", help="csv and parquet: which table [default: detections].", show_default=False),
    ] = None,
    before: Annotated[
        Path | None,
        typer.Option(
            "--before",
            metavar="RUN",
            help="An earlier run: say of each finding whether it is still present or new.",
            show_default=False,
        ),
    ] = None,
    screenshots: Annotated[
        bool, typer.Option("--screenshots/--no-screenshots", help="html and docx: put in screenshots, as they were.")
    ] = True,
    regime: RegimeOption = None,
    thresholds: ThresholdsOption = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="Full values instead of masked ones.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Write one document about a capture: for a reader, a spreadsheet, a signature, a notice or a build server.

    All formats say the same thing, what the analysis document says; docs/reports.md lists what each of them holds.
    """
    from pia_runtime.errors import UsageError
    from pia_runtime.reports.registry import format_named

    made = format_named(format_.value)
    if table is not None and format_ not in (Format.csv, Format.parquet):
        raise UsageError(f"--table has no meaning for {format_.value}", "it goes with csv and parquet")
    if table is Table.events and path.is_file():
        raise UsageError("--table events needs the capture itself", "give the capture folder")
    if made.binary and str(out) == "-" and sys.stdout.isatty():
        raise UsageError(f"{format_.value} is not for a terminal", "give -o FILE")
    from pia_runtime.cli.progress import working
    from pia_runtime.storage.parallel import usable_cores
    from pia_runtime.storage.reporting import read_material

    asked = [one.value for one in regime or ()]
    pictures = screenshots and format_ in (Format.html, Format.docx)
    with working("analysing"):
        material = read_material(
            path, reveal=reveal, quotes=made.quotes, pictures=pictures, regimes=asked, thresholds=thresholds,
            workers=usable_cores(),
        )  # fmt: skip
        content = made.render(_report(material, made, lang, table, before, path, reveal=reveal))
    write_result(content, out)
    if str(out) == "-":
        return
    say(f"report: {out}")
    if material.exhibits.pictures and pictures:
        say(f"it holds {len(material.exhibits.pictures)} screenshots as they were (--no-screenshots leaves them out)")


def _report(
    material: "Material",
    made: "ReportFormat",
    lang: LangOption,
    table: Table | None,
    before: Path | None,
    path: Path,
    *,
    reveal: bool,
) -> "Report":
    from pia_runtime.evidence.annotations import annotated
    from pia_runtime.reports.report import Report

    if made.draws:
        from pia_runtime.reports.report_timeline import timeline_photo
    events = None
    if table is Table.events and material.events is not None:
        from pia_runtime.reports.event_frame import events_frame

        events = events_frame(material.events, material.secrets, reveal=reveal)
    language = chosen(lang)
    known = labels()
    states = _states(before, path, language) if before is not None else None
    document = annotated(material.document, path) if path.is_dir() else material.document
    if not any(finding.get("annotations") for finding in document["findings"]):
        document = material.document  # the very document, byte for byte, where nobody said anything about it
    photo = timeline_photo(document, known, language) if made.draws else None
    return Report.of(
        document, known, language, material.exhibits, states, (table or Table.detections).value, events, photo
    )


def _states(before: Path, after: Path, language: str) -> dict[str, str]:
    """Finding id of the later run → the state of its re-check, in words."""
    from pia_runtime.reports.messages import load_messages
    from pia_runtime.storage.recheck import compare_runs

    messages = load_messages("zh" if language == "zh" else "en")
    items = compare_runs(before, after, ())["items"]
    return {item["after"]["id"]: messages[f"recheck_state.{item['state']}"] for item in items if item.get("after")}
