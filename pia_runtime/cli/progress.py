"""A bar on stderr while captures are worked through; nothing where stderr is no terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pia_runtime.cli.options import is_quiet

_STEPS = {
    "fingerprint": "reading",
    "analyse": "analysing",
    "gather": "gathering",
    "compare": "comparing",
    "run": "running",
}


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """What to tell of a step's progress: its name, how many are done, of how many."""
    if is_quiet() or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, int] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(_STEPS.get(step, step), total=total)
            bar.update(tasks[step], completed=done, total=total)  # type: ignore[arg-type]

        yield report


@contextmanager
def working(step: str) -> Iterator[None]:
    """A spinner with the time gone by on stderr while something of unknown length is worked through; nothing when piped."""
    if is_quiet() or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar.add_task(step, total=None)
        yield
