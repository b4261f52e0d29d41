"""``pia key``: the tester's keys."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pia_runtime.cli.options import say

app = typer.Typer(help="The tester's keys, which sign seals and annotations.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the key.")]


@app.command("new")
def new(
    name: Name = "default",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write it here instead of the user's configuration.", show_default=False
        ),
    ] = None,
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Encrypt it with a passphrase (asked, or PIA_KEY_PASSPHRASE).")
    ] = False,
) -> None:
    """Make an Ed25519 key and print its fingerprint.

    The private key is PEM (PKCS #8) with mode 0600, the public one beside it (.pub) a line as OpenSSH writes it.
    """
    from pia_runtime.evidence.keys import fingerprint, named_key, new_key

    target = out or named_key(name)
    public = new_key(target, _new_passphrase() if passphrase else "")
    say(f"private key: {target}; who knows your fingerprint can check what you sign")
    sys.stdout.write(f"{fingerprint(public)}\n")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="KEY", help="Name or file of a key, or a public key.")] = "default",
) -> None:
    """Print a key's fingerprint."""
    from pia_runtime.evidence.keys import wanted_fingerprint

    sys.stdout.write(f"{wanted_fingerprint(name)}\n")


@app.command("list")
def list_keys() -> None:
    """Print fingerprint and name of the keys kept here, one's own and the public ones of others."""
    from pia_runtime.evidence.keys import kept_keys, key_folder

    found = kept_keys()
    for fingerprint, name in found.items():
        sys.stdout.write(f"{fingerprint} {name}\n")
    if not found:
        say(f"no keys in {key_folder()}; make one with `pia key new`")


def _new_passphrase() -> str:
    """Asked twice, so that a slip does not lock the key for ever.

    Raises:
        UsageError: the two differ, or nothing was given.
    """
    import getpass
    import os

    from pia_runtime.errors import UsageError

    given = os.environ.get("PIA_KEY_PASSPHRASE")
    if given is None:
        if not sys.stdin.isatty():
            raise UsageError("--passphrase: nobody can be asked", "set PIA_KEY_PASSPHRASE or run in a terminal")
        given = getpass.getpass("passphrase: ")
        if getpass.getpass("again: ") != given:
            raise UsageError("the two passphrases differ", "try again")
    if not given:
        raise UsageError("an empty passphrase protects nothing", "leave out --passphrase")
    return given
