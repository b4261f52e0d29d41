"""The live view says what happened so far: a block in a terminal, one line in a small one, lines in a log."""

import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path

import pytest
from rich.cells import cell_len

from pia_runtime.capture.calibrating import ClockOffset
from pia_runtime.capture.status import LiveLog, LiveStatus, Sighting
from pia_runtime.capture.view import LiveView, render_line, render_view

SAMPLE = Path(__file__).parents[2] / "captures" / "sample-loan"
STATUS = LiveStatus(75.2, 12, 340, 0, "before_choice", ClockOffset(7_200_000_123_456, 2_000_000))
BUSY = LiveStatus(
    75.2, 12_345, 340_123, 3, "after_withdrawal", ClockOffset(-180_000_000, 2_000_000),
    newest=tuple(
        Sighting("transmission", ("imei", "gaid"), "collect.adnova.example", "", "after_withdrawal", number) for number in range(1, 30)
    ),
    unseen=tuple((("tls_failed", f"{number}.pinned.example"), 9 - number) for number in range(8)),
)  # fmt: skip
HINT = "r requested  g given  x refused  w withdrawn  n note  s screenshot  q quit"


class Terminal(io.StringIO):
    """Text that believes to be a terminal."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


def test_a_status_is_one_line_with_counts_phase_clock_and_time():
    """Offset and its error are in milliseconds."""
    expected = "01:15  flows 12  events 340  dropped 0  phase before choice  device clock +7,200,000.1 ms ± 2.0"
    assert render_line(STATUS).plain == expected


def test_an_unmeasured_clock_is_unknown_not_zero():
    """Nothing is claimed before the first exchange."""
    assert render_line(LiveStatus(0, 0, 0, 0, "unknown", None)).plain.endswith("device clock unknown")


def test_the_block_fits_the_terminal_it_is_drawn_in_and_never_changes_its_height():
    """80 by 24 is what an SSH session has; in anything smaller than 50 by 10 one line is left."""
    for width, height in ((80, 24), (50, 10), (60, 14), (200, 60)):
        heights = set()
        for status in (STATUS, BUSY, LiveStatus(0, 0, 0, 0, "unknown", None)):
            lines = render_view(status, (1.25, 88.0), HINT, "com.example.loan", width, height).plain.split("\n")
            assert max(cell_len(line) for line in lines) < width
            assert len(lines) <= height - 1
            heights.add(len(lines))
        assert len(heights) == 1
    assert render_view(BUSY, (0, 0), "", "", 40, 24).plain.count("\n") == 0


def test_the_block_says_phase_clock_rates_the_newest_and_what_is_not_seen():
    """Everything that a tester has to notice while there is still time to act."""
    told = render_view(BUSY, (1.25, 88.0), HINT, "com.example.loan", 80, 24).plain
    for expected in (
        "01:15  after withdrawal  com.example.loan",
        "flows 12,345 (1.2/s)  events 340,123 (88.0/s)  dropped 3",
        "device clock -180.0 ms ± 2.0",
        "> sent    imei, gaid ×2  collect.adnova.example",
        "▨ tls failed ×9  0.pinned.example",
        "6 more kinds or hosts",
        "s screenshot",
    ):
        assert expected in told


def test_hostile_text_moves_no_cursor():
    """Hosts, APIs and notes come from the app; markup is text as well."""
    poison = "\x1b[2J\x07[red]\u202e"
    status = LiveStatus(1, 0, 0, 0, "unknown", None, newest=(Sighting("access", (poison,), poison, poison, "unknown"),))
    told = render_view(status, (0, 0), "", poison, 80, 24).plain
    assert "\x1b" not in told
    assert "[red]" in told


def test_the_note_being_typed_takes_the_place_of_the_hint():
    """What is typed is text, never markup."""
    typing = LiveStatus(1, 0, 0, 0, "unknown", None, "[red]弹窗")
    assert render_line(typing, "r requested").plain.endswith("\nnote: [red]弹窗▏")
    assert "note: [red]弹窗▏" in render_view(typing, (0, 0), "r requested", "", 80, 24).plain


def test_a_log_gets_a_line_at_the_start_then_every_ten_seconds_and_at_a_new_phase():
    """A file is not filled with ten lines a second, and holds no control codes."""
    log = io.StringIO()
    with LiveView(log) as show:
        for tenth in range(250):
            phase = "unknown" if tenth < 42 else "before_choice"
            show(LiveStatus(tenth / 10, 0, tenth, 0, phase, None))
    assert [line.split()[0] for line in log.getvalue().splitlines()] == ["00:00", "00:04", "00:14", "00:24"]
    assert "\x1b" not in log.getvalue()


def test_a_dumb_terminal_gets_lines(monkeypatch):
    """Nothing moves a cursor where there is none."""
    monkeypatch.setenv("TERM", "dumb")
    screen = Terminal()
    with LiveView(screen, HINT) as show:
        show(STATUS)
    assert screen.getvalue() == f"{render_line(STATUS).plain}\n"


def test_the_log_keeps_the_newest_first_counts_what_repeats_and_takes_anything():
    """A read without a value is an attempt; the caller is the first frame that is not the platform's own."""
    log = LiveLog()
    stack = [
        "android.telephony.TelephonyManager.getDeviceId(T.java)",
        "cn.adspark.sdk.core.AdSpark.init(AdSpark.java:3)",
    ]
    call = {"type": "api_call", "data": ["imei"], "api": "a.B.c", "value": "1", "stack": stack}
    for record in (call, {"type": "consent", "scope": "policy", "signal": "requested"}, call, call):
        log.event(record)
    log.event({**call, "value": None, "stack": 7})
    log.event({"type": "gap", "kind": None, "count": "many"})
    log.event({"type": "api_call", "data": 5})
    log.sent(("gaid",), "a.example")
    assert [(one.act, one.who, one.phase, one.count) for one in log.newest] == [
        ("transmission", "", "before_choice", 1),
        ("attempt", "", "before_choice", 1),
        ("access", "cn.adspark.sdk", "before_choice", 2),
        ("access", "cn.adspark.sdk", "unknown", 1),
    ]
    assert log.unseen == ((("undecodable", ""), 1),)


