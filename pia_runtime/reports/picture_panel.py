"""One panel of a still picture: phases, consent boundaries, strips, lanes and marks of a stretch of the run."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.patches import Patch, Rectangle

from pia_runtime.reports.consent_line import Boundary, ConsentLine
from pia_runtime.reports.instants import tick_label, tick_step, with_error
from pia_runtime.reports.lanes import VERDICTS, ActorLanes
from pia_runtime.reports.picture_marks import FILLS, MARKERS, NANO, Panel, Row, axes_pixels, draw_links, draw_marks
from pia_runtime.reports.picture_style import HATCHES, Style
from pia_runtime.reports.wording import Wording

MOST_ROWS = 150
"""Rows of one panel; a picture of more would fit no page. What is left out is counted in the last row."""

LEGEND_ROWS = 3
TOP = 3.3
"""Rows above the lanes: seconds, flags of the boundaries, names of the phases, then the state of the app and the unseen."""


def panel_rows(actors: Sequence[ActorLanes], since: int, until: int, wording: Wording) -> tuple[Row, ...]:
    """Headings and lanes that have a mark between two instants."""
    rows: list[Row] = []
    for group in actors:
        inside = [
            (lane.data, tuple(one for one in lane.detections if since <= one["t_ns"] <= until)) for lane in group.lanes
        ]
        kept = [Row(wording.data(data), found) for data, found in inside if found]
        if kept:
            kind, given, name = group.actor
            rows += [Row(wording.actor({"kind": kind, "id": given, "name": name}), None), *kept]
    if len(rows) <= MOST_ROWS:
        return tuple(rows)
    return (*rows[:MOST_ROWS], Row(wording.say("timeline.more_rows", count=len(rows) - MOST_ROWS), None))


def draw_panel(
    figure: Figure, box: tuple[float, float, float, float], panel: Panel, style: Style, wording: Wording
) -> None:
    """Draw into ``box``: left, bottom, width and height in parts of the figure, :data:`TOP` rows above the panel's own."""
    axes = figure.add_axes(box)
    rows, top = max(len(panel.rows), 1), -TOP
    axes.set_xlim(0, (panel.end_ns - panel.start_ns) * NANO)
    axes.set_ylim(rows, top)
    axes.set_facecolor(style.paper)
    _axis(axes, panel, style)
    _bands(axes, panel, style, wording, rows)
    _strips(axes, panel, style, wording, rows)
    _lanes(axes, panel, style)
    draw_links(axes, panel, style)
    draw_marks(axes, panel, style)
    _boundaries(axes, panel, style, wording)
    axes.text(
        -0.005, top + 0.45, panel.title, transform=axes.get_yaxis_transform(), ha="right", va="center", fontweight="bold",
        fontsize=10, color=style.ink,
    )  # fmt: skip


