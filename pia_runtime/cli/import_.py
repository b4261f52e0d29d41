"""``pia import``: other tools' recordings into a capture."""

from pathlib import Path
from typing import Annotated

import typer

from pia_runtime.cli.options import say


def import_recording(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", help="HAR, mitmproxy flow files, pcap or pcapng.", show_default=False),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Capture folder to create.", show_default=False)],
    package: Annotated[
        str | None, typer.Option("--package", help="The app they were recorded from.", show_default=False)
    ] = None,
    keylog: Annotated[
        Path | None,
        typer.Option("--keylog", help="TLS secrets of recorded packets (SSLKEYLOGFILE).", show_default=False),
    ] = None,
) -> None:
    """Make a capture from recordings of Chrome, Firefox, Charles, PCAPdroid or mitmproxy, or from packets.

    Times and bodies are kept; an entry that cannot be read is a recorded gap and the rest is imported.
    Packets need tshark; keys inside a pcapng are used as well, and connections that stay closed are blind spots.
    """
    from pia_runtime.capture.importer import import_recording as run

    result = run(sources, out, package=package, keylog=keylog)
    say(f"{result.flows} flows imported into {out}, {len(result.gaps)} entries could not be read")
    say(f"next: pia analyze {out}")
