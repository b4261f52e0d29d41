"""What the chain costs while a run is recorded, and what verifying costs beside hashing the same files once.

Usage: ``.venv/bin/python benchmarks/evidence_cost.py [--rounds 7] [--megabytes 2048]``. Recording with and without the chain take
turns; the ratio is the median over the rounds. Verifying a large capture is compared with one SHA-256 over its bytes.
"""

import argparse
import hashlib
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from unittest import mock

import orjson
from figures import figure

from pia_runtime.evidence.chain_check import follow_chain
from pia_runtime.evidence.sealed_files import list_files, seal_file
from pia_runtime.storage import heading, writer
from pia_runtime.storage.flow_reader import read_records
from pia_runtime.storage.writer import CaptureWriter

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "captures" / "sample-loan"
EVENTS = 20_000
FLOWS_EVERY = 5


class NoChain:
    """What stands in the chain's place to measure without it."""

    pending = False

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, *_: object) -> None:
        """Nothing."""

    def take(self, **_: object) -> bytes:
        """Nothing."""
        return b""

    def write(self, _: bytes) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=2048)
    asked = parser.parse_args()
    (ROOT / ".cache").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".cache") as place:
        recording(Path(place), asked.rounds)
        verifying(Path(place) / "large", asked.megabytes)


def recording(place: Path, rounds: int) -> None:
    """Time a record with the chain and without, in turns; the disk is synced before each."""
    ratios, costs = [], []
    for number in range(rounds):
        with_chain = record(place / f"{number}-with")
        with mock.patch.object(writer, "Chain", NoChain), mock.patch.object(heading, "HEAD_SECONDS", 1e6):
            without = record(place / f"{number}-without")
        ratios.append(with_chain / without)
        costs.append(with_chain - without)
    records = EVENTS + EVENTS // FLOWS_EVERY
    figure("recording with the chain ÷ without", statistics.median(ratios))
    print(
        f"recording with the chain / without: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), "
        f"{statistics.median(costs) / records * 1e6:.1f} µs a record"
    )


def record(folder: Path) -> float:
    """Processor seconds for the sample's events and flows over and over."""
    events, flows = sample()
    with CaptureWriter.create(folder, {}) as capture:
        began = time.process_time()
        for number in range(EVENTS):
            capture.event(next(events))
            if number % FLOWS_EVERY == 0:
                capture.flow(next(flows))
        return time.process_time() - began


def sample() -> tuple[Iterator[dict[str, object]], Iterator[bytes]]:
    """The sample's events that are no hook status, and its flows, without end."""
    lines = map(orjson.loads, (SAMPLE / "events.jsonl").read_bytes().splitlines())
    records = (record for _, record in read_records(SAMPLE / "flows.mitm", lambda _: None))
    return cycle([line for line in lines if line["type"] != "hook_status"]), cycle(
        [b"%d:%b" % (len(record) - 1, record) for record in records]
    )


def verifying(folder: Path, megabytes: int) -> None:
    """Seconds for the chain and the seal of a large capture, as multiples of one SHA-256 over the same bytes."""
    events, flows = sample()
    with CaptureWriter.create(folder, {}) as capture:
        size = 0
        while size < megabytes << 20:
            flow = next(flows)
            capture.flow(flow)
            capture.event(next(events))
            size += len(flow) + 500
    files, _ = list_files(folder)
    chain, seal, plain = [], [], []
    for _ in range(3):
        plain.append(timed(lambda: [hash_once(path) for path in files.values()]))
        chain.append(timed(lambda: follow_chain(folder)))
        seal.append(timed(lambda: [seal_file(path, blocks=False) for path in files.values()]))
    once = statistics.median(plain)
    written = sum(path.stat().st_size for path in files.values())
    state = follow_chain(folder)
    records = 0 if state is None else state.records
    figure(f"verify {written / (1 << 20):.0f} MiB against its seal ÷ one SHA-256", statistics.median(seal) / once)
    figure("following its chain ÷ one SHA-256", statistics.median(chain) / once)
    print(
        f"{written / (1 << 20):.0f} MiB, {records} records, chain.jsonl {files['chain.jsonl'].stat().st_size / written:.2%}: "
        f"SHA-256 once {once:.1f} s; the files against the seal {statistics.median(seal) / once:.2f} times that, "
        f"the chain {statistics.median(chain) / once:.2f} times; "
        f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB of memory"
    )


def timed(work: object) -> float:
    """Seconds of a call."""
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began


def hash_once(path: Path) -> bytes:
    """The plain digest."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


if __name__ == "__main__":
    main()
