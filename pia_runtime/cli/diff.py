"""``pia diff``: the re-check after rectification."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from pia_runtime.cli.options import LangOption, chosen, labels, say, stdout_console, write_result


class Format(StrEnum):
    """How the re-check is printed."""

    table = "table"
    json = "json"
    md = "md"
    junit = "junit"
    sarif = "sarif"


Run = Annotated[Path, typer.Argument(help="A capture folder or an analysis document.", show_default=False)]


def diff(
    before: Run,
    after: Run,
    format_: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.table,
    json_: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write to this file instead of stdout.", show_default=False)
    ] = None,
    gate: Annotated[bool, typer.Option("--gate", help="Exit 1 when an item is still present or new.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="With --gate: exit 1 also when an old item was not exercised.")
    ] = False,
    removed: Annotated[
        list[str] | None,
        typer.Option(
            "--removed", metavar="SDK", help="State that this SDK is no longer in the build; may be repeated."
        ),
    ] = None,
    lang: LangOption = None,
) -> int:
    """Say of every finding of an earlier run whether it is fixed, still present or not exercised, and what is new.

    Fixed is said only where the same situation came about again: the same phase for as long, the hooks in place, the
    host talked to, the same answers, screens, kind of app and first launch. docs/rechecks.md lists every reason.
    """
    from pia_runtime.cli.progress import working
    from pia_runtime.errors import UsageError
    from pia_runtime.evidence.annotations import annotated_recheck
    from pia_runtime.storage.analysis import load_toolbox
    from pia_runtime.storage.recheck import compare_runs

    if strict and not gate:
        raise UsageError("--strict has no meaning without --gate", "give both")
    unknown = sorted(set(removed or ()) - load_toolbox().sdks.sdks.keys())
    if unknown:
        raise UsageError(f"--removed: no SDK {unknown[0]!r}", "give the id that a finding's actor has")
    with working("comparing"):
        document = annotated_recheck(compare_runs(before, after, removed or ()), [before, after])
    _write(document, Format.json if json_ else format_, out, lang)
    failing = [
        name for name in ("still_present", "new", *(["not_exercised"] if strict else [])) if document["counts"][name]
    ]
    if gate and failing:
        say(f"pia: gate: {', '.join(f'{document["counts"][name]} {name}' for name in failing)}")
    return 1 if gate and failing else 0


def _write(document: dict[str, Any], format_: Format, out: Path | None, lang: LangOption) -> None:
    from pia_runtime.pipeline import document_bytes
    from pia_runtime.reports.recheck_gate import recheck_junit, recheck_sarif
    from pia_runtime.reports.recheck_table import print_recheck, recheck_markdown

    target, language = out or Path("-"), chosen(lang)
    if format_ is Format.json:
        write_result(document_bytes(document), target)
    elif format_ is Format.md:
        write_result(recheck_markdown(document, labels(), language), target)
    elif format_ is Format.junit:
        write_result(recheck_junit(document, labels(), language), target)
    elif format_ is Format.sarif:
        write_result(recheck_sarif(document, labels(), language), target)
    elif str(target) == "-":
        print_recheck(document, labels(), language, stdout_console())
    else:
        write_result(_as_text(document, language), target)


def _as_text(document: dict[str, Any], language: Any) -> str:  # noqa: ANN401 - "zh" or "en"
    import io

    from rich.console import Console

    from pia_runtime.reports.recheck_table import print_recheck

    console = Console(file=io.StringIO(), width=100, color_system=None, force_terminal=False)
    with console.capture() as captured:
        print_recheck(document, labels(), language, console)
    return "\n".join(line.rstrip() for line in captured.get().split("\n"))
