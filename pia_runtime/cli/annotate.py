"""``pia annotate``: a tester's signed word about a finding."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pia_runtime.cli.options import CapturePath, say
from pia_runtime.cli.seal import KeyOption, chosen_signer

if TYPE_CHECKING:
    from pia_runtime.evidence.annotations import Kind


def annotate(
    path: CapturePath,
    id_: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Id of a finding, or its first 6+ characters.", show_default=False),
    ] = None,
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="Say something about it.", show_default=False)
    ] = None,
    dismiss: Annotated[
        str | None,
        typer.Option("--dismiss", metavar="REASON", help="Say why it is not one to act on.", show_default=False),
    ] = None,
    withdraw: Annotated[
        str | None,
        typer.Option("--withdraw", metavar="ANNOTATION", help="Take back an annotation of yours.", show_default=False),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Print the annotations.")] = False,
    key: KeyOption = None,
) -> int:
    """Sign a note on a finding, or its dismissal; every report shows it.

    Kept in annotations.jsonl, beside what is sealed, and found again after every re-analysis by the finding's id. A dismissed
    finding stays in the analysis, in --fail-on and in --gate: it is a person's word, and only that. `pia verify` checks it.
    """
    from pia_runtime.errors import UsageError

    asked: list[tuple[Kind, str]] = []
    if note is not None:
        asked.append(("note", note))
    if dismiss is not None:
        asked.append(("dismissal", dismiss))
    if list_ and not asked and withdraw is None and id_ is None:
        return _print(path)
    if withdraw is not None and not asked and id_ is None and not list_:
        return _sign(path, withdraw, [("withdrawal", "")], key)
    if list_ or withdraw is not None or not asked or id_ is None:
        raise UsageError("one thing at a time", "ID with --note or --dismiss, or --withdraw, or --list")
    return _sign(path, _finding(path, id_), asked, key)


def _sign(path: Path, target: str, asked: "list[tuple[Kind, str]]", key: str | None) -> int:
    from pia_runtime.errors import InputError
    from pia_runtime.evidence.annotations import annotate as write
    from pia_runtime.storage.capture_reader import open_capture

    open_capture(path)
    signer = chosen_signer(key)
    if signer is None:
        raise InputError("an annotation is signed, and there is no key", "make one with `pia key new`")
    for kind, text in asked:
        written = write(path, target, kind, text, signer)
        say(f"{kind} {written.id} signed by {written.by}")
    return 0


def _finding(path: Path, wanted: str) -> str:
    """The whole id of a finding of the present analysis.

    Raises:
        UsageError: there is none, or more than one.
    """
    from pia_runtime.errors import UsageError
    from pia_runtime.storage.analysis import analyse_capture
    from pia_runtime.storage.parallel import usable_cores

    document = analyse_capture(path, workers=usable_cores())
    found = [
        str(one["id"]) for one in document["findings"] if len(wanted) >= _SHORTEST and one["id"].startswith(wanted)
    ]
    if len(found) != 1:
        what = "is ambiguous" if found else "is no finding of this capture"
        raise UsageError(f"ID {wanted!r} {what}", "pia analyze CAPTURE --format json lists them")
    return found[0]


def _print(path: Path) -> int:
    from pia_runtime.evidence.annotations import read_annotations
    from pia_runtime.reports.escape import LONG, visible
    from pia_runtime.storage.capture_reader import open_capture

    open_capture(path)
    found = read_annotations(path)
    for one in found.standing:
        when = datetime.fromtimestamp(one.t_ns / 1e9, UTC).isoformat(timespec="seconds")
        sys.stdout.write(f"{one.id} {one.finding} {one.kind} {when} {one.by}: {visible(one.text, LONG)}\n")
    for number, what in found.faults:
        say(f"annotations.jsonl, line {number}: {what}")
    return 5 if found.faults else 0


_SHORTEST = 6
