"""``pia seal``: a capture becomes evidence."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pia_runtime.cli.options import CapturePath, say

if TYPE_CHECKING:
    from pia_runtime.evidence.keys import Signer

KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="KEY",
        help="The tester's private key: a file (PEM, OpenSSH) or a name of `pia key` [default: the key 'default'].",
        show_default=False,
    ),
]
TimestampOption = Annotated[
    str, typer.Option("--timestamp", metavar="URL", help="Have an RFC 3161 authority date the seal.")
]

SealOption = Annotated[
    bool,
    typer.Option(
        "--seal/--no-seal", help="Seal the capture when the run is over (`pia declare` comes before sealing)."
    ),
]


def seal(
    path: CapturePath,
    key: KeyOption = None,
    sign: Annotated[bool, typer.Option("--sign/--no-sign", help="Sign with the tester's key.")] = True,
    timestamp: TimestampOption = "",
) -> int:
    """Seal a capture: digests of its files, its chain, its analysis; signed, and dated where asked.

    A sealed capture can be sealed again to add a signature or a time stamp; what is sealed does not change. A recording that was
    cut off is sealed as not closed.
    """
    from pia_runtime.storage.analysis import analyse_capture, write_analysis
    from pia_runtime.storage.parallel import usable_cores

    signer = chosen_signer(key, without=None if sign else "--no-sign")
    document = analyse_capture(path, workers=usable_cores())
    write_seal(path, document, signer, timestamp)
    write_analysis(path, document)
    return 0


def write_seal(path: Path, document: dict[str, Any], signer: "Signer | None", timestamp: str = "") -> None:
    """Seal and say so on standard error."""
    from pia_runtime.evidence.keys import fingerprint
    from pia_runtime.evidence.sealing import seal_capture

    evidence = seal_capture(path, document, signer, timestamp)
    state = {True: "closed", False: "not closed: the recording was cut off", None: "recorded without a chain"}
    say(f"sealed {path}: {evidence.sealed['counts']['files']} files, {state[evidence.sealed['closed']]}")
    say(f"signed by {fingerprint(signer.public)}" if signer else "not signed: make a key with `pia key new`")


def chosen_signer(key: str | None, without: str | None = None) -> "Signer | None":
    """The key named, or the one called ``default``, or None where there is none.

    Args:
        key: what ``--key`` was given.
        without: the option by which nothing is to be signed, or None.

    Raises:
        UsageError: a key was named all the same.
        InputError: the key named cannot be read or opened.
    """
    from pia_runtime.errors import UsageError
    from pia_runtime.evidence.keys import default_key, load_signer

    if without is not None:
        if key:
            raise UsageError(f"--key has no meaning with {without}", "leave one of them out")
        return None
    path = key or default_key()
    return load_signer(str(path), ask_passphrase) if path else None


def ask_passphrase(name: str) -> str:
    """The passphrase of a key, from ``PIA_KEY_PASSPHRASE`` or the terminal.

    Raises:
        InputError: there is neither.
    """
    import os
    import sys

    from pia_runtime.errors import InputError

    given = os.environ.get("PIA_KEY_PASSPHRASE")
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise InputError(f"{name}: the key has a passphrase", "set PIA_KEY_PASSPHRASE or run in a terminal")
    import getpass

    return getpass.getpass(f"passphrase of {name}: ")
