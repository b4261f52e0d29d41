"""Are verdicts ever wrong? ``python benchmarks/consent_order.py [--runs 10000] [--seed 0] [--jobs 2]``.

Each run is simulated with its truth (``simulated_run.py``), written as a capture folder, analysed as ``pia analyze`` does it,
and compared: a verdict, phase, margin, host time or consent interval that the truth contradicts is printed with the number of its
run, and ends the benchmark with exit code 1. Undecided verdicts are counted by whether some true gap lies inside the true errors.
"""

import argparse
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from figures import figure
from simulated_run import BASE, MOST_DRIFT, Instant, Run, tied

from pia_runtime.storage.analysis import analyse_capture


def check(seed: int) -> tuple[Counter[str], list[str]]:
    """What came of one run: counts, and what was wrong."""
    run = Run.of(seed)
    with tempfile.TemporaryDirectory() as folder:
        run.write(Path(folder) / "capture")
        document = analyse_capture(Path(folder) / "capture")
    counts: Counter[str] = Counter(runs=1)
    wrong: list[str] = []
    found = {(d["event"], d["flow"]): d for d in document["detections"]}
    for instant in run.instants:
        key = (None, instant.flow) if instant.mark is None else (instant.seq, None)
        if key not in found:
            wrong.append(f"run {seed}: {key} was not detected")
            continue
        wrong += [f"run {seed}: {key}: {text}" for text in _faults(run, instant, found[key], counts)]
    wrong += [f"run {seed}: {text}" for text in _interval_faults(run, document["consent"])]
    return counts, wrong


def _faults(run: Run, instant: Instant, found: dict[str, Any], counts: Counter[str]) -> list[str]:
    phase, verdict = run.truth(instant)
    counts[found["verdict"]] += 1
    if tied(run, instant):
        counts["tied"] += 1
        return []
    faults = []
    if found["verdict"] not in (verdict, "indeterminate"):
        faults.append(f"verdict {found['verdict']}, truly {verdict} ({phase})")
    if found["verdict"] == "indeterminate" != verdict:
        if run.excused(instant):
            counts["indeterminate, forced by the errors"] += 1
        else:
            counts["indeterminate, needless"] += 1
            if "-v" in sys.argv:
                print(f"run {run.seed}: needlessly undecided: {instant}")
    if found["phase"] not in (phase, "unknown") and phase != "unknown":
        faults.append(f"phase {found['phase']}, truly {phase}")
    if found["err_ns"] is not None and abs(found["t_ns"] - BASE - instant.at) > found["err_ns"] + 1:
        faults.append(f"host time off by {found['t_ns'] - BASE - instant.at} ns, said ± {found['err_ns']}")
    return faults + _margin_faults(run, instant, found)


def _margin_faults(run: Run, instant: Instant, found: dict[str, Any]) -> list[str]:
    """The margin is the distance to some true boundary, within its error."""
    if found["margin_ns"] is None:
        return []
    true = [abs(act.at - instant.at) for acts in run.matching(instant).values() for act in acts]
    if any(
        abs(distance - found["margin_ns"]) <= found["margin_err_ns"] + 1 + 2 * MOST_DRIFT * distance
        for distance in true
    ):
        return []
    return [f"margin {found['margin_ns']} ± {found['margin_err_ns']}, truly {sorted(true)}"]


def _interval_faults(run: Run, intervals: list[dict[str, Any]]) -> list[str]:
    """Every interval starts at a true act of its scope and kind, within its error; every act has an interval."""
    faults = []
    for item in intervals:
        acts = [act for act in run.acts if act.scope == item["scope"] and act.kind == item["state"]]
        error = item["from_err_ns"]
        if not acts or (error is not None and all(abs(BASE + a.at - item["from_ns"]) > error + 1 for a in acts)):
            faults.append(f"{item['scope']} {item['state']} from {item['from_ns']} ± {error} is no true act")
    said = Counter((item["scope"], item["state"]) for item in intervals)
    true = Counter({(act.scope, act.kind) for act in run.acts})
    return faults + [f"no interval for {act}" for act in true if not said[act]]


def main() -> int:
    """Simulate, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("-v", action="store_true", help="print what was needlessly left undecided")
    asked = parser.parse_args()
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    seeds = range(asked.seed, asked.seed + asked.runs)
    if asked.jobs == 1:
        results = map(check, seeds)
        for some, faults in results:
            counts += some
            wrong += faults
    else:
        with ProcessPoolExecutor(asked.jobs) as pool:
            for some, faults in pool.map(check, seeds, chunksize=50):
                counts += some
                wrong += faults
    for name, number in sorted(counts.items()):
        print(f"{number:9,}  {name}")
    print(f"{len(wrong):9,}  wrong")
    figure(f"wrong verdicts in {asked.runs} simulated runs", len(wrong), goal="0")
    print("\n".join(wrong[:50]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