def _axis(axes: Axes, panel: Panel, style: Style) -> None:
    span = panel.end_ns - panel.start_ns
    step = tick_step(span, 12)
    first = -(-(panel.start_ns - panel.line.start_ns) // step) * step
    places = range(first, panel.end_ns - panel.line.start_ns + 1, step)
    axes.set_xticks(
        [(place - (panel.start_ns - panel.line.start_ns)) * NANO for place in places],
        [tick_label(place, step) for place in places],
    )
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", colors=style.dim, length=0, pad=-11, labelsize=7.5)
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.grid(visible=True, axis="x", color=style.line, linewidth=0.6)
    axes.set_axisbelow(True)


def _bands(axes: Axes, panel: Panel, style: Style, wording: Wording, rows: int) -> None:
    for band in panel.line.bands:
        left, right = max(band.from_ns, panel.start_ns), min(band.until_ns, panel.end_ns)
        if right <= left:
            continue
        at, width = panel.seconds(left), (right - left) * NANO
        colour = style.phases[band.phase]
        axes.add_patch(Rectangle((at, -TOP + 0.75), width, rows + TOP - 0.75, facecolor=colour, alpha=0.1, linewidth=0))
        if HATCHES[band.phase]:
            hatch = Rectangle(
                (at, -TOP + 0.75), width, rows + TOP - 0.75, fill=False, hatch=HATCHES[band.phase], edgecolor=colour
            )
            hatch.set_alpha(0.22)
            hatch.set_linewidth(0)
            axes.add_patch(hatch)
        if (right - left) / (panel.end_ns - panel.start_ns) > 0.09:
            name = wording.term("phase", band.phase)
            axes.text(at, -1.6, f" {name}", fontsize=8.5, fontweight="bold", color=style.ink, va="center", clip_on=True)


def _strips(axes: Axes, panel: Panel, style: Style, wording: Wording, rows: int) -> None:
    _strip_label(axes, -0.9, wording.say("page.strip_state"), style)
    _strip_label(axes, -0.3, wording.say("page.strip_unseen"), style)
    for one in panel.moments.get("screen") or ():
        if (one["err_ns"] is None) != panel.line.uncompared:
            continue
        left, right = max(one["from_ns"], panel.start_ns), min(one["until_ns"], panel.end_ns)
        if right <= left:
            continue
        fill = {"background": style.dim, "silent": style.stripe}.get(one["state"], style.paper)
        at, width = panel.seconds(left), (right - left) * NANO
        axes.add_patch(Rectangle((at, -1.12), width, 0.44, facecolor=fill, edgecolor=style.dim, linewidth=0.6))
        if (right - left) / (panel.end_ns - panel.start_ns) > 0.06:
            ink = style.paper if one["state"] == "background" else style.ink
            told = wording.term("screen_state", one["state"])
            axes.text(at, -0.9, f" {told}", fontsize=7, color=ink, va="center", clip_on=True)
    _unseen(axes, panel, style, rows)


def _strip_label(axes: Axes, y: float, text: str, style: Style) -> None:
    axes.text(
        -0.005, y, text, transform=axes.get_yaxis_transform(), ha="right", va="center", fontsize=7.5, color=style.dim
    )


def _unseen(axes: Axes, panel: Panel, style: Style, rows: int) -> None:
    gaps = [one for one in panel.moments.get("gaps") or () if (one["err_ns"] is None) == panel.line.uncompared]
    dated = {one["kind"] for one in gaps}
    span = (panel.end_ns - panel.start_ns) * NANO
    box: dict[str, Any] = {"fill": False, "linewidth": 0, "edgecolor": style.phases["unknown"]}
    if any(spot.get("kind") not in dated for spot in panel.document.get("blind_spots") or ()):
        axes.add_patch(Rectangle((0, -0.5), span, 0.4, hatch="//////", **box))
    for one in gaps[:200]:
        if not panel.start_ns <= one["t_ns"] <= panel.end_ns:
            continue
        half = max((one["err_ns"] or 0) * NANO, span * 0.003)
        at = panel.seconds(one["t_ns"]) - half
        axes.add_patch(Rectangle((at, -0.52), 2 * half, rows + 0.52, hatch="////////", alpha=0.55, **box))


def _lanes(axes: Axes, panel: Panel, style: Style) -> None:
    for place, row in enumerate(panel.rows):
        heading = row.detections is None
        if heading:
            axes.axhspan(place, place + 1, facecolor=style.stripe, linewidth=0, zorder=1.5)
        axes.axhline(place + 1, color=style.line, linewidth=0.5, zorder=1.5)
        axes.text(
            -0.005, place + 0.5, _short(row.label), transform=axes.get_yaxis_transform(), ha="right", va="center",
            fontsize=8.5, color=style.ink, fontweight="bold" if heading else "normal",
        )  # fmt: skip


def _short(label: str) -> str:
    """As much as fits beside the lanes; a Chinese character is as wide as two letters."""
    room, shown = 38, ""
    for char in label:
        room -= 2 if char >= "\u2e80" else 1
        if room < 0:
            return shown + "…"
        shown += char
    return shown


def _boundaries(axes: Axes, panel: Panel, style: Style, wording: Wording) -> None:
    rows = max(len(panel.rows), 1)
    inside = [edge for edge in panel.line.boundaries if panel.start_ns <= edge.t_ns <= panel.end_ns]
    for edge in inside:
        at, colour = panel.seconds(edge.t_ns), style.states[edge.state]
        if edge.err_ns:
            width = edge.err_ns * NANO
            axes.axvspan(at - width, at + width, color=colour, alpha=0.25, linewidth=0)
        known = "-" if edge.err_ns is not None else ":"
        axes.plot([at, at], [-TOP + 0.75, rows], color=colour, linewidth=1.6, linestyle=known, zorder=3.5)
    _flags(axes, panel, inside, style, wording)


def _flags(axes: Axes, panel: Panel, edges: Sequence[Boundary], style: Style, wording: Wording) -> None:
    """Names of the boundaries, the answers first: right of the line, else left of it, else shortened, never over each other."""
    pixels = axes_pixels(axes)
    taken: list[tuple[float, float]] = []
    for edge in sorted(edges, key=lambda edge: edge.state == "requested"):
        place = (edge.t_ns - panel.start_ns) / (panel.end_ns - panel.start_ns) * pixels
        name = wording.term("state", edge.state)
        for told in (f"{name} +{with_error(edge.t_ns - panel.line.start_ns, edge.err_ns)}", name):
            width = sum(10.5 if char >= "\u2e80" else 6 for char in told) + 10
            spots = [(side, at, at + width) for side, at in (("left", place), ("right", place - width))]
            free = [spot for spot in spots if _free(spot[1], spot[2], pixels, taken)]
            if free:
                side, *span = free[0]
                taken.append((span[0], span[1]))
                axes.text(
                    panel.seconds(edge.t_ns), -2.25, f" {told} ", fontsize=7.5, fontweight="bold", color=style.paper,
                    va="center", ha=side, zorder=5,
                    bbox={"boxstyle": "square,pad=0.12", "facecolor": style.states[edge.state], "edgecolor": "none"},
                )  # fmt: skip
                break


def _free(left: float, right: float, pixels: float, taken: Sequence[tuple[float, float]]) -> bool:
    return left >= 0 and right <= pixels and all(right <= start or left >= end for start, end in taken)


def draw_legend(figure: Figure, line: ConsentLine, height: float, style: Style, wording: Wording) -> None:
    """Shapes, fillings, phases and hatching, below the panels."""
    handles: list[Line2D | Patch] = [
        _handle(marker, "full", style.ink, wording.term("act_long", act)) for act, marker in MARKERS.items()
    ]
    handles += [_handle("o", FILLS[one], style.verdicts[one], wording.term("verdict_long", one)) for one in VERDICTS]
    phases = dict.fromkeys(band.phase for band in line.bands)
    handles += [
        Patch(
            facecolor=f"{style.phases[one]}30",
            edgecolor=style.phases[one],
            hatch=HATCHES[one],
            linewidth=0,
            label=wording.term("phase", one),
        )
        for one in phases
    ]
    handles.append(
        Patch(
            fill=False,
            edgecolor=style.phases["unknown"],
            hatch="//////",
            linewidth=0,
            label=wording.say("page.legend_unseen"),
        )
    )
    legend = figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.005, 0.0), ncols=4, frameon=False, fontsize=7.5,
        labelcolor=style.ink, handletextpad=0.5, columnspacing=1.6,
    )  # fmt: skip
    legend.set_in_layout(False)


def _handle(marker: str, fill: str, colour: str, label: str) -> Line2D:
    return Line2D(
        [], [], marker=MarkerStyle(marker, fillstyle=fill), color=colour, markeredgecolor=colour, linestyle="none",  # type: ignore[arg-type]
        markersize=6, label=label,
    )  # fmt: skip
