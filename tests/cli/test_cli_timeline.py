"""``pia timeline``: terminal, page and pictures, and no option that nothing listens to."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from pia_runtime.cli.main import run

SAMPLE = Path(__file__).parents[2] / "captures" / "sample-loan"


def test_page_and_pictures_are_written_together_for_their_owner_alone(tmp_path, capsys):
    files = {name: tmp_path / f"loan.{name}" for name in ("html", "png", "svg")}
    options = [word for name, file in files.items() for word in (f"--{name}", str(file))]
    assert run(["timeline", str(SAMPLE), *options, "--lang", "zh"]) == 0
    assert files["html"].read_bytes().startswith(b"<!doctype html>")
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in files["svg"].read_bytes()
    assert {file.stat().st_mode & 0o777 for file in files.values()} == {0o600}
    told = capsys.readouterr()
    assert told.out == ""
    assert all(str(file) in told.err for file in files.values())


def test_the_page_quotes_requests_masked_unless_revealed(tmp_path):
    value = next(
        line for line in (SAMPLE / "identifiers.json").read_text(encoding="utf-8").split('"') if len(line) == 36
    )
    for options, expected in (([], False), (["--reveal"], True)):
        page = tmp_path / f"{len(options)}.html"
        assert run(["timeline", str(SAMPLE), "--html", str(page), *options]) == 0
        assert (value in page.read_text(encoding="utf-8")) is expected


@pytest.mark.parametrize(
    ("options", "fix"),
    [
        (["--dark"], "--png FILE"),
        (["--width", "900", "--html", "x.html"], "--png FILE"),
        (["--reveal"], "--html FILE"),
        (["--no-screenshots", "--svg", "x.svg"], "--html FILE"),
        (["--png", "-", "--svg", "-"], "give files"),
    ],
)
def test_an_option_that_nothing_listens_to_is_an_error(options, fix, capsys):
    assert run(["timeline", str(SAMPLE), *options]) == 2
    assert fix in capsys.readouterr().err


def terminal_output(**environment: str) -> bytes:
    """What the command writes into a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-c",
        "from pia_runtime.cli.main import main; main()",
        "timeline",
        str(SAMPLE),
        "--lang",
        "en",
    ]
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    with subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**clean, "TERM": "xterm-256color", "COLUMNS": "80", **environment},
    ) as process:
        os.close(theirs)
        told = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end was closed
                break
            told += part
        process.wait()
    os.close(ours)
    return told


def test_a_terminal_gets_colour_and_no_color_takes_it_away():
    coloured, plain = terminal_output(), terminal_output(NO_COLOR="1")
    assert b"\x1b[1;31m" in coloured
    assert b"\x1b[1;31m" not in plain
    assert b"[31m" not in plain
    assert b"IMEI" in plain
