"""Marks and links of a still picture: what is alike is drawn in one stroke, what overlaps becomes one pill with its number."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.markers import MarkerStyle
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from pia_runtime.reports.consent_line import ConsentLine
from pia_runtime.reports.labels import Document
from pia_runtime.reports.lanes import VERDICTS, Detection
from pia_runtime.reports.picture_style import Style

NANO = 1e-9

MARKERS = {"access": "o", "attempt": "D", "transmission": ">"}
FILLS = {"without_consent": "full", "indeterminate": "bottom", "with_consent": "none"}
"""Act is told by shape, verdict by colour and filling, so that a copy in grey still says both."""

_SHIFTS = {"access": 0.0, "attempt": 0.27, "transmission": -0.27}
_MOST_LINKS = 300
_MOST_NUMBERS = 900
"""Pills that carry their number; where there are more, they would not be read, and are drawn as bars."""

_JOIN = 9
"""Pixels within which marks become one pill."""


@dataclass(frozen=True, slots=True)
class Row:
    """A heading (``detections`` None) or a lane."""

    label: str
    detections: tuple[Detection, ...] | None


@dataclass(frozen=True, slots=True)
class Panel:
    """A stretch of the run, its rows, and what the document says beside the detections."""

    title: str
    start_ns: int
    end_ns: int
    line: ConsentLine
    rows: tuple[Row, ...]
    moments: Mapping[str, Any]
    document: Document

    def seconds(self, t_ns: int) -> float:
        """Seconds after the panel's left end."""
        return (t_ns - self.start_ns) * NANO


def axes_pixels(axes: Axes) -> float:
    """Width of the drawing in pixels at 100 an inch."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101 - it was made by one
    return float(figure.get_figwidth() * axes.get_position().width * 100)


def draw_links(axes: Axes, panel: Panel, style: Style) -> None:
    """Curves from a read to the transmission of the same value."""
    where = {one["id"]: (panel.seconds(one["t_ns"]), _y(place, one)) for place, one in _places(panel)}
    drawn = 0
    for place, one in _places(panel):
        start = where.get((one.get("read") or {}).get("detection"))
        if start is None or drawn >= _MOST_LINKS:
            continue
        drawn += 1
        end = (panel.seconds(one["t_ns"]), _y(place, one))
        middle = (start[0] + end[0]) / 2
        curve = Path([start, (middle, start[1]), (middle, end[1]), end], [Path.MOVETO, *[Path.CURVE4] * 3])
        colour = style.verdicts.get(str(one.get("verdict")), style.dim)
        axes.add_patch(PathPatch(curve, fill=False, edgecolor=colour, linewidth=0.8, alpha=0.6, zorder=2.5))


def draw_marks(axes: Axes, panel: Panel, style: Style) -> None:
    """Marks of one act that would overlap become one pill, never across a consent boundary."""
    near = (panel.end_ns - panel.start_ns) * _JOIN / max(axes_pixels(axes), 1)
    single: dict[tuple[str, str], list[tuple[float, float, int]]] = defaultdict(list)
    pills: list[tuple[float, float, list[Detection], str]] = []
    for place, row in enumerate(panel.rows):
        for act in MARKERS:
            for group in _groups([one for one in row.detections or () if one.get("act") == act], near, panel.line):
                at, y = panel.seconds((group[0]["t_ns"] + group[-1]["t_ns"]) // 2), _y(place, group[0])
                if len(group) > 1:
                    pills.append((at, y, group, _worst(group)))
                else:
                    single[act, _worst(group)].append((at, y, group[0].get("err_ns") or 0))
    for (act, verdict), found in single.items():
        _draw_single(axes, panel, act, verdict, found, style)
    for at, y, group, verdict in pills if len(pills) <= _MOST_NUMBERS else ():
        _draw_pill(axes, at, y, len(group), verdict, style)
    if len(pills) > _MOST_NUMBERS:
        _draw_bars(axes, panel, pills, style)


def _places(panel: Panel) -> Iterator[tuple[int, Detection]]:
    for place, row in enumerate(panel.rows):
        for one in row.detections or ():
            yield place, one


def _y(place: int, one: Detection) -> float:
    return place + 0.5 + _SHIFTS.get(str(one.get("act")), 0.0)


def _worst(group: list[Detection]) -> str:
    return min(
        (str(one.get("verdict")) for one in group), key=lambda one: VERDICTS.index(one) if one in VERDICTS else 1
    )


def _groups(found: list[Detection], near: float, line: ConsentLine) -> Iterator[list[Detection]]:
    group: list[Detection] = []
    for one in found:
        apart = group and (
            one["t_ns"] - group[-1]["t_ns"] > near
            or one["t_ns"] - group[0]["t_ns"] > 6 * near
            or any(group[0]["t_ns"] < edge.t_ns <= one["t_ns"] for edge in line.boundaries)
        )
        if apart:
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _draw_single(
    axes: Axes, panel: Panel, act: str, verdict: str, found: list[tuple[float, float, int]], style: Style
) -> None:
    colour = style.verdicts.get(verdict, style.dim)
    wide = [one for one in found if one[2] * 200 > panel.end_ns - panel.start_ns]
    if wide:
        xs, ys, errors = zip(*wide, strict=True)
        bars = [err * NANO for err in errors]
        axes.errorbar(xs, ys, xerr=bars, ecolor=colour, elinewidth=0.9, capsize=2, fmt="none", zorder=3)
    marker: Any = MarkerStyle(MARKERS[act], fillstyle=FILLS.get(verdict, "none"))  # type: ignore[arg-type]
    axes.plot(
        [at for at, _, _ in found], [y for _, y, _ in found], marker=marker, markersize=6, color=colour,
        markerfacecoloralt=style.paper, markeredgecolor=colour, markeredgewidth=1.2, linestyle="none", zorder=4,
    )  # fmt: skip


def _draw_pill(axes: Axes, at: float, y: float, count: int, verdict: str, style: Style) -> None:
    colour, solid = style.verdicts.get(verdict, style.dim), verdict == "without_consent"
    box = {"boxstyle": "round,pad=0.22,rounding_size=0.7", "facecolor": colour if solid else style.paper}
    box["edgecolor"] = colour
    ink = style.paper if solid else style.ink
    axes.text(
        at, y, f" {count:,} ", fontsize=6.5, color=ink, ha="center", va="center", bbox=box, zorder=4, clip_on=True
    )


def _draw_bars(axes: Axes, panel: Panel, pills: list[tuple[float, float, list[Detection], str]], style: Style) -> None:
    for verdict in VERDICTS:
        found = [(y, group) for _, y, group, worst in pills if worst == verdict]
        if found:
            ys = [y for y, _ in found]
            lefts = [panel.seconds(group[0]["t_ns"]) for _, group in found]
            rights = [panel.seconds(group[-1]["t_ns"]) for _, group in found]
            axes.hlines(ys, lefts, rights, colors=style.verdicts[verdict], linewidth=5, capstyle="round", zorder=4)