class Session:
    """A program in a terminal of its own, as over SSH."""

    def __init__(self, *arguments: str, columns: int = 80, lines: int = 24, **environment: str) -> None:
        self.ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        command = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()", *arguments]
        clean = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        env = {**clean, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environment}
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True,
            preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(theirs)
        self.told = ""

    def until(self, wanted: str) -> None:
        """Read until the words have come."""
        end = time.monotonic() + 60
        while wanted not in self.told:
            assert time.monotonic() < end, self.told[-2000:]
            self.told += self._read()

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.ours, keys.encode())

    def finish(self) -> int:
        """Read to the end; returns the exit code."""
        while part := self._read():
            self.told += part
        code = self.process.wait(60)
        os.close(self.ours)
        return code

    def _read(self) -> str:
        try:
            return os.read(self.ours, 65536).decode("utf-8", "replace")
        except OSError:  # the other end was closed
            return ""


def test_a_replay_in_a_terminal_shows_the_view_and_gives_the_terminal_back():
    """A real run's records through the real program, 80 columns by 24 lines."""
    session = Session("replay", str(SAMPLE), "--speed", "0.5")
    session.until("x attempt imsi")
    session.until("> sent")  # found in a flow by the process that follows the recording
    session.press("++")  # no faster: what lasts less than a redrawing is never seen
    session.until("after grant")
    session.press("q")
    assert session.finish() == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", session.told)
    assert "o read    gaid" in shown
    assert "device clock" in shown
    assert "space pause" in shown
    assert session.told.count("\x1b[?25l") == session.told.count("\x1b[?25h")  # the cursor is there again
    assert max(cell_len(line) for line in shown.replace("\r", "\n").split("\n")) <= 80


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}])
def test_a_replay_in_a_dumb_terminal_writes_lines(environment):
    """Not one control code."""
    session = Session("replay", str(SAMPLE), "--speed", "max", **environment)
    assert session.finish() == 0
    assert "phase after withdrawal" in session.told
    assert "\x1b" not in session.told
