"""``pia inspect``: many captures, one campaign."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pia_runtime.cli.options import say

if TYPE_CHECKING:
    from pia_runtime.campaign.engine import Engine
    from pia_runtime.campaign.manifest import Manifest


def inspect(
    places: Annotated[list[str], typer.Argument(metavar="CAPTURES…", help="Captures, folders of captures, or URLs.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="CAMPAIGN", help="Folder of the campaign.")],
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; default: one a processor.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Work on this Dask cluster (tcp://host:8786).")
    ] = None,
    cluster: Annotated[bool, typer.Option("--cluster", help="Work on a Dask cluster started on this machine.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> int:
    """Analyse every capture and gather the answers into one campaign.

    Only captures whose files changed, or all after a change of knowledge or program, are analysed again; stopped at any
    moment, the same command goes on. A broken capture is listed with its reason and stops nothing; the exit code is then 3.
    """
    from pia_runtime.campaign.inspection import inspect as inspect_captures
    from pia_runtime.campaign.sources import find_captures
    from pia_runtime.cli.progress import progress

    sources = find_captures(places, without=output)
    with _engine(workers, scheduler, cluster=cluster) as engine, progress(quiet=quiet) as report:
        inspected = inspect_captures(sources, output, engine, report)
    manifest = inspected.manifest
    broken = [entry for entry in manifest.captures if entry.broken]
    for entry in broken:
        say(f"pia: {entry.name}: {entry.broken}")
    if not quiet:
        _summary(manifest, inspected.analysed, output)
    return 3 if broken else 0


def _engine(workers: int | None, scheduler: str | None, *, cluster: bool) -> "Engine":
    from pia_runtime.campaign.engine import PoolEngine, SerialEngine
    from pia_runtime.errors import UsageError
    from pia_runtime.storage.parallel import usable_cores

    if scheduler and (cluster or workers):
        raise UsageError("--scheduler uses a cluster that runs already", "leave out --cluster and --workers")
    wanted = workers or usable_cores()
    if scheduler or cluster:
        from pia_runtime.campaign.dask_engine import DaskEngine

        return DaskEngine(scheduler, wanted)
    return SerialEngine() if wanted == 1 else PoolEngine(wanted)


def _summary(manifest: "Manifest", analysed: int, output: Path) -> None:
    good = [entry for entry in manifest.captures if not entry.broken]
    apps = {entry.app for entry in good}
    write = sys.stdout.write
    write(f"{len(good)} captures of {len(apps)} apps in {output}: {analysed} analysed now")
    write(f", {len(manifest.captures) - len(good)} broken\n" if len(good) < len(manifest.captures) else "\n")
    if manifest.changes:
        write(f"{len(manifest.changes)} findings judged differently since the last change of knowledge or program:\n")
    for change in manifest.changes[:20]:
        verdicts = f"{change.before or 'no finding'} → {change.after or 'no finding'}"
        write(
            f"  {change.capture}  {change.rule}  {change.data or ''}  {verdicts}  because of {', '.join(change.because)}\n"
        )
    if len(manifest.changes) > 20:
        write(f"  … and {len(manifest.changes) - 20} more in {output / 'campaign.json'}\n")
