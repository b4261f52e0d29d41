"""What the program costs, in one table: ``python benchmarks/limits.py [--only NAME …] [--quick] [--picture FILE.svg]``.

Runs every benchmark that says figures (``figures.py``), one after the other, and prints them with the facts of this machine;
``--picture`` draws the growth curves. ``--quick`` takes smaller sizes, to see that everything runs. The whole takes about half an
hour on two cores; nothing else should run meanwhile.
"""

import argparse
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from figures import parse

HERE = Path(__file__).parent
_COLUMNS = 3


@dataclass(frozen=True)
class Job:
    """One benchmark: its name, its command, and what makes it small."""

    name: str
    command: tuple[str, ...]
    quick: tuple[str, ...]


JOBS = (
    Job("start-up", ("start_up.py",), ("start_up.py",)),
    Job(
        "ordinary",
        ("analyze_vs_mitmdump.py", "--flows", "20000"),
        ("analyze_vs_mitmdump.py", "--flows", "1500", "--rounds", "1"),
    ),
    Job(
        "hidden",
        ("analyze_vs_mitmdump.py", "--flows", "20000", "--hidden-every", "10"),
        ("analyze_vs_mitmdump.py", "--flows", "1500", "--hidden-every", "10", "--rounds", "1"),
    ),
    Job("memory", ("memory_growth.py",), ("memory_growth.py", "--sizes", "20", "60")),
    Job("live", ("live_detection.py",), ("live_detection.py", "--requests", "300")),
    Job("Java hooks", ("java_hooks.py",), ("java_hooks.py", "--calls", "20000")),
    Job("C hooks", ("native_hooks.py",), ("native_hooks.py",)),
    Job("judgement", ("judgement.py",), ("judgement.py", "--events", "20000", "--captures", "20", "--rounds", "1")),
    Job("consent order", ("consent_order.py", "--runs", "10000"), ("consent_order.py", "--runs", "100")),
    Job("evidence", ("evidence_cost.py",), ("evidence_cost.py", "--megabytes", "64", "--rounds", "1")),
    Job("page", ("timeline_page.py", "--marks", "10000"), ("timeline_page.py", "--marks", "1000", "--rounds", "1")),
    Job("large page", ("timeline_page.py",), ("timeline_page.py", "--marks", "5000", "--rounds", "1")),
    Job("campaign", ("campaign.py",), ("campaign.py", "--captures", "24")),
)


def facts() -> list[str]:
    """What machine this is."""
    cpu = next(
        (line.partition(":")[2].strip() for line in lines_of("/proc/cpuinfo") if line.startswith("model name")),
        "unknown",
    )
    memory = next(
        (int(line.split()[1]) // 1024 for line in lines_of("/proc/meminfo") if line.startswith("MemTotal")), 0
    )
    return [
        f"{cpu}, {os.cpu_count()} processors, {memory} MiB",
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
    ]


def lines_of(path: str) -> list[str]:
    """Lines of a file of the system, none where it has none."""
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def run(command: tuple[str, ...]) -> tuple[list[list[str]], list[list[str]], int]:
    """Figures and points that a benchmark says, and its exit code; what else it prints passes through."""
    figures: list[list[str]] = []
    points: list[list[str]] = []
    process = subprocess.Popen([sys.executable, *command], cwd=HERE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        said = parse(line.rstrip("\n"))
        if said is None:
            sys.stderr.write(f"  {line}")
        elif said[0] == "figure":
            figures.append(said[1])
        else:
            points.append(said[1])
    return figures, points, process.wait()


def draw(points: list[list[str]], file: Path) -> None:
    """The growth curves, one small plot each."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "pia_runtime"
    from matplotlib import pyplot as plt
    from matplotlib.ticker import EngFormatter, MaxNLocator

    curves = list(dict.fromkeys(point[0] for point in points))
    rows = -(-len(curves) // _COLUMNS)
    _, grid = plt.subplots(rows, _COLUMNS, figsize=(4 * _COLUMNS, 2.8 * rows), squeeze=False, layout="constrained")
    plots = list(grid.flat)
    for unused in plots[len(curves) :]:
        unused.axis("off")
    for plot, curve in zip(plots, curves, strict=False):
        xs, ys = zip(*[(float(x), float(y)) for name, x, y in points if name == curve], strict=True)
        title, _, axes = curve.partition(": ")
        plot.plot(xs, ys, marker="o")
        plot.set_title(title, fontsize=10)
        plot.set_xlabel(axes.partition(", ")[0])
        plot.set_ylabel(axes.partition(", ")[2])
        plot.set_xlim(left=0)
        plot.set_ylim(0, max(ys) * 1.15)
        plot.xaxis.set_major_locator(MaxNLocator(5))
        plot.xaxis.set_major_formatter(EngFormatter(sep=" "))
        plot.grid(alpha=0.3)
    plt.savefig(file, metadata={"Date": None})


def main() -> None:
    """Run, print the table, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="+", choices=[job.name for job in JOBS], metavar="NAME", help=", ".join(j.name for j in JOBS)
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg")
    asked = parser.parse_args()
    print("\n".join(facts()))
    print("\n| benchmark | figure | value | | goal |\n|---|---|---|---|---|", flush=True)
    points: list[list[str]] = []
    failed: list[str] = []
    for job in JOBS:
        if asked.only and job.name not in asked.only:
            continue
        figures, grown, code = run(job.quick if asked.quick else job.command)
        points += grown
        failed += [job.name] if code else []
        for name, value, unit, goal in figures:
            print(f"| {job.name} | {name} | {value} | {unit} | {goal} |", flush=True)
    if asked.picture and points:
        draw(points, asked.picture)
    if failed:
        raise SystemExit(f"ended with an error: {', '.join(failed)}")


if __name__ == "__main__":
    main()
