"""``pia doctor`` and ``pia restore``: is everything ready, and is everything as it was."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pia_runtime.cli.options import say

if TYPE_CHECKING:
    from pia_runtime.device.checks import Check

DeviceOption = Annotated[
    str | None,
    typer.Option(
        "--device",
        "-s",
        help="Serial of the device, as adb devices prints it [default: the only one].",
        show_default=False,
    ),
]
ConfdirOption = Annotated[
    Path, typer.Option("--confdir", help="Folder of the proxy's certificate authority.", file_okay=False)
]
FridaPortOption = Annotated[
    int, typer.Option("--frida-port", help="frida-server's port on the device.", min=1, max=65535)
]
CONFDIR = Path(".cache") / "mitmproxy"
FRIDA_PORT = 27042


def doctor(
    device: DeviceOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Apply the fixes that change nothing a person might want kept, then look again."),
    ] = False,
    port: Annotated[int, typer.Option("--port", help="Port the proxy is to listen on.", min=1, max=65535)] = 8080,
    frida_port: FridaPortOption = FRIDA_PORT,
    confdir: ConfdirOption = CONFDIR,
) -> int:
    """Check this machine and a device point by point: how each stands, why, and what would help.

    Nothing is left changed on the device. Exit code 4 when something is not ready; warnings alone exit with 0.
    """
    from pia_runtime.capture.doctor import apply_fixes, examine
    from pia_runtime.device.checks import is_ready
    from pia_runtime.instrumentation.server_probe import probe_server

    def look() -> list["Check"]:
        return examine(device, confdir=confdir, port=port, frida_port=frida_port, probe=probe_server)

    checks = look()
    if fix and apply_fixes(checks, say):
        checks = look()
    if json:
        import orjson

        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        sys.stdout.buffer.write(orjson.dumps({"checks": [check.document() for check in checks]}, option=options))
    else:
        _print(checks)
    return 0 if is_ready(checks) else 4


def restore(device: DeviceOption = None) -> int:
    """Undo on the device whatever an earlier run changed there and did not undo itself, for instance after kill -9.

    Reads the journals of this machine. Exit code 4 when something remains; it is named, and the journal keeps it.
    """
    from pia_runtime.capture.doctor import restore_all

    left = restore_all(device, say)
    for serial, remains in left.items():
        for sentence in remains:
            say(f"{serial}: left: {sentence}")
    if left:
        say("connect the devices and run pia restore again")
        return 4
    say("nothing is left of any run")
    return 0


def _print(checks: list["Check"]) -> None:
    from rich.table import Table
    from rich.text import Text

    from pia_runtime.cli.options import stdout_console

    styles = {"ok": "green", "warning": "yellow", "not_ready": "bold red", "not_checked": "dim"}
    table = Table("check", "state", "what was found, and what helps", box=None, pad_edge=False)
    for check in checks:
        words = Text(check.detail)
        if check.fix:
            words.append(f"\n→ {check.fix}", style="dim")
        state = check.status.value
        table.add_row(Text(check.id), Text(state.replace("_", " "), style=styles[state]), words)
    stdout_console().print(table)
