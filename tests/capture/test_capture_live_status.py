"""The status line says what happened so far, in a terminal and in a log."""

import io

from pia_runtime.capture.calibrating import ClockOffset
from pia_runtime.capture.live import LiveStatus
from pia_runtime.capture.status import StatusLine, render_status

STATUS = LiveStatus(75.2, 12, 340, 0, "before_choice", ClockOffset(7_200_000_123_456, 2_000_000))


class Terminal(io.StringIO):
    """Text that believes to be a terminal."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


def test_a_status_is_one_line_with_counts_phase_clock_and_time():
    """Offset and its error are in milliseconds."""
    expected = "01:15  flows 12  events 340  dropped 0  phase before choice  device clock +7,200,000.1 ms ± 2.0"
    assert render_status(STATUS).plain == expected


def test_an_unmeasured_clock_is_unknown_not_zero():
    """Nothing is claimed before the first exchange."""
    assert render_status(LiveStatus(0, 0, 0, 0, "unknown", None)).plain.endswith("device clock unknown")


def test_the_note_being_typed_takes_the_place_of_the_hint():
    """What is typed is text, never markup."""
    typing = LiveStatus(1, 0, 0, 0, "unknown", None, "[red]弹窗")
    assert render_status(typing, "r requested").plain.endswith("\nnote: [red]弹窗▏")


def test_a_log_gets_a_line_at_the_start_then_every_ten_seconds_and_at_a_new_phase():
    """A file is not filled with ten lines a second, and holds no control codes."""
    log = io.StringIO()
    with StatusLine(log) as show:
        for tenth in range(250):
            phase = "unknown" if tenth < 42 else "before_choice"
            show(LiveStatus(tenth / 10, 0, tenth, 0, phase, None))
    assert [line.split()[0] for line in log.getvalue().splitlines()] == ["00:00", "00:04", "00:14", "00:24"]
    assert "\x1b" not in log.getvalue()


def test_a_terminal_shows_the_hint_below():
    """The keys are on the screen while the run goes on."""
    screen = Terminal()
    with StatusLine(screen, "r requested  g given") as show:
        show(STATUS)
    assert "events 340" in screen.getvalue()
    assert "r requested  g given" in screen.getvalue()
