"""No value reaches a device's shell as anything but itself."""

import subprocess

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.device.command import command_line, quote, script_line
from pia_runtime.device.command_log import LOG_NAME, CommandLog
from pia_runtime.device.root import RootKind
from pia_runtime.errors import UsageError

HOSTILE = (
    "a; reboot",
    "$(reboot)",
    "`reboot`",
    "it's",
    'say "x"',
    "two\nlines",
    "\\",
    "*",
    "-rf",
    "",
    " ",
    "a\tb",
    "$IFS",
    "字 'é",
)


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=4))
def test_every_word_comes_back_as_it_was(words):
    """Through a real shell, whatever it holds."""
    line = command_line(["printf", "%s\\0", *words])
    assert subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout == b"".join(
        word.encode() + b"\0" for word in words or [""]
    )


def test_a_value_in_a_script_is_a_parameter():
    """The script's text never changes with its values."""
    for value in HOSTILE:
        done = subprocess.run(["sh", "-c", script_line('printf %s "$1"', value)], capture_output=True, check=True)
        assert done.stdout.decode() == value


def test_a_nul_byte_is_refused():
    """No argument of a program can hold one."""
    with pytest.raises(UsageError, match="NUL"):
        quote("a\0b")


@pytest.mark.parametrize("profile", ["emulator-14", "magisk-13", "kernelsu-14", "aosp-su-12"])
def test_hostile_words_pass_every_kind_of_su_unharmed(connect, profile):
    """Through adb, the kind's own form of su and Android's shell."""
    _, device = connect(profile)
    assert device.root is not RootKind.none or profile.startswith("emulator")
    for value in ('it\'s; $(reboot) `x`\n"q" \\ *', "com.example'; rm -rf /"):
        assert device.shell("printf", "%s", value, root=True).out.decode() == value
        assert device.script('printf %s "$2"', "", value, root=True).out.decode() == value


def test_every_command_is_in_the_log_with_its_result_and_without_what_it_printed(connect, tmp_path):
    """Lines of before the capture's folder was there are kept for it."""
    played, device = connect()
    device.shell("getprop", "ro.product.model")
    device.log.attach(tmp_path)
    device.push(b"abc", "/data/local/tmp/it's")
    device.shell("false")
    lines = [orjson.loads(line) for line in (tmp_path / LOG_NAME).read_bytes().splitlines()]
    assert [line["n"] for line in lines] == list(range(len(lines)))
    shells = [line["command"] for line in lines if line["action"] == "shell"]
    assert shells == played.state["commands"]
    assert lines[-2]["command"].startswith("/data/local/tmp/it's,644")
    assert lines[-1]["code"] == 1
    assert "sdk_gphone64" not in (tmp_path / LOG_NAME).read_text()
    assert (tmp_path / LOG_NAME).stat().st_mode & 0o777 == 0o600


def test_a_log_is_kept_until_there_is_a_file(tmp_path):
    """Nothing done before the capture was made is missing from it."""
    log = CommandLog()
    log.write("s", "shell", "id -u", 1, code=0, out=b"0\n")
    log.attach(tmp_path)
    line = orjson.loads((tmp_path / LOG_NAME).read_bytes())
    assert (line["command"], line["code"], line["out_bytes"]) == ("id -u", 0, 2)
