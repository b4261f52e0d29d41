"""``pia purge``: retention by age."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pia_runtime.cli.options import say


def purge(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="Folders that hold captures.", show_default=False)
    ],
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="AGE", help="For instance 90d, 12h, 8w.", show_default=False)
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be deleted.")] = False,
) -> None:
    """Delete captures whose run ended longer ago than AGE, and record what was deleted in purged.jsonl beside them.

    The record holds names, times, sizes and the digest of the seal, no captured value. Encrypted captures (.tar.age) count from
    their file's date.
    """
    import time

    from pia_runtime.evidence.purging import find_old, parse_age
    from pia_runtime.evidence.purging import purge as delete
    from pia_runtime.reports.escape import visible

    age = parse_age(older_than)
    deleted = kept = 0
    for folder in folders:
        old, young = find_old(folder, age, time.time_ns())
        kept += young
        for one in old:
            if not dry_run:
                delete(one, older_than)
            deleted += 1
            sys.stdout.write(f"{visible(str(one.path), 400)}\n")
    say(f"{deleted} captures {'would be ' if dry_run else ''}deleted, {kept} kept")
