"""The timeline in a terminal: one lane per kind of data under its actor, readable in ASCII, without colour, from 60 columns on.

The marks are ASCII on purpose: the width of geometric symbols is ambiguous in East Asian terminals, and a lane that shifts by
a column would lie about time. Where the stretch up to the user's choice is too short to be read in the whole run, it is drawn
first, enlarged.
"""

import io
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from pia_runtime.reports.consent_line import Band, ConsentLine, consent_line
from pia_runtime.reports.glance import glance_line, glances
from pia_runtime.reports.instants import tick_label, tick_step
from pia_runtime.reports.labels import Document, Labels, Lang
from pia_runtime.reports.lanes import VERDICTS, ActorLanes, Detection, Lane, actor_lanes
from pia_runtime.reports.summary import app_title, consent_summary
from pia_runtime.reports.wording import Wording

_MARKS = {"access": "o", "attempt": "x", "transmission": ">"}
_SEVERAL = "*"
_FILL = {
    "before_prompt": ".",
    "before_choice": ":",
    "after_grant": " ",
    "after_refusal": "-",
    "after_withdrawal": "=",
    "unknown": "?",
}
_STYLE = {"without_consent": "bold red", "indeterminate": "yellow", "with_consent": "green"}
_COUNTS_WIDTH = 9


