"""``pia inspect`` of many captures: serial ÷ pool ÷ Dask, truth, kills: ``python benchmarks/campaign.py [--captures 1000]``.

Makes captures with known truth and inspects them by one process, by a pool and by a Dask cluster of separate processes, one
of whose workers is killed in mid-run. Prints wall time and ratios, the peak memory of the coordinating process, whether all
campaigns hold the same bytes, also after ten kills of a run and its resumption, whether the report equals the truth, and
whether the comparison with a later build finds every planted change. Exits 1 where a byte or a fault differs.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from campaign_captures import RULE_ENDS, expected_states, make_captures
from figures import figure

KIB = 1024
PIA = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()"]
KILLS = 10


def inspect(captures: Path, campaign: Path, *options: str) -> tuple[float, float]:
    """Wall seconds, and peak memory in MB of the largest process; the coordinating one is no larger."""
    start = time.perf_counter()
    process = subprocess.Popen([*PIA, "inspect", str(captures), "-o", str(campaign), "--quiet", *options])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"pia inspect {' '.join(options)} ended with {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss * KIB / 1e6


def files(campaign: Path) -> dict[str, bytes]:
    """Everything that a campaign consists of."""
    paths = (path for path in campaign.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(campaign).as_posix(): path.read_bytes() for path in paths}


def started(program: str, place: Path, *options: str) -> subprocess.Popen[bytes]:
    """A process of the cluster that meets the others by a file."""
    command = [
        sys.executable,
        "-m",
        f"distributed.cli.{program}",
        "--scheduler-file",
        str(place),
        "--no-dashboard",
        *options,
    ]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)


def inspect_on_dask(captures: Path, campaign: Path, work: Path, kill_after_s: float) -> float:
    """The same on a scheduler and two workers in processes of their own, one of which is killed in between; wall seconds."""
    place = work / "scheduler.json"
    scheduler = started("dask_scheduler", place, "--port", "0")
    while not place.exists():
        time.sleep(0.1)
    workers = [started("dask_worker", place, "--nthreads", "1") for _ in range(2)]
    try:
        address = json.loads(place.read_text())["address"]
        start = time.perf_counter()
        running = subprocess.Popen(
            [*PIA, "inspect", str(captures), "-o", str(campaign), "--quiet", "--scheduler", address]
        )
        time.sleep(kill_after_s)
        os.killpg(workers[0].pid, signal.SIGKILL)
        workers.append(started("dask_worker", place, "--nthreads", "1"))
        if running.wait():
            raise SystemExit("pia inspect --scheduler failed")
        return time.perf_counter() - start
    finally:
        for one in workers:
            if one.poll() is None:
                os.killpg(one.pid, signal.SIGKILL)
        scheduler.terminate()


def killed_and_resumed(captures: Path, campaign: Path, undisturbed: float, rng: random.Random) -> int:
    """Kill the same inspection at ten random moments, then let it end; returns how many kills hit a running one."""
    hit = 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            [*PIA, "inspect", str(captures), "-o", str(campaign), "--quiet"],
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(rng.uniform(0.5, max(2.0, undisturbed / 8)))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            hit += 1
        process.wait()
    inspect(captures, campaign)
    return hit


def report(campaign: Path, *options: str) -> dict:
    """The report's document."""
    command = [*PIA, "campaign", "report", str(campaign), "--format", "json", "--quiet", *options]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def told(finding: dict) -> str | None:
    """A finding's name in the truth; None for rules that the truth is not about."""
    if not finding["rule"].endswith(tuple(f"_{end}" for end in RULE_ENDS.values())):
        return None
    return f"{finding['rule']}|{finding['actor']['id']}|{finding['data']}"


def reported(document: dict) -> dict[str, dict[str, list[str]]]:
    """What the report says: app → fault → runs."""
    return {app["app"]: {told(one): one["runs"] for one in app["findings"] if told(one)} for app in document["apps"]}


def states(comparison: dict) -> dict[str, dict[str, str]]:
    """What the comparison says of each fault: app → fault → state."""
    said: dict[str, dict[str, str]] = {}
    for app in comparison["apps"]:
        named = ((told(item["before"] or item["after"]), item["state"]) for item in app["items"])
        said[app["app"]] = {name: state for name, state in named if name}
    return said


def wrong_states(expected: dict[str, dict[str, str]], said: dict[str, dict[str, str]]) -> list[str]:
    """Faults of whose fate the comparison says something else than what was planted."""
    return [
        f"{app} {fault}: {said.get(app, {}).get(fault)}, expected {state}"
        for app, faults in expected.items()
        for fault, state in sorted(faults.items())
        if said.get(app, {}).get(fault) != state
    ]


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        failures = measured(Path(scratch), asked.captures, asked.seed)
    for failure in failures:
        print(failure)
    raise SystemExit(1 if failures else 0)


def measured(work: Path, captures: int, seed: int) -> list[str]:
    """Make, inspect, kill, compare and print; returns what is wrong."""
    truth = make_captures(work / "captures", captures, seed)
    later = make_captures(work / "later", captures, seed, fixed_share=0.5)
    faults = sum(map(len, truth.values()))
    print(f"{captures} captures of {len(truth)} apps, {faults} faults, {os.cpu_count()} processors", flush=True)
    serial, _ = inspect(work / "captures", work / "serial", "--workers", "1")
    pool, memory = inspect(work / "captures", work / "pool")
    dask = inspect_on_dask(work / "captures", work / "dask", work, serial / 4)
    figure(f"campaign of {captures} captures, pool ÷ serial", pool / serial, f"(serial {serial:.0f} s)", "≤ 0.6")
    figure("the same on Dask, a worker killed ÷ serial", dask / serial)
    figure("peak memory of the largest process", memory, "MB", "coordinating ≤ 500 MB")
    hit = killed_and_resumed(work / "captures", work / "killed", pool, random.Random(seed))
    whole = files(work / "serial")
    failures = [
        f"{name}: other bytes than serial" for name in ("pool", "dask", "killed") if files(work / name) != whole
    ]
    same = "other bytes" if failures else "the same bytes"
    figure(f"serial, pool, Dask, killed {hit} times and resumed", same, goal="the same bytes")
    if reported(report(work / "pool")) != truth:
        failures.append("the report differs from the truth")
    inspect(work / "later", work / "after")
    said = states(report(work / "after", "--against", str(work / "pool"))["comparison"])
    wrong = wrong_states(expected_states(truth, later, captures, seed), said)
    counts = Counter(state for app in said.values() for state in app.values())
    figure("report equals the planted truth", "no" if failures else "yes", goal="yes")
    figure("planted changes told wrongly by the comparison", len(wrong), f"of {dict(counts)}", "0")
    return failures + wrong[:5]


if __name__ == "__main__":
    main()
