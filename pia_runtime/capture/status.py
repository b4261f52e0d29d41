"""The live status line: one line that changes in a terminal, a line now and then elsewhere."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from pia_runtime.capture.calibrating import ClockOffset
from pia_runtime.capture.live import LiveStatus

PLAIN_EVERY_SECONDS = 10.0
"""Where standard error is a file or a pipe, a line is written this often and whenever the phase changes."""

REFRESHES_PER_SECOND = 4

_PHASE_STYLES = {"after_grant": "green", "after_refusal": "red", "after_withdrawal": "red", "before_choice": "yellow"}


class StatusLine:
    """Shows a run on standard error; use as context manager and call with each :class:`LiveStatus`.

    Args:
        stream: where to show it.
        hint: a line about the keys, shown below the status in a terminal.
    """

    def __init__(self, stream: TextIO | None = None, hint: str = "") -> None:
        self._stream = sys.stderr if stream is None else stream
        self._hint = hint
        self._live: Live | None = None
        self._last: tuple[float, str] = (-PLAIN_EVERY_SECONDS, "")
        self._shown = 0.0

    def __enter__(self) -> Self:
        if self._stream.isatty():
            console = Console(file=self._stream)
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
        if self._live is None:
            self._plain(status)
        elif time.monotonic() - self._shown >= 1 / REFRESHES_PER_SECOND:
            self._shown = time.monotonic()
            self._live.update(render_status(status, self._hint), refresh=True)

    def say(self, line: str) -> None:
        """A line above the status, which stays."""
        if self._live is None:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        else:
            self._live.console.print(Text(line))

    def _plain(self, status: LiveStatus) -> None:
        last_s, last_phase = self._last
        if status.elapsed_s - last_s >= PLAIN_EVERY_SECONDS or status.phase != last_phase:
            self._last = (status.elapsed_s, status.phase)
            self._stream.write(f"{render_status(status).plain}\n")
            self._stream.flush()


def render_status(status: LiveStatus, hint: str = "") -> Text:
    """One line with the counts, phase, clock and elapsed time; the note being typed or the hint below it."""
    minutes, seconds = divmod(int(status.elapsed_s), 60)
    text = Text(f"{minutes:02d}:{seconds:02d}  flows {status.flows}  events {status.events}  ")
    text.append(f"dropped {status.dropped}", style="bold red" if status.dropped else "")
    text.append("  phase ").append(status.phase.replace("_", " "), style=_PHASE_STYLES.get(status.phase, ""))
    text.append(f"  device clock {render_offset(status.clock)}")
    if status.typing is not None:
        text.append(f"\nnote: {status.typing}▏", style="bold")
    elif hint:
        text.append(f"\n{hint}", style="dim")
    return text


def render_offset(clock: ClockOffset | None) -> str:
    """The offset with its error, both in milliseconds, or that it is unknown."""
    if clock is None:
        return "unknown"
    return f"{clock.offset_ns / 1e6:+,.1f} ms ± {clock.err_ns / 1e6:.1f}"
