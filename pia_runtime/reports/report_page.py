"""The report as one self-contained HTML page that prints well: no script, no network, one style sheet allowed by its hash."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from pia_runtime.reports.blocks import Block, Heading
from pia_runtime.reports.chapters import chapters, report_title
from pia_runtime.reports.page_environment import page_environment
from pia_runtime.reports.report import Report


def render_report_page(report: Report) -> str:
    """The page. The same report gives the same text."""
    style = _style()
    title, subtitle = report_title(report)
    blocks = list(_anchored(chapters(report, signed=True)))
    return (
        page_environment()
        .get_template("report.html.j2")
        .render(
            lang="zh-Hans" if report.wording.lang == "zh" else "en",
            policy=f"default-src 'none'; style-src {_hash(style)}; img-src data:; base-uri 'none'; form-action 'none'",
            style=Markup(style),  # noqa: S704 (the project's own file)
            title=title,
            subtitle=subtitle,
            blocks=blocks,
            contents=[(anchor, block.text) for _, block, anchor in blocks if anchor and isinstance(block, Heading)],
            contents_title=report.wording.say("doc.contents"),
            inline=_inline,
        )
    )


def _anchored(blocks: Iterable[Block]) -> Iterator[tuple[str, Block, str]]:
    """Each block with the name of its kind; chapters also with an anchor of their own."""
    number = 0
    for block in blocks:
        anchor = ""
        if isinstance(block, Heading) and block.level == 1:
            number += 1
            anchor = f"chapter-{number}"
        yield type(block).__name__, block, anchor


def _inline(picture: bytes) -> str:
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _style() -> str:
    """The style sheet, with a class for every width of a column in hundredths (a ``style`` attribute is not allowed)."""
    sheet = files("pia_runtime.reports").joinpath("templates", "report.css").read_text(encoding="utf-8")
    return sheet + "".join(f".w{share} {{ width: {share}%; }}\n" for share in range(1, 101))
