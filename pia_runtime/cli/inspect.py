"""``pia inspect``: many captures, one campaign."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pia_runtime.cli.options import QuietOption, say

if TYPE_CHECKING:
    from pia_runtime.campaign.engine import Engine
    from pia_runtime.campaign.manifest import Manifest


def inspect(
    places: Annotated[
        list[str] | None, typer.Argument(metavar="CAPTURES…", help="Captures, folders of captures, or URLs.")
    ] = None,
    *,
    output: Annotated[Path, typer.Option("-o", "--out", metavar="CAMPAIGN", help="Folder of the campaign.")],
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; default: one a processor.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Work on this Dask cluster (tcp://host:8786).")
    ] = None,
    cluster: Annotated[bool, typer.Option("--cluster", help="Work on a Dask cluster started on this machine.")] = False,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            metavar="FILE",
            help="First make the captures by the device runs of this file.",
            show_default=False,
        ),
    ] = None,
    quiet: QuietOption = False,
) -> int:
    """Analyse every capture and gather the answers into one campaign.

    Only captures whose files changed, or all after a change of knowledge or program, are analysed again; stopped at any
    moment, the same command goes on. A broken capture is listed with its reason and stops nothing; the exit code is then 3.

    With --plan the captures are made first, unattended, below CAMPAIGN.captures (or the one folder that is named): each run in a
    process of its own, tried again where it failed, the device restored after it. Runs that never ended well are listed; the
    exit code is then 4 unless a capture was broken.
    """
    from pia_runtime.campaign.inspection import inspect as inspect_captures
    from pia_runtime.campaign.sources import find_captures
    from pia_runtime.cli.progress import progress
    from pia_runtime.errors import UsageError

    failed = 0
    if plan is not None:
        places = [str(_captures_of(places, output))]
        failed = _run_plan(plan, Path(places[0]))
    if not places:
        raise UsageError("no captures were named", "name captures or folders, or give --plan FILE")
    sources = find_captures(places, without=output)
    with _engine(workers, scheduler, cluster=cluster) as engine, progress() as report:
        inspected = inspect_captures(sources, output, engine, report)
    manifest = inspected.manifest
    broken = [entry for entry in manifest.captures if entry.broken]
    for entry in broken:
        say(f"pia: {entry.name}: {entry.broken}")
    _summary(manifest, inspected.analysed, output)
    return 3 if broken else 4 if failed else 0


def _captures_of(places: list[str] | None, output: Path) -> Path:
    """Where a plan's captures are made: the one folder that was named, or one beside the campaign."""
    from pia_runtime.campaign.sources import is_url
    from pia_runtime.errors import UsageError

    if places and (len(places) > 1 or is_url(places[0])):
        raise UsageError("--plan makes captures below one folder", "name one folder of this machine, or none")
    return Path(places[0]) if places else output.with_name(f"{output.name}.captures")


def _run_plan(file: Path, captures: Path) -> int:
    """Do the runs and list those that never ended well; returns how many."""
    from pia_runtime.campaign.plan import read_plan
    from pia_runtime.campaign.planned import run_plan
    from pia_runtime.cli.progress import progress

    with progress() as report:
        failed = run_plan(read_plan(file), captures, report)
    for one in failed:
        say(f"pia: {one.run}: {one.ended} on {one.device or 'no device'}: {one.said or f'exit code {one.code}'}")
    return len(failed)


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