class _Panel:
    """A stretch of the run laid on ``width`` columns."""

    def __init__(self, line: ConsentLine, start_ns: int, end_ns: int, width: int) -> None:
        self.line, self.start_ns, self.end_ns, self.width = line, start_ns, max(end_ns, start_ns + 1), width

    def column(self, t_ns: int) -> int | None:
        """The column of an instant; None outside the stretch."""
        if not self.start_ns <= t_ns <= self.end_ns:
            return None
        return min((t_ns - self.start_ns) * self.width // (self.end_ns - self.start_ns), self.width - 1)

    def background(self) -> list[str]:
        """Phases as fill characters, consent boundaries as ``|``."""
        cells = [" "] * self.width
        for place in range(self.width):
            t_ns = self.start_ns + (2 * place + 1) * (self.end_ns - self.start_ns) // (2 * self.width)
            cells[place] = _FILL[_phase_at(self.line.bands, t_ns)]
        for boundary in self.line.boundaries:
            place_or_none = self.column(boundary.t_ns)
            if place_or_none is not None:
                cells[place_or_none] = "|"
        return cells

    def axis(self) -> str:
        """Ticks in seconds after the start of the run."""
        step = tick_step(self.end_ns - self.start_ns, max(self.width // 8, 1))
        row = [" "] * self.width
        first = -(-(self.start_ns - self.line.start_ns) // step) * step
        for offset in range(first, self.end_ns - self.line.start_ns + 1, step):
            label = tick_label(offset, step)
            place = self.column(self.line.start_ns + offset)
            if place is not None and place + len(label) <= self.width:
                row[place : place + len(label)] = label
        return "".join(row)


def print_timeline(document: Document, labels: Labels, lang: Lang, console: Console) -> None:
    """Print the timeline of ``document``, as wide as ``console``."""
    wording = Wording(lang, labels)
    line = consent_line(document)
    console.print(Text(f"{wording.say('timeline.title')} · {app_title(document, wording)}", style="bold"))
    console.print(Text(f"{wording.say('table.consent')}  {consent_summary(document, wording)}"))
    actors = actor_lanes(document)
    if not actors:
        console.print(Text(wording.say("timeline.no_detections")))
        console.print(Text(wording.say("report.silence"), style="italic"))
        return
    for one in glances(document):
        grave = one.part == "before_consent" and bool(one.reads or one.sends)
        console.print(Text(glance_line(one, wording), style="bold red" if grave else ""))
    label_width = min(max(console.width // 4, 14), 34)
    width = max(console.width - label_width - _COUNTS_WIDTH - 3, 10)
    for title, panel in _panels(line, width):
        console.print()
        console.print(Text(wording.say(title), style="bold"))
        _print_panel(panel, actors, wording, console, label_width)
    _print_legend(line, wording, console)


def render_timeline(document: Document, labels: Labels, lang: Lang, width: int = 100) -> str:
    """The same as plain text without colour, ``width`` columns wide."""
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        print_timeline(document, labels, lang, console)
    return "\n".join(text.rstrip() for text in capture.get().split("\n"))


def _panels(line: ConsentLine, width: int) -> Iterable[tuple[str, _Panel]]:
    choice = line.choice
    if choice is not None and 0 < (choice.t_ns - line.start_ns) * 5 < line.end_ns - line.start_ns:
        until = choice.t_ns + (choice.t_ns - line.start_ns) // 3
        yield "timeline.until_choice", _Panel(line, line.start_ns, until, width)
    yield "timeline.whole", _Panel(line, line.start_ns, line.end_ns, width)


def _print_panel(
    panel: _Panel, actors: Sequence[ActorLanes], wording: Wording, console: Console, label_width: int
) -> None:
    counts = wording.say("timeline.counts")
    _print_row(console, "", label_width, Text(panel.axis()), counts)
    _print_row(console, wording.say("timeline.phase"), label_width, Text("".join(panel.background()), style="dim"), "")
    for group in actors:
        lanes = [_inside(lane, panel) for lane in group.lanes]
        if not any(lane.detections for lane in lanes):
            continue
        kind, given, name = group.actor
        console.print(
            Text(wording.actor({"kind": kind, "id": given, "name": name}), style="bold", overflow="ellipsis"),
            no_wrap=True,
        )
        for inside in lanes:
            if not inside.detections:
                continue
            grave = "! " if inside.count(verdict="without_consent") else "  "
            told = "/".join(str(inside.count(act=act)) for act in ("access", "attempt", "transmission"))
            _print_row(console, grave + wording.data(inside.data), label_width, _lane_row(inside, panel), told)


def _inside(lane: Lane, panel: _Panel) -> Lane:
    return Lane(lane.data, tuple(one for one in lane.detections if panel.column(one["t_ns"]) is not None))


def _lane_row(lane: Lane, panel: _Panel) -> Text:
    row = Text("".join(panel.background()), style="dim")
    marks: dict[int, list[Detection]] = {}
    for detection in lane.detections:
        place = panel.column(detection["t_ns"])
        if place is not None:
            marks.setdefault(place, []).append(detection)
    parts = [row[place] for place in range(panel.width)]
    for place, found in marks.items():
        acts = {_MARKS.get(str(one.get("act")), _SEVERAL) for one in found}
        worst = min(
            (one.get("verdict") for one in found), key=lambda one: VERDICTS.index(one) if one in VERDICTS else 1
        )
        parts[place] = Text(acts.pop() if len(acts) == 1 else _SEVERAL, style=_STYLE.get(str(worst), ""))
    return Text.assemble(*parts)


def _print_row(console: Console, label: str, label_width: int, cells: Text, tail: str) -> None:
    shown = label if cell_len(label) <= label_width else set_cell_size(label, label_width - 2) + ".."
    console.print(
        Text.assemble(set_cell_size(shown, label_width), " ", cells, "  ", tail),
        no_wrap=True,
        overflow="crop",
        crop=True,
    )


def _print_legend(line: ConsentLine, wording: Wording, console: Console) -> None:
    console.print()
    console.print(Text(wording.say("timeline.legend_marks")))
    seen = dict.fromkeys(band.phase for band in line.bands)
    bands = "   ".join(f"[{_FILL[phase] * 2}] {wording.term('phase', phase)}" for phase in seen)
    console.print(Text(wording.say("timeline.legend_phases", bands=bands)))
    console.print(Text(wording.say("report.silence"), style="italic"))


def _phase_at(bands: tuple[Band, ...], t_ns: int) -> str:
    return next((band.phase for band in bands if band.from_ns <= t_ns < band.until_ns), bands[-1].phase)
