"""How fast flow files are read: ``python benchmarks/read_flows.py [CAPTURE]`` (a corpus is made where none is given).

In each round mitmproxy's FlowReader, this project's reader and a plain ``read()`` of the file take turns, so that what else the
machine does hits all three; the medians of the per-round ratios are printed. Afterwards every flow of the fast
path is compared, field by field, with what mitmproxy's own objects say; a difference ends the benchmark with exit code 1.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from corpus import make_corpus
from mitmproxy.io import FlowReader

from pia_runtime.storage.flow_mapping import map_http_flow
from pia_runtime.storage.flow_reader import FlowTrouble, flow_files, read_flows, read_records
from pia_runtime.storage.flow_record import load_record
from pia_runtime.storage.flow_template import parse_flow

CHUNK = 1 << 18


def flow_reader(path: Path) -> int:
    """The reader of mitmproxy, flow objects thrown away."""
    with path.open("rb") as file:
        return sum(1 for _ in FlowReader(file).stream())


def ours(path: Path) -> int:
    """This project's reader."""
    return sum(1 for _ in read_flows(path, report))


def plain_read(path: Path) -> int:
    """The floor: the bytes, and nothing done with them."""
    with path.open("rb", buffering=0) as file:
        return sum(1 for _ in iter(lambda: file.read(CHUNK), b""))


def report(trouble: FlowTrouble) -> None:
    """Say what could not be read."""
    print(trouble, file=sys.stderr)


def seconds(reader: Callable[[Path], int], path: Path) -> float:
    """Wall time of one pass."""
    start = time.perf_counter()
    reader(path)
    return time.perf_counter() - start


def measure(path: Path, rounds: int) -> None:
    """Print the three speeds and their ratios."""
    for reader in (flow_reader, ours, plain_read):
        reader(path)  # caches and compiled patterns warm for all
    times = [[seconds(reader, path) for reader in (flow_reader, ours, plain_read)] for _ in range(rounds)]
    flows, size = ours(path), path.stat().st_size
    for name, column in zip(("FlowReader", "ours", "plain read"), zip(*times, strict=True), strict=True):
        took = statistics.median(column)
        print(f"{name:11} {took * 1e3:9.1f} ms {flows / took:11,.0f} flows/s {size / took / 1e6:9,.0f} MB/s")
    print(f"ours : FlowReader = {statistics.median(t[0] / t[1] for t in times):.1f} times as fast")
    print(f"plain read : ours = {statistics.median(t[1] / t[2] for t in times):.1f} times as fast")


def differences(path: Path) -> tuple[int, int, int]:
    """How many HTTP flows there are, how many the fast path took, and how many of those differ from mitmproxy's objects."""
    total = fast = wrong = 0
    for _, record in read_records(path, report):
        truth = load_record(record)
        if truth.type != "http":
            continue
        total += 1
        got = parse_flow(record)
        fast += got is not None
        wrong += got is not None and got != map_http_flow(truth)
    return total, fast, wrong


def main() -> int:
    """Measure and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capture", type=Path, nargs="?")
    parser.add_argument("--flows", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        capture = asked.capture or Path(folder) / "corpus"
        if asked.capture is None:
            make_corpus(capture, asked.flows, 0, 1)
        file = flow_files(capture)[0]
        measure(file, asked.rounds)
        total, fast, wrong = differences(file)
    print(f"{fast} of {total} flows took the fast path; {wrong} differ from mitmproxy's own objects")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
