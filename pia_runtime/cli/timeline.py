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
    screenshots: Annotated[
        bool,
        typer.Option("--screenshots/--no-screenshots", help="Put the capture's screenshots, unmasked, into the page."),
    ] = True,
    reveal: Annotated[bool, typer.Option("--reveal", help="Quote requests in the page in full.")] = False,
    lang: LangOption = None,
) -> None:
    """Draw the collection timeline of a capture, in the terminal or as an HTML page that works offline."""
    language = chosen(lang)
    if html is not None:
        write_page(path, html, language, screenshots=screenshots, reveal=reveal)
        return
    from pia_runtime.reports.terminal import print_timeline
    from pia_runtime.storage.analysis import analyse_capture

    print_timeline(analyse_capture(path), labels(), language, stdout_console())


def write_page(path: Path, to: Path, lang: str, *, screenshots: bool = True, reveal: bool = False) -> None:
    """Write the page of a capture with what was recorded behind its marks."""
    from pia_runtime.reports.html import render_html
    from pia_runtime.storage.exhibits import analyse_for_page
    from pia_runtime.storage.parallel import usable_cores

    document, exhibits = analyse_for_page(path, reveal=reveal, pictures=screenshots, workers=usable_cores())
    write_result(render_html(document, labels(), "zh" if lang == "zh" else "en", exhibits, reveal=reveal), to)
    if str(to) != "-":
        say(f"timeline: {to}")
    if exhibits.pictures:
        say(f"the page holds {len(exhibits.pictures)} screenshots as they were (--no-screenshots leaves them out)")
