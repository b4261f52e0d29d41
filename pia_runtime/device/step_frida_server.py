"""frida-server on the device: pushed, started as root, asked, and removed."""

from collections.abc import Callable
from typing import Any, ClassVar

from pia_runtime.device.connection import Connection, expect
from pia_runtime.device.frida_binary import FridaBinary
from pia_runtime.errors import NotReadyError

FOLDER = "/data/local/tmp/pia"

Probe = Callable[[Connection, int], str | None]
"""Asks whether a frida-server that this machine's Frida can talk to answers on a port of the device: None, or why not."""

_START = """
cd "$1"
nohup "$1/$2" -l "127.0.0.1:$3" > "$1/$2.log" 2>&1 < /dev/null &
echo $! > "$1/$2.pid"
n=0
while [ $n -lt 50 ]; do
  kill -0 "$(cat "$1/$2.pid")" 2>/dev/null || { tail -n 1 "$1/$2.log" >&2; exit 1; }
  grep -qi "$4" /proc/net/tcp && exit 0
  sleep 0.1
  n=$((n + 1))
done
echo "it does not listen" >&2
exit 1
"""
# A number in the file that meanwhile belongs to another process is left alone. Android shows root's processes only to root
# (/proc with hidepid=2), and the number is kept until the process is known to be gone.
_END = """
alive=""
if [ -f "$1/$2.pid" ]; then
  p=$(cat "$1/$2.pid")
  [ "$(id -u)" = 0 ] || alive=1
  n=0
  while grep -qaF "127.0.0.1:$3" "/proc/$p/cmdline" 2>/dev/null && [ $n -lt 30 ]; do
    [ $n -lt 20 ] && kill "$p" || kill -9 "$p"
    sleep 0.1
    n=$((n + 1))
  done
  grep -qaF "127.0.0.1:$3" "/proc/$p/cmdline" 2>/dev/null && alive=1
  [ -z "$alive" ] || echo "process $p"
fi
rm -f "$1/$2" "$1/$2.log"
[ -n "$alive" ] || rm -f "$1/$2.pid"
rmdir "$1" 2>/dev/null
[ -e "$1/$2" ] && echo "$1/$2"
true
"""


class FridaServer:
    """Runs one frida-server.

    Args:
        binary: the program, or None where the device is expected to have one running.
        probe: asks it.
        version: this machine's Frida.
        port: the device's port; Frida's own is 27042, which apps look for.
        file_name: the program's name on the device, which apps look for too.
    """

    name: ClassVar[str] = "frida_server"

    def __init__(
        self, binary: FridaBinary | None, probe: Probe, version: str, port: int = 27042, file_name: str = "frida-server"
    ) -> None:
        self._binary, self._probe, self._version = binary, probe, version
        self._port, self._file_name = port, file_name
        self.title = f"run frida-server {version} as {file_name} on port {port}"

    def check(self, device: Connection) -> bool:
        """Whether one answers on the port.

        Raises:
            NotReadyError: something listens there that does not answer as this machine's Frida expects.
        """
        if not self._listening(device):
            return False
        if (why := self._probe(device, self._port)) is not None:
            raise NotReadyError(
                f"something else listens on the device's port {self._port}: {why}",
                "stop it (an old frida-server: adb shell su -c pkill frida-server) or choose another --frida-port",
            )
        return True

    def before(self, device: Connection) -> dict[str, Any]:
        """Its place: the folder is this program's own."""
        return {"folder": FOLDER, "file_name": self._file_name, "port": self._port}

    def do(self, device: Connection) -> None:
        """Push it, compare its version, start it."""
        if self._binary is None:
            raise NotReadyError(
                f"no frida-server answers on port {self._port} of {device.serial}",
                "give the one to start with --frida-server FILE-OR-FOLDER",
            )
        path = f"{FOLDER}/{self._file_name}"
        expect(device.shell("mkdir", "-p", FOLDER), f"{FOLDER} cannot be made", "free space on the device")
        device.push(self._binary.content, path, 0o755)
        said = device.shell(path, "--version", root=True)
        if not said.ok:
            raise NotReadyError(
                f"{self._binary.path} does not run on the device: {said.reason}",
                f"take the one for {device.shell('getprop', 'ro.product.cpu.abi').text}",
            )
        if said.text.split(".")[0] != self._version.split(".")[0]:
            raise NotReadyError(
                f"{self._binary.path} is version {said.text}; this machine's Frida is {self._version}",
                f"take frida-server {self._version}",
            )
        listens = f": 0100007F:{self._port:04X} "
        expect(
            device.script(_START, FOLDER, self._file_name, str(self._port), listens, root=True),
            "frida-server does not start",
            f"if port {self._port} is taken choose another --frida-port; else see adb shell cat {path}.log",
        )

    def verify(self, device: Connection) -> None:
        """Speak to it as Frida does."""
        if (why := self._probe(device, self._port)) is not None:
            raise NotReadyError(f"frida-server does not answer: {why}", "restart the device and try again")

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """End it and remove it."""
        values = (str(before["folder"]), str(before["file_name"]), str(before["port"]))
        left = device.script(_END, *values, root=True)
        refused = "" if left.ok else f" (as root: {left.reason})"
        if refused:  # what adb's own user put there it may remove
            left = device.script(_END, *values)
        if left.text or not left.ok:
            return f"frida-server may still be there: {left.text or left.reason}{refused}"
        return ""

    def _listening(self, device: Connection) -> bool:
        return device.shell(
            "grep", "-qi", f": [0-9A-F]*:{self._port:04X} 0*:0000 0A ", "/proc/net/tcp", "/proc/net/tcp6"
        ).ok
