"""Android's own screen recorder: a folder on the device for what it writes, and the commands that run and end it.

AOSP ``frameworks/av/cmds/screenrecord/screenrecord.cpp``: a recording ends after ``--time-limit`` (180 s at most on most
versions), or finished and playable on SIGINT and SIGHUP. The folder is not ``/sdcard``, where the app and the gallery would find
the files.
"""

from typing import Any, ClassVar

from pia_runtime.device.command import Answer
from pia_runtime.device.connection import Connection, expect
from pia_runtime.errors import NotReadyError

FOLDER = "/data/local/tmp/pia-screen"
SEGMENT_SECONDS = 120
BIT_RATE = 4_000_000
"""Bits a second: AOSP's former default. Today's is five times that, for a picture that shows no more words."""

_MARGIN_SECONDS = 30.0

_RECORD = """
date +%s%N
sh -c 'echo $$ > "$1/pid"; exec screenrecord --bit-rate "$4" --time-limit "$3" "$1/$2"' pia "$1" "$2" "$3" "$4"
code=$?
date +%s%N
rm -f "$1/pid"
exit $code
"""
# A number that meanwhile belongs to another process is left alone.
_FINISH = """
p=$(cat "$1/pid" 2>/dev/null) || exit 0
grep -qaF "$1/" "/proc/$p/cmdline" 2>/dev/null && kill -INT "$p"
true
"""
_END = """
p=$(cat "$1/pid" 2>/dev/null)
n=0
while [ -n "$p" ] && grep -qaF "$1/" "/proc/$p/cmdline" 2>/dev/null && [ $n -lt 40 ]; do
  [ $n -lt 30 ] && kill -INT "$p" || kill -9 "$p"
  sleep 0.1
  n=$((n + 1))
done
[ -n "$p" ] && grep -qaF "$1/" "/proc/$p/cmdline" 2>/dev/null && echo "process $p"
rm -f "$1"/*.mp4 "$1/pid"
rmdir "$1" 2>/dev/null
[ -e "$1" ] && echo "$1"
true
"""


class ScreenRecording:
    """The folder of a run's recordings; its undoing ends a recorder that still runs and removes what it wrote."""

    name: ClassVar[str] = "screen_recording"
    title = "record the screen"

    def check(self, device: Connection) -> bool:
        """Whether it is there, beside a recorder to be had."""
        return device.script('command -v screenrecord > /dev/null && test -d "$1"', FOLDER).ok

    def before(self, device: Connection) -> dict[str, Any]:
        """The folder is this program's own."""
        return {"folder": FOLDER}

    def do(self, device: Connection) -> None:
        """Make it, where the device has a recorder."""
        expect(
            device.script("command -v screenrecord"),
            f"{device.serial} has no screenrecord",
            "some builds leave it out; take screenshots by key s",
        )
        expect(device.shell("mkdir", "-p", FOLDER), f"{FOLDER} cannot be made", "free space on the device")

    def verify(self, device: Connection) -> None:
        """Look for it."""
        if not device.shell("test", "-d", FOLDER).ok:
            raise NotReadyError(f"{FOLDER} was not made", "free space on the device")

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """End the recorder and remove the folder."""
        left = device.script(_END, str(before["folder"]))
        if left.text or not left.ok:
            return f"the screen recorder or its files may still be there: {left.text or left.reason}"
        return ""


def record_segment(device: Connection, file_name: str) -> Answer:
    """Record one file; returns when it is finished, with the device's clock before and after on two lines of output.

    Raises:
        DeviceLostError: the device does not answer.
    """
    values = (FOLDER, file_name, str(SEGMENT_SECONDS), str(BIT_RATE))
    return device.script(_RECORD, *values, timeout=SEGMENT_SECONDS + _MARGIN_SECONDS)


def finish_segment(device: Connection) -> None:
    """Let the recorder finish its file now.

    Raises:
        DeviceLostError: the device does not answer.
    """
    device.script(_FINISH, FOLDER)


def take_segment(device: Connection, file_name: str) -> bytes:
    """Read a finished file and remove it from the device.

    Raises:
        NotReadyError: it is not there or not readable.
    """
    path = f"{FOLDER}/{file_name}"
    content = device.pull(path)
    device.shell("rm", "-f", path)
    return content
