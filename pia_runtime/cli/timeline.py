"""``pia timeline``: who took what when, with the consent line drawn through it."""

from pathlib import Path
from typing import Annotated

import typer

from pia_runtime.cli.options import CapturePath, LangOption, chosen, labels, say, stdout_console, write_result


def timeline(
    path: CapturePath,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write a self-contained HTML page ('-' for stdout).", show_default=False),
    ] = None,
    lang: LangOption = None,
) -> None:
    """Draw the collection timeline of a capture, in the terminal or as an HTML page that works offline."""
    from pia_runtime.storage.analysis import analyse_capture

    document = analyse_capture(path)
    language = chosen(lang)
    if html is None:
        from pia_runtime.reports.terminal import print_timeline

        print_timeline(document, labels(), language, stdout_console())
        return
    from pia_runtime.reports.html import render_html

    write_result(render_html(document, labels(), language), html)
    if str(html) != "-":
        say(f"timeline: {html}")
