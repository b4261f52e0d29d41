"""``pia profile`` and ``pia plant``: what a device knows of its person, and what a test puts there."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pia_runtime.cli.device import DeviceOption
from pia_runtime.cli.options import say, write_result

OutOption = Annotated[
    Path,
    typer.Option("-o", "--out", help="identifiers.json to write; one that is there is added to. - is stdout."),
]
STDOUT = Path("-")


def profile(
    device: DeviceOption = None,
    package: Annotated[
        str | None,
        typer.Option(
            "--package", help="The app whose own Android id is meant (Android 8 and later).", show_default=False
        ),
    ] = None,
    out: OutOption = STDOUT,
) -> int:
    """Read what the device itself says of its identifiers, Wi-Fi, accounts, position and apps, for pia capture --identifiers.

    What the device does not give is told with its reason and never made up.
    """
    from pia_runtime.device.connection import Connection, choose_device
    from pia_runtime.device.profile import read_profile
    from pia_runtime.device.root import find_root

    connection = Connection(choose_device(device))
    connection.root = find_root(connection)
    read = read_profile(connection, package)
    for name, why in read.refused.items():
        say(f"not given: {name}: {why}")
    _write(read.entries, out)
    say(f"{len(read.entries)} values of {len({entry['id'] for entry in read.entries})} kinds")
    return 0


def plant(
    kinds: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KIND]…",
            help="contacts, sms, call_log, calendar, photo, location [default: all].",
            show_default=False,
        ),
    ] = None,
    device: DeviceOption = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take back everything that was planted.")] = False,
    out: OutOption = STDOUT,
) -> int:
    """Plant a made-up person's contact, message, call, appointment, photo and position, all marked PIA-PLANTED.

    What cannot be planted is told, and the rest is. Exit code 4 if nothing could be, or something could not be removed.
    """
    from pia_runtime.device.connection import Connection, choose_device
    from pia_runtime.device.journal import Journal
    from pia_runtime.device.planting import KINDS, Person, entries_of, plant_step
    from pia_runtime.device.preparation import do_step
    from pia_runtime.device.restoring import restore
    from pia_runtime.device.root import find_root
    from pia_runtime.device.state_folder import state_folder
    from pia_runtime.errors import NotReadyError, UsageError

    wanted = kinds or list(KINDS)
    if unknown := [kind for kind in wanted if kind not in KINDS]:
        raise UsageError(f"{unknown[0]!r} cannot be planted", f"choose of {', '.join(KINDS)}")
    connection = Connection(choose_device(device))
    connection.root = find_root(connection)
    journal = Journal(connection.serial, state_folder() / "planted")
    with journal.locked():
        if remove:
            remains = restore(connection, journal, say)
            say(f"{len(remains)} things are left" if remains else "nothing planted is left")
            return 4 if remains else 0
        planted: list[str] = []
        for kind in wanted:
            try:
                do_step(connection, plant_step(kind, Person()), journal, say)
                planted.append(kind)
            except NotReadyError as error:
                say(f"  ! {kind}: {error}")
    _write(entries_of(Person(), planted), out)
    say("take it back with: pia plant --remove")
    return 0 if planted else 4


def _write(entries: list[dict[str, Any]], out: Path) -> None:
    """Write, or add to, an ``identifiers.json`` of the contract's form (mode 0600)."""
    import orjson

    from pia_runtime.model.session import Identifiers
    from pia_runtime.storage.capture_reader import read_identifiers

    known: list[dict[str, Any]] = []
    if out != STDOUT and out.exists():
        known = [entry.model_dump(mode="json", exclude_unset=True) for entry in read_identifiers(out).identifiers]
    document = {
        "schema": "pia.identifiers/1",
        "identifiers": known + [entry for entry in entries if entry not in known],
    }
    Identifiers.model_validate(document)
    write_result(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE), out)
