"""Does memory grow with the capture? ``python benchmarks/memory_growth.py [--sizes 100 300 1000 2000]`` (MB of flows).

Analyses captures of growing size and samples the memory of all its processes together (proportional set size, so that pages they
share count once). Prints a point a size, and the largest of all.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from corpus import make_corpus
from figures import figure, point

PIA = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()"]
FLOWS_PER_MB = 62
EVERY_S = 0.2


def proportional_mb(process: psutil.Process) -> float:
    """Memory of a process and its children in MB; those that end meanwhile count nothing."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 1e6


def peak_of(command: list[str]) -> tuple[float, float]:
    """Peak memory in MB of a command with all its processes, and its wall seconds."""
    start, peak = time.perf_counter(), 0.0
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    watched = psutil.Process(running.pid)
    while running.poll() is None:
        try:
            peak = max(peak, proportional_mb(watched))
        except psutil.Error:
            break
        time.sleep(EVERY_S)
    if running.wait():
        raise SystemExit(f"{' '.join(command)} ended with {running.returncode}")
    return peak, time.perf_counter() - start


def main() -> None:
    """Make, analyse and print each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 300, 1000, 2000], metavar="MB")
    asked = parser.parse_args()
    peaks = []
    for size in asked.sizes:
        with tempfile.TemporaryDirectory() as folder:
            capture = Path(folder) / "corpus"
            flows = make_corpus(capture, size * FLOWS_PER_MB, hidden_every=0, seed=1) / 1e6
            peak, wall = peak_of([*PIA, "analyze", str(capture), "--format", "json"])
        point("memory of the analysis: MB of flows, MB", flows, peak)
        point("time of the analysis: MB of flows, s", flows, wall)
        peaks.append(peak)
    figure(f"peak memory of the analysis at {asked.sizes[-1]} MB of flows", peaks[-1], "MB, all processes", "≤ 600 MB")
    figure(f"the same ÷ that at {asked.sizes[0]} MB", peaks[-1] / peaks[0], goal="does not grow with the file")


if __name__ == "__main__":
    main()
