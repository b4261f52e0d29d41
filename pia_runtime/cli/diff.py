"""``pia diff``: the re-check after rectification."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from pia_runtime.cli.options import (
    JsonOption,
    LangOption,
    RemovedOption,
    chosen,
    gate_code,
    labels,
    print_to,
    write_result,
)


class Format(StrEnum):
    """How the re-check is printed."""

    table = "table"
    json = "json"
    md = "md"
    junit = "junit"
    sarif = "sarif"


_OPEN = ("still_present", "new")
_STRICT = (*_OPEN, "not_exercised")
_RUN = "A capture folder or an analysis document."


def diff(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help=_RUN, show_default=False)],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help=_RUN, show_default=False)],
    format_: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.table,
    json_: JsonOption = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write to this file instead of stdout.", show_default=False)
    ] = None,
    gate: Annotated[bool, typer.Option("--gate", help="Exit 1 when an item is still present or new.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="With --gate: exit 1 also when an old item was not exercised.")
    ] = False,
    removed: RemovedOption = None,
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
    return gate_code(document, _STRICT if strict else _OPEN) if gate else 0


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
    else:
        print_to(target, lambda console: print_recheck(document, labels(), language, console))
