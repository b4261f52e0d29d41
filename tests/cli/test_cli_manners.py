"""How ``pia`` behaves: colour, progress, language, silence, completion, and errors that say what to do."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pia_runtime.cli.main import EXIT_CODES, run
from pia_runtime.cli.options import chosen

SAMPLE = Path(__file__).parents[2] / "captures" / "sample-loan"
PIA = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()"]
COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-8]|9[0-7])[0-9;]*m")


def on_a_terminal(*arguments, **environment):
    """What a terminal is sent on stdout and stderr together, and the exit code."""
    master, slave = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    env = {**kept, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "COLUMNS": "120", **environment}
    process = subprocess.Popen([*PIA, *map(str, arguments)], stdout=slave, stderr=slave, stdin=slave, env=env)
    os.close(slave)
    shown, deadline = b"", time.monotonic() + 120
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.2)[0]:
            try:
                shown += os.read(master, 65536)
            except OSError:  # the other end is closed
                break
        elif process.poll() is not None:
            break
    os.close(master)
    return shown.decode("utf-8", "replace"), process.wait(timeout=10)


def test_a_terminal_gets_colour_and_a_spinner_while_it_waits():
    shown, code = on_a_terminal("analyze", SAMPLE)
    assert code == 0
    assert COLOUR.search(shown)
    assert "analysing" in shown


def test_no_color_is_respected_and_quiet_shows_no_spinner():
    shown, code = on_a_terminal("--quiet", "analyze", SAMPLE, NO_COLOR="1")
    assert code == 0
    assert not COLOUR.search(shown)
    assert "analysing" not in shown


def test_a_pipe_gets_neither_escapes_nor_progress(capfd):
    assert run(["analyze", str(SAMPLE), "--lang", "en"]) == 0
    shown = capfd.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert shown.err == ""


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW.UTF-8"}, "zh"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_MESSAGES": "zh_CN", "LANG": "de_DE"}, "zh"),
        ({"LANG": "C"}, "en"),
        ({}, "en"),
    ],
)
def test_reports_speak_the_language_of_the_locale(monkeypatch, environment, language):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert chosen(None) == language


def test_json_on_request_is_the_same_by_either_option(capfdbinary):
    assert run(["knowledge", "list", "categories", "--json"]) == 0
    first = capfdbinary.readouterr().out
    assert run(["knowledge", "list", "categories", "--format", "json"]) == 0
    assert capfdbinary.readouterr().out == first


def test_quiet_before_or_behind_the_command_leaves_only_results(tmp_path, capfd):
    for arguments in (
        ["--quiet", "knowledge", "list", "categories"],
        ["report", str(SAMPLE), "--format", "notice", "-q"],
    ):
        assert run(arguments) == 0
        shown = capfd.readouterr()
        assert shown.out
        assert shown.err == ""
    assert run(["knowledge", "list", "categories"]) == 0
    assert "39 entries" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        (("pia", "repo"), {"report"}),
        (("pia", "know"), {"knowledge"}),
        (("pia", "report", "x", "--format", "s"), {"sarif"}),
    ],
)
def test_the_shell_completes_commands_and_values(typed, wanted):
    env = {
        **os.environ,
        "_PIA_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(typed),
        "COMP_CWORD": str(len(typed) - 1),
    }
    done = subprocess.run(PIA, capture_output=True, text=True, env=env, timeout=60, check=False)
    assert set(done.stdout.split()) >= wanted, done


def test_every_exit_code_of_the_epilogue_is_explained():
    told = set(re.findall(r"(?<![\w.])(\d+) [a-zR]|(130) ", EXIT_CODES))
    codes = {one or other for one, other in told}
    page = (Path(__file__).parents[2] / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    assert codes == set(re.findall(r"^\| (\d+) \|", page, re.MULTILINE)) == set("01234567") | {"130"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["analyze", "no/such/folder"], 3),
        (["analyze", str(SAMPLE), "--fail-on", "no_such_rule"], 2),
        (["explain", str(SAMPLE), "ffffffff"], 2),
        (["report", str(SAMPLE), "--format", "md", "-o", "/no/such/folder/r.md"], 3),
        (["timeline", str(SAMPLE), "--dark"], 2),
        (["knowledge", "show", "nothing"], 2),
        (["hooks", "show", "nothing"], 2),
        (["analyze", str(SAMPLE / "session.json")], 3),
        (["analyze", str(SAMPLE), "--format", "pdf"], 2),
        (["report", str(SAMPLE)], 2),
        (["report", str(SAMPLE / "session.json"), "--format", "md", "--reveal"], 2),
        (["diff", str(SAMPLE)], 2),
        (["diff", str(SAMPLE), str(SAMPLE / "session.json")], 3),
        (["nonsense"], 2),
        (["commitment", "check", str(SAMPLE), "13800138000", "--data", "phone"], 2),
        (["capture", "com.some.app", "--listen", "0.0.0.0"], 2),
        (["capture", "com.some.app", "--no-seal", "--key", "tester"], 2),
    ],
)
def test_an_error_is_one_line_that_names_the_thing_and_the_fix(arguments, code, capfd):
    assert run(arguments) == code
    shown = capfd.readouterr()
    assert shown.out == ""
    assert re.fullmatch(r"pia: [^\n]+; [^\n]+\n", shown.err), shown.err


def test_a_group_named_alone_gives_its_help(capfd):
    assert run(["key"]) == 2
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("Usage: pia key ")


def test_a_result_goes_through_a_pipe_that_stands_where_the_file_would(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    assert run(["report", str(SAMPLE), "--format", "notice", "-o", str(pipe)]) == 0
    assert reader.communicate(timeout=60)[0]
    assert pipe.is_fifo()


def test_a_capture_that_is_not_there_is_named_once(tmp_path, capfd):
    assert run(["inspect", str(tmp_path / "missing"), "-o", str(tmp_path / "campaign"), "--workers", "1"]) == 3
    (line,) = [one for one in capfd.readouterr().err.splitlines() if one.startswith("pia: ")]
    assert line == "pia: missing: no such capture folder; give the folder that holds flows.mitm or events.jsonl"


@pytest.mark.parametrize(
    "option",
    [
        ["--frida-port", "27043"],
        ["--frida-name", "other"],
        ["--network", "none"],
        ["--no-udp-block"],
        ["--clear-data"],
        ["--revoke-permissions"],
        ["--scenario", "refuse"],
        ["--snapshot", "clean"],
        ["--record-screen"],
        ["--emulator-packets"],
    ],
)
def test_an_option_that_no_prepare_would_ignore_is_wrong_usage_by_its_name(option, capsys):
    assert run(["capture", "com.example.loan", "--no-prepare", *option]) == 2
    assert option[0].replace("--no-", "--") in capsys.readouterr().err
