"""``pia verify``: is this capture what was recorded and sealed, and does it still give its findings."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pia_runtime.cli.options import CapturePath, WorkersOption


class Format(StrEnum):
    """How the result is printed."""

    table = "table"
    json = "json"


def verify(
    path: CapturePath,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say of each changed finding which knowledge entry accounts for it.")
    ] = False,
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="KEY",
            help="The key that must have signed: a public key, its file, its fingerprint, or a name of `pia key`.",
            show_default=False,
        ),
    ] = None,
    tsa_certificate: Annotated[
        Path | None,
        typer.Option(
            "--tsa-certificate", metavar="FILE", help="Certificates of the time-stamp authority.", show_default=False
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.table,
    workers: WorkersOption = None,
) -> int:
    """Check files, chain, signature and time stamp, and derive every sealed finding again from the files.

    Exit code 0: whole, signed, and every sealed finding is found again. 5: a file, the chain, the signature or the stamp is not
    what it was. 6: whole, but not signed, not sealed or not closed. 7: the files no longer give what was sealed. Writes nothing;
    needs neither a device nor Frida nor the network. docs/evidence.md says what this proves and what it does not.
    """
    from pia_runtime.cli.progress import working
    from pia_runtime.evidence.keys import kept_keys, wanted_fingerprint
    from pia_runtime.evidence.stamps import read_authority
    from pia_runtime.evidence.verification import verify_capture
    from pia_runtime.pipeline import document_bytes
    from pia_runtime.reports.verification import verification_document, verification_lines
    from pia_runtime.storage.parallel import usable_cores

    expected = wanted_fingerprint(key) if key else None
    authority = read_authority(tsa_certificate) if tsa_certificate else None
    with working("verifying"):
        result = verify_capture(path, expected_key=expected, authority=authority, workers=workers or usable_cores())
    if format_ is Format.json:
        sys.stdout.buffer.write(document_bytes(verification_document(result, kept_keys())))
    else:
        lines = verification_lines(result, kept_keys(), explain=explain)
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    return result.exit_code
