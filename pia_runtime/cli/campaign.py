"""``pia campaign report``: what many captures say together."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pia_runtime.cli.options import LangOption, QuietOption, chosen, gate_code, labels, write_result

if TYPE_CHECKING:
    from pia_runtime.reports.labels import Labels

app = typer.Typer(no_args_is_help=True, help="What many captures say together.")


class Format(StrEnum):
    """How the report is written."""

    md = "md"
    html = "html"
    xlsx = "xlsx"
    notice = "notice"
    json = "json"


@app.command("report")
def report(
    campaign: Annotated[
        Path, typer.Argument(metavar="CAMPAIGN", help="A folder made by pia inspect.", show_default=False)
    ],
    format_: Annotated[
        Format,
        typer.Option("--format", help="Markdown, one page, a workbook, a notice's paragraphs, or the document itself."),
    ] = Format.md,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write to this file instead of stdout.", show_default=False)
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="EARLIER",
            help="Say what became of each fault of this one.",
            show_default=False,
        ),
    ] = None,
    gate: Annotated[
        bool, typer.Option("--gate", help="With --against: exit 1 when a fault is still present or new.")
    ] = False,
    quiet: QuietOption = False,
    lang: LangOption = None,
) -> int:
    """Rank the apps of a campaign and say what each SDK does across them.

    Apps by severity and certainty, behaviours by app, each SDK over all apps, what was taken beyond each kind of app's list,
    what could not be seen, and with --against what became of every fault since an earlier campaign.
    """
    from pia_runtime.errors import UsageError

    if gate and against is None:
        raise UsageError("--gate has no meaning without --against", "name the earlier campaign")
    document = _document(campaign, against)
    write_result(_rendered(document, format_, lang), out or Path("-"))
    return gate_code(document["comparison"], ("still_present", "new")) if gate else 0


def _document(campaign: Path, against: Path | None) -> dict[str, Any]:
    from pia_runtime.campaign.answers import answers
    from pia_runtime.campaign.comparison import compare_campaigns
    from pia_runtime.campaign.reading import Campaign
    from pia_runtime.cli.progress import progress
    from pia_runtime.storage.analysis import load_toolbox

    tools, now = load_toolbox(), Campaign(campaign)
    document = answers(now.tables(), tools.sdks.sdks, tools.knowledge)
    if against is not None:
        with progress() as told:
            document["comparison"] = compare_campaigns(Campaign(against), now, tools.knowledge, told)
    return document


def _rendered(document: dict[str, Any], format_: Format, lang: LangOption) -> str | bytes:
    from pia_runtime.pipeline import document_bytes
    from pia_runtime.reports.campaign_html import campaign_html
    from pia_runtime.reports.campaign_markdown import campaign_markdown, campaign_notice
    from pia_runtime.reports.campaign_xlsx import campaign_xlsx

    if format_ is Format.json:
        return document_bytes(document)
    renderers: dict[Format, Callable[[dict[str, Any], Labels, Literal["zh", "en"]], str | bytes]] = {
        Format.md: campaign_markdown,
        Format.html: campaign_html,
        Format.xlsx: campaign_xlsx,
        Format.notice: campaign_notice,
    }
    return renderers[format_](document, labels(), chosen(lang))
