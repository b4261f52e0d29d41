"""``pia export``: a copy to hand on."""

from pathlib import Path
from typing import Annotated

import typer

from pia_runtime.cli.options import CapturePath, say
from pia_runtime.cli.seal import KeyOption, chosen_signer


def export(
    path: CapturePath,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the copy to create.", show_default=False)],
    mask: Annotated[bool, typer.Option("--mask", help="Show the ends of values, as reports do (the default).")] = False,
    pseudonymise: Annotated[
        bool,
        typer.Option("--pseudonymise", help="Show the same name everywhere for the same value, for instance imei-1."),
    ] = False,
    everything: Annotated[
        bool,
        typer.Option("--all-content", help="Take out every body, message and query, also readable and clean ones."),
    ] = False,
    key: KeyOption = None,
    sign: Annotated[bool, typer.Option("--sign/--no-sign", help="Sign the copy with your key.")] = True,
) -> int:
    """Copy a capture without its personal values, still verifiable, to hand it on.

    In the copy: who read what and when, who was talked to and when, the analysis with its detection and finding ids, a list of
    everything that was taken out with keyed commitments, the digest of the original's seal, and a seal of its own
    (pia verify). Not in it: values, arguments, answers, cookies, screenshots, UI trees, keys. The copy is searched with the
    detector before it is given out. commitment.key is never copied; who has it can check values: pia commitment check.
    """
    from pia_runtime.errors import UsageError
    from pia_runtime.evidence.exporting import export_capture
    from pia_runtime.evidence.keys import fingerprint
    from pia_runtime.storage.parallel import usable_cores

    if mask and pseudonymise:
        raise UsageError("--mask and --pseudonymise exclude each other", "give one")
    signer = chosen_signer(key, without=None if sign else "--no-sign")
    done = export_capture(
        path, out, pseudonyms=pseudonymise, everything=everything, signer=signer, workers=usable_cores()
    )
    say(f"{done.path}: {done.redactions} redactions (redactions.jsonl), {len(done.left_out)} files left out")
    say(f"signed by {fingerprint(signer.public)}" if signer else "not signed: make a key with `pia key new`")
    say(f"next: pia verify {done.path}")
    return 0
