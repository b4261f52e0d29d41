"""``pia commitment``: values that are masked, checked by who has the key."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pia_runtime.cli.options import say

DIFFERS = 7

app = typer.Typer(help="Check masked values against their commitments, with the capture's key.", no_args_is_help=True)
Folder = Annotated[
    Path, typer.Argument(metavar="PATH", help="A capture, or a copy made by pia export.", show_default=False)
]


@app.command("check")
def check(
    path: Folder,
    value: Annotated[
        str | None,
        typer.Argument(
            metavar="[VALUE]", help="The full value; without it, it is read from standard input.", show_default=False
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key",
            metavar="FILE",
            help="commitment.key of the capture [default: the one in PATH].",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="ID", help="The kind of data, for instance imei.", show_default=False),
    ] = None,
) -> int:
    """Say where a value is what was committed to: exit 0 where it is anywhere, 7 where it is nowhere.

    The value given is printed nowhere. Standard input keeps it out of the shell's history.
    """
    from pia_runtime.evidence.commitments import open_value

    given = value if value is not None else sys.stdin.readline().rstrip("\r\n")
    found = open_value(path, given, key, data)
    for one in found:
        sys.stdout.write(f"{one.data}: {len(one.detections)} detections, {len(one.places)} redactions\n")
        sys.stdout.write("".join(f"  detection {name}\n" for name in one.detections))
        sys.stdout.write("".join(f"  {place}\n" for place in one.places))
    if not found:
        say("pia: nothing in it was committed to under this value")
    return 0 if found else DIFFERS


@app.command("original")
def original(
    path: Annotated[Path, typer.Argument(metavar="COPY", help="A copy made by pia export.", show_default=False)],
    capture: Annotated[
        Path,
        typer.Argument(
            metavar="CAPTURE", help="The capture it is said to be of, with its commitment.key.", show_default=False
        ),
    ],
) -> int:
    """Say whether a copy was made of this very capture: its recording, its seal and each of its files. Exit 7 where not."""
    from pia_runtime.evidence.commitments import compare_original

    problems = compare_original(path, capture)
    sys.stdout.write(
        "".join(f"differs: {problem}\n" for problem in problems) or "a copy of this capture, file by file\n"
    )
    return DIFFERS if problems else 0
