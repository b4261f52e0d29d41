"""Consent marks by keys, on a real pseudo-terminal."""

import contextlib
import io
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from pia_runtime.capture.keys import TESTER_ERR_NS, KeyReader

NOW_NS = 1_763_884_800_000_000_000


@pytest.fixture
def terminal():
    """Both ends of a pseudo-terminal that is our controlling one for the reader's purposes."""
    leader, follower = pty.openpty()
    stream = os.fdopen(follower, "r", buffering=1)
    yield leader, stream
    stream.close()
    os.close(leader)


@pytest.fixture
def reader(terminal, monkeypatch):
    """A reader in the foreground of that terminal."""
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
    with KeyReader(terminal[1], now_ns=lambda: NOW_NS) as reader:
        yield reader


def press(terminal, keys: str) -> None:
    """Type on the terminal."""
    os.write(terminal[0], keys.encode())


@pytest.mark.parametrize(("key", "signal"), [("r", "requested"), ("g", "given"), ("x", "refused"), ("w", "withdrawn")])
def test_a_key_is_a_consent_signal_at_its_time_with_its_uncertainty(terminal, reader, key, signal):
    """The mark says whose hand it was and how far off it may be."""
    press(terminal, key)
    (mark,) = reader.read(5)
    assert mark.record == {
        "type": "consent",
        "t_ns": NOW_NS,
        "clock": "host",
        "signal": signal,
        "scope": "policy",
        "source": "tester",
        "text": f"key {key}",
        "err_ns": TESTER_ERR_NS,
    }


def test_a_note_is_one_event_with_the_time_of_its_first_key(terminal, reader):
    """Letters of a note are no consent marks; backspace works, and so does Chinese."""
    press(terminal, "n弹窗 gx\x7f")
    assert reader.read(5) == []
    assert reader.typing == "弹窗 g"
    press(terminal, "\n")
    (mark,) = reader.read(5)
    assert mark.record == {"type": "note", "t_ns": NOW_NS, "clock": "host", "text": "弹窗 g"}
    assert reader.typing is None


def test_a_note_can_be_abandoned(terminal, reader):
    """Escape leaves no event, and keys are marks again."""
    press(terminal, "nwrong\x1bg")
    (mark,) = reader.read(5)
    assert mark.record["signal"] == "given"


def test_q_asks_for_the_end_and_other_keys_do_nothing(terminal, reader):
    """Only documented keys act."""
    press(terminal, "zZ?q")
    (mark,) = reader.read(5)
    assert mark.record is None


def test_a_character_that_arrives_in_parts_is_put_together(terminal, reader):
    """A read may end inside a UTF-8 sequence."""
    encoded = "n同".encode()
    os.write(terminal[0], encoded[:2])
    reader.read(5)
    os.write(terminal[0], encoded[2:])
    reader.read(5)
    assert reader.typing == "同"


def test_no_key_within_the_time_is_no_mark(reader):
    """Waiting is bounded."""
    assert reader.read(0.01) == []


def test_the_terminal_is_given_back_after_an_error(terminal, monkeypatch):
    """Echo and line mode are as before, whatever happened in between."""
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
    before = termios.tcgetattr(terminal[1])
    with contextlib.suppress(RuntimeError), KeyReader(terminal[1]):
        assert termios.tcgetattr(terminal[1]) != before
        raise RuntimeError
    assert termios.tcgetattr(terminal[1]) == before


def test_a_terminal_that_is_closed_switches_the_keys_off(monkeypatch):
    """The run goes on without marks, and says why."""
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
    leader, follower = pty.openpty()
    with os.fdopen(follower, "r", buffering=1) as stream, KeyReader(stream) as reader:
        assert reader.enabled
        os.close(leader)
        assert reader.read(5) == []
        assert not reader.enabled
        assert reader.why_not == "the terminal was closed"


@pytest.mark.parametrize("stream", [io.StringIO(), Path("/dev/null").open()])  # noqa: SIM115 - closed with the process
def test_without_a_terminal_keys_are_off_and_that_is_said(stream):
    """A pipe or a file is read by nobody."""
    with KeyReader(stream) as reader:
        assert not reader.enabled
        assert "not a terminal" in reader.why_not
        assert reader.read(0) == []


def test_ctrl_c_keeps_its_meaning_and_the_terminal_is_given_back():
    """In a process that has the terminal: Ctrl-C interrupts it, and the terminal is as before."""
    script = (
        "from pia_runtime.capture.keys import KeyReader\n"
        "with KeyReader() as keys:\n"
        "    print('ready', keys.enabled, flush=True)\n"
        "    while True: keys.read(1)\n"
    )
    leader, follower = pty.openpty()
    before = termios.tcgetattr(follower)
    # A session of its own that takes the terminal over, as a shell's child has it.
    command = ["setsid", "--ctty", sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=follower, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready True\n"
        os.write(leader, b"\x03")
        _, error = process.communicate(timeout=20)
    assert b"KeyboardInterrupt" in error
    assert termios.tcgetattr(follower) == before
    os.close(leader)
    os.close(follower)


def test_s_asks_for_a_screenshot_and_a_mark_says_its_error(terminal, reader):
    """The tester sees at once what a key did."""
    press(terminal, "sgq")
    picture, given, end = reader.read(5)
    assert (picture.wants, picture.record) == ("screenshot", None)
    assert given.said == "marked given ±1.5 s"
    assert end.wants == "end"
