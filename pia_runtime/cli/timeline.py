"""``pia timeline``: who took what when, with the consent line drawn through it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from pia_runtime.cli.options import (
    CapturePath,
    LangOption,
    QuietOption,
    chosen,
    labels,
    say,
    stdout_console,
    write_result,
)

Lang = Literal["zh", "en"]


def timeline(
    path: CapturePath,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write a self-contained HTML page ('-' for stdout).", show_default=False),
    ] = None,
    png: Annotated[
        Path | None, typer.Option("--png", help="Write a picture for documents ('-' for stdout).", show_default=False)
    ] = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", help="The same as scalable graphics.", show_default=False)
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            "--width", min=600, max=6000, help="Pixels of --png and --svg across [default: 1400].", show_default=False
        ),
    ] = None,
    dark: Annotated[bool, typer.Option("--dark", help="Draw --png and --svg on dark ground.")] = False,
    screenshots: Annotated[
        bool | None,
        typer.Option(
            "--screenshots/--no-screenshots",
            help="Put the capture's screenshots, unmasked, into the page [default: screenshots].",
            show_default=False,
        ),
    ] = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="Quote requests in the page in full.")] = False,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Draw the collection timeline of a capture: in the terminal, as a page that works offline, or as a picture."""
    _check(html, png, svg, drawn=width is not None or dark, paged=reveal or screenshots is not None)
    language = chosen(lang)
    if html is not None:
        write_page(path, html, language, screenshots=screenshots is not False, reveal=reveal)
    if png is not None or svg is not None:
        _write_pictures(path, {"png": png, "svg": svg}, language, width=width, dark=dark)
    if html is None and png is None and svg is None:
        from pia_runtime.cli.progress import working
        from pia_runtime.reports.terminal import print_timeline
        from pia_runtime.storage.analysis import analyse_capture

        with working("analysing"):
            document = analyse_capture(path)
        print_timeline(document, labels(), language, stdout_console())


def _check(html: Path | None, png: Path | None, svg: Path | None, *, drawn: bool, paged: bool) -> None:
    """An option that nothing listens to is an error, not a silence."""
    from pia_runtime.errors import UsageError

    if [str(one) for one in (html, png, svg)].count("-") > 1:
        raise UsageError("only one result can go to stdout", "give files for the others")
    if drawn and png is None and svg is None:
        raise UsageError("--width and --dark are of pictures", "add --png FILE or --svg FILE")
    if paged and html is None:
        raise UsageError("--reveal and --screenshots are of the page", "add --html FILE")


def _write_pictures(
    path: Path, wanted: Mapping[Literal["png", "svg"], Path | None], lang: Lang, *, width: int | None, dark: bool
) -> None:
    from pia_runtime.cli.progress import working
    from pia_runtime.reports.picture import WIDTH, render_picture
    from pia_runtime.storage.analysis import analyse_capture
    from pia_runtime.storage.parallel import usable_cores

    with working("analysing"):
        document = analyse_capture(path, workers=usable_cores())
    for form, to in wanted.items():
        if to is None:
            continue
        still = render_picture(document, labels(), lang, form, width=width or WIDTH, dark=dark)
        write_result(still.content, to)
        if str(to) != "-":
            say(f"timeline: {to}")
        if still.missing_font:
            say("no installed font has Chinese characters: they show as boxes (Debian: apt-get install fonts-noto-cjk)")


def write_page(path: Path, to: Path, lang: Lang, *, screenshots: bool = True, reveal: bool = False) -> None:
    """Write the page of a capture with what was recorded behind its marks."""
    from pia_runtime.cli.progress import working
    from pia_runtime.evidence.annotations import annotated
    from pia_runtime.reports.html import render_html
    from pia_runtime.storage.exhibits import analyse_for_page
    from pia_runtime.storage.parallel import usable_cores

    with working("analysing"):
        analysed, exhibits = analyse_for_page(path, reveal=reveal, pictures=screenshots, workers=usable_cores())
    document = annotated(analysed, path)
    write_result(render_html(document, labels(), lang, exhibits, reveal=reveal), to)
    if str(to) != "-":
        say(f"timeline: {to}")
    if exhibits.pictures:
        say(f"the page holds {len(exhibits.pictures)} screenshots as they were (--no-screenshots leaves them out)")
