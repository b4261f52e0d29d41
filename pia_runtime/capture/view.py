"""The live view: a block that changes in a terminal, a line now and then where there is none.

rich draws it, not textual: the run owns its keys, its threads and mitmproxy's event loop already, and a block that is drawn
again four times a second needs no second loop, no mouse and no alternate screen. It works over SSH in 80 columns and 24 lines,
what was printed before stays above it, and a terminal without cursor movement (``TERM=dumb``) gets lines.
"""

import os
import sys
import time
from collections import deque
from types import TracebackType
from typing import Self, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.text import Text

from pia_runtime.capture.calibrating import ClockOffset
from pia_runtime.capture.status import LiveStatus, Sighting
from pia_runtime.reports.escape import visible

PLAIN_EVERY_SECONDS = 10.0
"""Where there is no terminal to draw in, a line is written this often and whenever the phase changes."""

REFRESHES_PER_SECOND = 4
RATE_SECONDS = 5.0
"""Rates are of the last five seconds."""

NARROWEST, LOWEST = 50, 10
"""Columns and lines below which the view is one line."""

MOST_NEWEST, MOST_UNSEEN = 8, 3

_PHASE_STYLES = {
    "before_prompt": "red",
    "before_choice": "bold red",
    "after_grant": "green",
    "after_refusal": "bold magenta",
    "after_withdrawal": "bold magenta",
}
_ACTS = {"access": ("o", "read"), "attempt": ("x", "attempt"), "transmission": (">", "sent")}
_WITHOUT = {"before_choice", "after_refusal", "after_withdrawal"}


class LiveView:
    """Shows a run on standard error; use as context manager and call with each :class:`LiveStatus`.

    Args:
        stream: where to show it.
        hint: the keys there are, shown below in a terminal.
        title: what is run.
    """

    def __init__(self, stream: TextIO | None = None, hint: str = "", title: str = "") -> None:
        self._stream = sys.stderr if stream is None else stream
        self._hint = hint
        self._title = title
        self._live: Live | None = None
        self._last: tuple[float, str] = (-PLAIN_EVERY_SECONDS, "")
        self._shown = 0.0
        self._counts: deque[tuple[float, int, int]] = deque(maxlen=200)

    def __enter__(self) -> Self:
        if self._stream.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown"):
            console = Console(file=self._stream, highlight=False)
            # Results go to standard output: it is left alone.
            self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def __call__(self, status: LiveStatus) -> None:
        """Show the status, if it is time to."""
        self._counts.append((time.monotonic(), status.flows, status.events))
        if self._live is None:
            self._plain(status)
        elif time.monotonic() - self._shown >= 1 / REFRESHES_PER_SECOND:
            self._shown = time.monotonic()
            width, height = self._live.console.size
            block = render_view(status, self._rates(), self._hint, self._title, width, height)
            self._live.update(block, refresh=True)

    @property
    def drawn(self) -> bool:
        """Whether there is a terminal to draw in."""
        return self._live is not None

    def say(self, line: str) -> None:
        """A line above the view, which stays."""
        if self._live is None:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        else:
            self._live.console.print(Text(line))

    def _rates(self) -> tuple[float, float]:
        """Flows and events a second."""
        now = self._counts[-1]
        then = next((one for one in self._counts if now[0] - one[0] <= RATE_SECONDS), now)
        seconds = now[0] - then[0]
        return (0.0, 0.0) if seconds < 1 else ((now[1] - then[1]) / seconds, (now[2] - then[2]) / seconds)

    def _plain(self, status: LiveStatus) -> None:
        last_s, last_phase = self._last
        if status.elapsed_s - last_s >= PLAIN_EVERY_SECONDS or status.phase != last_phase:
            self._last = (status.elapsed_s, status.phase)
            self._stream.write(f"{render_line(status).plain}\n")
            self._stream.flush()


def render_line(status: LiveStatus, hint: str = "") -> Text:
    """One line with the counts, phase, clock and elapsed time; the note being typed or the hint below it."""
    text = Text(f"{_elapsed(status)}  flows {status.flows}  events {status.events}  ")
    text.append(f"dropped {status.dropped}", style="bold red" if status.dropped else "")
    text.append("  phase ").append(_phase(status), style=_PHASE_STYLES.get(status.phase, ""))
    text.append(f"  device clock {render_offset(status.clock)}")
    if status.unseen:
        text.append(f"  not seen {sum(count for _, count in status.unseen)}", style="yellow")
    if status.typing is not None:
        text.append(f"\nnote: {status.typing}▏", style="bold")
    elif hint:
        text.append(f"\n{hint}", style="dim")
    return text


