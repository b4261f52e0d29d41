"""The timeline as a still picture for documents: PNG or SVG, light or dark, in either language.

matplotlib draws it without a display. The same document, options, fonts and version of matplotlib give the same bytes: no date,
no random ids. Captured text is one line of visible characters, never markup and never a formula (``$`` means a dollar).
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from pia_runtime.reports.consent_line import ConsentLine, consent_line
from pia_runtime.reports.glance import glance_line, glances
from pia_runtime.reports.labels import Document, Labels, Lang
from pia_runtime.reports.lanes import ActorLanes, actor_lanes
from pia_runtime.reports.picture_marks import Panel
from pia_runtime.reports.picture_panel import LEGEND_ROWS, TOP, draw_legend, draw_panel, panel_rows
from pia_runtime.reports.picture_style import DARK, LIGHT, Style, font_families, needs_chinese
from pia_runtime.reports.summary import app_title, consent_summary
from pia_runtime.reports.wording import Wording

WIDTH = 1400
"""Pixels; at 100 pixels an inch a page of A4 across."""

_DPI = 100
_ROW = 0.27
_HEAD = 1.02
_GAP = 0.14
"""Inches: one row; the title; the room below a panel."""


@dataclass(frozen=True, slots=True)
class Still:
    """A picture.

    Attributes:
        content: PNG or SVG.
        missing_font: Chinese text was drawn without a font that has it; the characters show as boxes.
    """

    content: bytes
    missing_font: bool


def render_picture(
    document: Document,
    labels: Labels,
    lang: Lang,
    form: Literal["png", "svg"],
    *,
    width: int = WIDTH,
    dark: bool = False,
) -> Still:
    """The timeline as a picture, ``width`` pixels wide and as high as its lanes need."""
    families, has_chinese = font_families(entry.name for entry in fontManager.ttflist)
    settings: Any = {
        "font.family": families,
        "font.size": 9,
        "text.parse_math": False,
        "text.usetex": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "pia_runtime",
        "hatch.linewidth": 0.5,
        "axes.unicode_minus": False,
    }
    with mpl.rc_context(settings):
        figure = _figure(document, labels, lang, width, DARK if dark else LIGHT)
        texts = [text.get_text() for text in figure.findobj(mpl.text.Text)]
        out = io.BytesIO()
        metadata = {"Software": None} if form == "png" else {"Date": None, "Creator": "pia_runtime"}
        figure.savefig(out, format=form, dpi=_DPI, facecolor=figure.get_facecolor(), metadata=metadata)
    return Still(out.getvalue(), needs_chinese(texts) and not has_chinese)


def _figure(document: Document, labels: Labels, lang: Lang, width: int, style: Style) -> Figure:
    wording, line = Wording(lang, labels), consent_line(document)
    panels = _panels(document, line, wording)
    heights = [_ROW * (TOP + max(len(panel.rows), 1)) + _GAP for panel in panels]
    foot = _ROW * (LEGEND_ROWS + 0.3)
    across, high = width / _DPI, _HEAD + sum(heights) + foot
    figure = Figure(figsize=(across, high), facecolor=style.paper)
    _draw_head(figure, document, wording, style, high)
    top = high - _HEAD
    for panel, height in zip(panels, heights, strict=True):
        label = min(2.7, across * 0.27)
        box = (label / across, (top - height + _GAP) / high, 1 - (label + 0.15) / across, (height - _GAP) / high)
        draw_panel(figure, box, panel, style, wording)
        top -= height
    draw_legend(figure, line, foot / high, style, wording)
    return figure


def _panels(document: Document, line: ConsentLine, wording: Wording) -> list[Panel]:
    actors = actor_lanes(document)
    panels = []
    choice = line.choice
    if choice is not None and 0 < (choice.t_ns - line.start_ns) * 5 < line.end_ns - line.start_ns:
        until = choice.t_ns + (choice.t_ns - line.start_ns) // 4
        panels.append(_panel(document, line, actors, "timeline.until_choice", line.start_ns, until, wording))
    panels.append(_panel(document, line, actors, "timeline.whole", line.start_ns, line.end_ns, wording))
    return panels


def _panel(
    document: Document,
    line: ConsentLine,
    actors: Sequence[ActorLanes],
    title: str,
    since: int,
    until: int,
    wording: Wording,
) -> Panel:
    rows = panel_rows(actors, since, until, wording)
    return Panel(wording.say(title), since, max(until, since + 1), line, rows, document.get("moments") or {}, document)


def _draw_head(figure: Figure, document: Document, wording: Wording, style: Style, high: float) -> None:
    at: Callable[[float], float] = lambda inches: 1 - inches / high  # noqa: E731
    title = f"{wording.say('timeline.title')} · {app_title(document, wording)}"
    figure.text(0.012, at(0.28), title, fontsize=13, fontweight="bold", color=style.ink, va="center")
    first, *others = [(one, glance_line(one, wording)) for one in glances(document)]
    red = style.verdicts["without_consent"]
    figure.text(0.012, at(0.58), first[1], fontsize=12, fontweight="bold", color=red, va="center")
    rest = "   ".join(told for _, told in others)
    figure.text(0.012, at(0.84), rest or consent_summary(document, wording), fontsize=9, color=style.dim, va="center")
