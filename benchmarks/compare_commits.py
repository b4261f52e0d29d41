"""Is the program slower than it was? ``python benchmarks/compare_commits.py BEFORE [AFTER] [--limit 1.15]``.

Checks both commits out beside each other, lets them take turns at the same work (a capture of many flows, a small capture,
start-up) in one run, and prints the median ratio AFTER ÷ BEFORE of CPU time for each. Exits 1 where one is above the limit.
AFTER is HEAD where it is left out. Both run with the installed packages of this environment.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from campaign_captures import make_captures
from corpus import make_corpus
from figures import figure

ROOT = Path(__file__).parents[1]
PIA = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()"]


def checked_out(commit: str, folder: Path) -> Path:
    """The tree of a commit. Raises CalledProcessError for a name that git does not know."""
    folder.mkdir()
    archive = subprocess.run(
        ["git", "archive", "--format=tar", commit], cwd=ROOT, check=True, capture_output=True
    ).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    return folder


def seconds(tree: Path, arguments: list[str]) -> float:
    """CPU seconds, own and of its children, of one command of that tree's program."""
    before = os.times()
    subprocess.run(
        [*PIA, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
    )  # fmt: skip
    after = os.times()
    return (after.children_user - before.children_user) + (after.children_system - before.children_system)


def ratio(trees: tuple[Path, Path], arguments: list[str], rounds: int) -> float:
    """Median of AFTER ÷ BEFORE over rounds in which the two take turns."""
    for tree in trees:
        seconds(tree, arguments)  # the first run compiles
    ratios = []
    for turn in range(rounds):
        first, second = trees if turn % 2 == 0 else trees[::-1]
        taken = {first: seconds(first, arguments), second: seconds(second, arguments)}
        ratios.append(taken[trees[1]] / taken[trees[0]])
    return statistics.median(ratios)


def main() -> None:
    """Check out, take turns, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after", nargs="?", default="HEAD")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--flows", type=int, default=4000)
    parser.add_argument("--limit", type=float, default=1.15)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        trees = (checked_out(asked.before, work / "before"), checked_out(asked.after, work / "after"))
        make_corpus(work / "flows", asked.flows, hidden_every=10, seed=1)
        make_captures(work / "small", 6, seed=1)
        jobs = {
            "analysis of many flows": ["analyze", str(work / "flows"), "--format", "json"],
            "analysis of a small capture": ["analyze", str(work / "small" / "app0000" / "v1-run2"), "--format", "json"],
            "start-up": ["--help"],
        }
        slow = []
        for name, arguments in jobs.items():
            found = ratio(trees, arguments, asked.rounds)
            figure(f"{name}: after ÷ before", found, goal=f"≤ {asked.limit}")
            slow += [name] if found > asked.limit else []
    if slow:
        raise SystemExit(f"slower than {asked.limit} times: {', '.join(slow)}")


if __name__ == "__main__":
    main()