def render_view(status: LiveStatus, rates: tuple[float, float], hint: str, title: str, width: int, height: int) -> Text:
    """The block for a terminal of ``width`` columns and ``height`` lines, always as high for the same terminal."""
    if width < NARROWEST or height < LOWEST:
        return render_line(status, hint)
    room = width - 1  # a full last column wraps in some terminals
    newest = min(MOST_NEWEST, height - 9)
    unseen = min(MOST_UNSEEN, max(height - 8 - newest, 0))
    lines = [_head(status, title), *_counts(status, rates, room), _rule("newest", room)]
    lines += _filled([_sighting(one) for one in status.newest[:newest]], newest, "nothing read or sent yet")
    if unseen:
        lines.append(_rule("not seen", room))
        lines += _filled(_unseen(status, unseen), unseen, "nothing known to be missed")
    lines.append(_rule("", room))
    lines.append(_foot(status, hint))
    return Text("\n").join(_cropped(line, room) for line in lines)


def _head(status: LiveStatus, title: str) -> Text:
    text = Text(f"{_elapsed(status)}  ", style="bold")
    text.append(_phase(status), style=_PHASE_STYLES.get(status.phase, "bold"))
    return text.append(f"  {visible(title)}", style="") if title else text


def _counts(status: LiveStatus, rates: tuple[float, float], room: int) -> list[Text]:
    counts = Text(f"flows {status.flows:,} ({rates[0]:.1f}/s)  events {status.events:,} ({rates[1]:.1f}/s)  ")
    counts.append(f"dropped {status.dropped:,}", style="bold red" if status.dropped else "")
    clock = Text(f"device clock {render_offset(status.clock)}", style="" if status.clock else "yellow")
    joined = Text.assemble(counts, "  ", clock)
    return [joined, Text("")] if joined.cell_len <= room else [counts, clock]


def _sighting(one: Sighting) -> Text:
    sign, act = _ACTS[one.act]
    grave = one.phase in _WITHOUT and one.act != "attempt"
    text = Text(f"{sign} {act:<7} ", style="bold red" if grave else "yellow" if one.act == "attempt" else "")
    text.append(", ".join(visible(data, 40) for data in one.data))
    if one.count > 1:
        text.append(f" ×{one.count}")
    if one.who:
        text.append(f"  {visible(one.who)}")
    return text.append(f"  {visible(_short(one))}", style="dim")


def _short(one: Sighting) -> str:
    """A host as it is; of an API class and method, because the package says nothing new."""
    return one.where if one.act == "transmission" else ".".join(one.where.split(".")[-2:])


def _unseen(status: LiveStatus, most: int) -> list[Text]:
    told = [
        Text(f"▨ {visible(kind, 40).replace('_', ' ')} ×{count}  {visible(host)}", style="yellow")
        for (kind, host), count in status.unseen
    ]
    if len(told) > most:
        more = sum(count for _, count in status.unseen[most - 1 :])
        told[most - 1 :] = [Text(f"▨ {len(status.unseen) - most + 1} more kinds or hosts ×{more}", style="yellow")]
    return told


def _foot(status: LiveStatus, hint: str) -> Text:
    if status.typing is not None:
        return Text(f"note: {status.typing}▏ (Enter keeps it, Esc drops it)", style="bold")
    if status.said:
        return Text.assemble((visible(status.said), "bold"), "  ", (hint, "dim"))
    return Text(hint, style="dim")


def _filled(lines: list[Text], high: int, nothing: str) -> list[Text]:
    """As many lines as there is room for, so that the block does not jump."""
    shown = lines or [Text(nothing, style="dim")]
    return [*shown, *[Text("")] * (high - len(shown))][:high]


def _rule(name: str, room: int) -> Text:
    label = f"─ {name} " if name else ""
    return Text(label + "─" * (room - cell_len(label)), style="dim")


def _cropped(line: Text, room: int) -> Text:
    """The line cut to the room, wide characters counted as two."""
    if line.cell_len <= room:
        return line
    plain, kept = line.plain, len(line.plain)
    while kept and cell_len(plain[:kept]) > room - 1:
        kept -= 1
    return line[:kept].append("…")


def _elapsed(status: LiveStatus) -> str:
    minutes, seconds = divmod(int(status.elapsed_s), 60)
    return f"{minutes:02d}:{seconds:02d}"


def _phase(status: LiveStatus) -> str:
    return status.phase.replace("_", " ")


def render_offset(clock: ClockOffset | None) -> str:
    """The offset with its error, both in milliseconds, or that it is unknown."""
    if clock is None:
        return "unknown"
    return f"{clock.offset_ns / 1e6:+,.1f} ms ± {clock.err_ns / 1e6:.1f}"
