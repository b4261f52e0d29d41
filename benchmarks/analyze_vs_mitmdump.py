"""``pia analyze`` against ``mitmdump -nr``: the whole analysis beside only reading the file.

``python benchmarks/analyze_vs_mitmdump.py [CAPTURE] [--flows 20000] [--hidden-every 10]``. The two commands take turns; wall
time, peak memory and the median ratio are printed, and how many of the planted identifiers the analysis named (the recall
gate: speed that loses findings is worth nothing). Without CAPTURE the corpus is made for the occasion.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from corpus import make_corpus
from figures import figure

BIN = Path(sys.executable).parent
KIB = 1024


def run(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak RSS in MB of one command; its output is not wanted.

    Raises:
        SystemExit: the command failed.
    """
    with tempfile.TemporaryFile() as stderr:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr)
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            stderr.seek(0)
            said = stderr.read()[-500:].decode(errors="replace")
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {said}")
    return took, usage.ru_maxrss * KIB / 1e6


def recall(capture: Path, truth: Path) -> str:
    """How many of the planted identifiers stand in the analysis, by flow and kind of data."""
    analysis = json.loads((capture / "derived" / "analysis.json").read_bytes())
    found = {(d.get("flow"), d["data"]) for d in analysis["detections"]}
    planted = {(line["flow"], line["data"]) for line in map(json.loads, truth.read_text().splitlines())}
    missed = sorted(planted - found)
    return f"planted identifiers found: {len(planted) - len(missed)} of {len(planted)}" + (
        f"; first missed: {missed[:3]}" if missed else ""
    )


def main() -> None:
    """Make the corpus if needed, run both in turn and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capture", type=Path, nargs="?", help="capture folder made by corpus.py")
    parser.add_argument("--flows", type=int, default=20_000)
    parser.add_argument("--hidden-every", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        capture = asked.capture or Path(folder) / "corpus"
        if asked.capture is None:
            make_corpus(capture, asked.flows, asked.hidden_every, 1)
        file = capture / "flows.mitm"
        print(f"{file.stat().st_size / 1e6:.0f} MB of flows")
        analyze = [str(BIN / "pia"), "analyze", str(capture), "--format", "json"]
        dump = [str(BIN / "mitmdump"), "-nr", str(file), "--set", f"confdir={folder}"]
        rounds = [(run(analyze), run(dump)) for _ in range(asked.rounds)]
        for name, column in zip(("pia analyze", "mitmdump -nr"), zip(*rounds, strict=True), strict=True):
            walls, peaks = zip(*column, strict=True)
            print(f"{name:13} {statistics.median(walls):7.2f} s  peak {max(peaks):6.0f} MB")
        ratio = statistics.median(ours[0] / theirs[0] for ours, theirs in rounds)
        figure(
            f"pia analyze ÷ mitmdump -nr, {file.stat().st_size / 1e6:.0f} MB of flows", ratio, goal="≤ 0.5, aim 0.25"
        )
        truth = capture.parent / f"{capture.name}.truth.jsonl"
        if truth.is_file():
            print(recall(capture, truth))


if __name__ == "__main__":
    main()
