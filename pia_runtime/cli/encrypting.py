"""``pia encrypt`` and ``pia decrypt``: captures that only their recipients open."""

from pathlib import Path
from typing import Annotated

import typer

from pia_runtime.cli.options import CapturePath, say

RecipientOption = Annotated[
    list[str] | None,
    typer.Option(
        "--encrypt",
        metavar="RECIPIENT",
        help="After the run keep it only encrypted with age: age1…, a public SSH key, or a file of them; may be repeated.",
        show_default=False,
    ),
]


def encrypt(
    path: CapturePath,
    recipients: Annotated[
        list[str],
        typer.Argument(
            metavar="RECIPIENT...", help="age1…, a public SSH key, or a file with one a line.", show_default=False
        ),
    ],
) -> None:
    """Put a capture into CAPTURE.tar.age, which only the recipients open, and remove the folder."""
    from pia_runtime.evidence.encrypting import encrypt_capture, read_recipients
    from pia_runtime.storage.capture_reader import open_capture

    found = read_recipients(recipients)
    open_capture(path)  # refuses what is no capture before anything is removed
    say(f"encrypted into {encrypt_capture(path, found)}; the folder is removed")


def decrypt(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="What pia encrypted (.tar.age).", show_default=False)],
    identity: Annotated[
        Path,
        typer.Option(
            "--identity", "-i", metavar="FILE", help="Identity of age-keygen or ssh-keygen.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Capture folder to create.", show_default=False)],
) -> None:
    """Restore an encrypted capture into a new folder, readable by you alone. The encrypted file stays."""
    from pia_runtime.evidence.encrypting import decrypt_capture, read_identities

    decrypt_capture(source, read_identities(identity), out)
    say(f"decrypted into {out}")
