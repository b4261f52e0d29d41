"""Throw random and damaged input at the decoder for a while and say what happened.

``python benchmarks/fuzz_decoder.py --minutes 10 [--seed 1]``. Seeds are values wrapped by random chains of the encoders that
the tests use, then damaged: bytes flipped, cut, doubled, spliced with another seed. Every result is checked: no
exception, no more output than the budget, every leaf of every 20th input replayed. Exit code 1 on any fault, whose input
is printed as base64 so that it can become a test.
"""

import argparse
import base64
import random
import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "decoding"))

from decoding_encoders import ENCODERS, VALUES  # type: ignore[import-not-found]  # stands in tests/decoding

from pia_runtime.decoding import Budget, decode_flow, replay
from pia_runtime.model.flow import Flow, Response, WebSocketMessage

BUDGET = Budget()
MAX_SEED = 100_000
REPLAY_EVERY = 20
MAX_PRINTED = 1000


@dataclass
class Tally:
    """What the run saw."""

    runs: int = 0
    input_bytes: int = 0
    leaves: int = 0
    opaque: int = 0
    replayed: int = 0
    slowest: float = 0.0
    slowest_input: bytes = b""
    most_output: int = 0
    faults: list[str] = field(default_factory=list)


def seed(rnd: random.Random) -> bytes:
    """A value behind up to six encoders, or plain noise."""
    if rnd.random() < 0.1:
        return rnd.randbytes(rnd.randint(1, 2000))
    data: bytes = rnd.choice(VALUES)
    for _ in range(rnd.randint(1, 6)):
        wrapped = rnd.choice(tuple(ENCODERS.values()))(data)
        if wrapped is not None and len(wrapped) < MAX_SEED:
            data = wrapped
    return data


def damage(data: bytes, rnd: random.Random) -> bytes:
    """A few random faults."""
    out = bytearray(data)
    for _ in range(rnd.randint(0, 4)):
        if not out:
            break
        at = rnd.randrange(len(out))
        kind = rnd.randrange(6)
        if kind == 0:
            out[at] = rnd.randrange(256)
        elif kind == 1:
            del out[at : at + rnd.randint(1, 8)]
        elif kind == 2:
            out[at:at] = rnd.randbytes(rnd.randint(1, 8))
        elif kind == 3:
            out[at:at] = out[at : at + rnd.randint(1, 200)] * rnd.randint(1, 40)
        elif kind == 4:
            out[at:] = seed(rnd)
        else:
            out[at : at + 4] = rnd.choice(
                (b"\xff\xff\xff\xff", b"\0\0\0\0", b"[[[[", b'{"a":', b"%%%%", b"\\u00", b"&#x;")
            )
    return bytes(out[:MAX_SEED])


def flow_with(data: bytes, rnd: random.Random) -> Flow:
    """The data at a random place of a flow."""
    headers = (
        (b"content-encoding", rnd.choice((b"", b"gzip", b"br", b"deflate", b"zstd, gzip"))),
        (b"x-v", data[:300]),
    )
    response = Response(200, ((b"set-cookie", data[:200]),), data) if rnd.random() < 0.2 else None
    messages = (WebSocketMessage(rnd.random() < 0.5, 0, False, data),) if rnd.random() < 0.2 else ()
    body = data if rnd.random() < 0.8 else None
    target = b"/a/" + data[:300] + b"?" + data[300:600]
    return Flow(
        "f", 0, 1000, "POST", "https", "a.example", 443, target, "HTTP/1.1", headers, body, (), response, messages
    )


def check(flow: Flow, tally: Tally) -> None:
    """Decode once and note what must not happen."""
    began = time.perf_counter()
    decoded = decode_flow(flow, BUDGET)
    took = time.perf_counter() - began
    if took > tally.slowest:
        tally.slowest, tally.slowest_input = took, flow.body or flow.target
    output = sum(len(leaf.data) for leaf in decoded.leaves)
    tally.most_output = max(tally.most_output, output)
    tally.leaves += len(decoded.leaves)
    tally.opaque += len(decoded.opaque)
    captured = len(flow.body or b"") * 3 + len(flow.target) * 2 + sum(len(m.content) for m in flow.messages) + 1000
    if output > BUDGET.max_output + captured or len(decoded.leaves) > BUDGET.max_leaves:
        tally.faults.append(f"over the budget: {output} bytes in {len(decoded.leaves)} leaves")
    if tally.runs % REPLAY_EVERY == 0:
        for leaf in decoded.leaves:
            tally.replayed += 1
            if replay(flow, leaf.location, leaf.path)[-1].output != leaf.data:
                tally.faults.append(f"replay differs: {leaf.location} {leaf.path}")


def run(minutes: float, number: int) -> Tally:
    """Fuzz until the time is over."""
    rnd = random.Random(number)
    tally = Tally()
    until = time.monotonic() + minutes * 60
    while time.monotonic() < until and len(tally.faults) < 20:
        data = damage(seed(rnd), rnd)
        flow = flow_with(data, rnd)
        try:
            check(flow, tally)
        except Exception as error:  # noqa: BLE001 - the point of the run is to see any of them
            tally.faults.append(f"{type(error).__name__}: {error} {base64.b64encode(data[:2000]).decode()}")
        tally.runs += 1
        tally.input_bytes += len(data)
    return tally


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tally = run(options.minutes, options.seed)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"executions {tally.runs}, input {tally.input_bytes / 1e6:.1f} MB, leaves {tally.leaves}, opaque {tally.opaque}"
    )
    print(f"replayed {tally.replayed}, largest output {tally.most_output} bytes of {BUDGET.max_output} allowed")
    print(
        f"slowest {tally.slowest * 1000:.1f} ms (input {len(tally.slowest_input)} bytes), peak memory {memory:.0f} MiB"
    )
    print(f"faults {len(tally.faults)}")
    for fault in tally.faults:
        print(" ", fault[:MAX_PRINTED])
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
