"""How long until the program answers: ``python benchmarks/start_up.py``. Ratios to an interpreter that does nothing, in turns."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from figures import figure

SAMPLE = Path(__file__).parents[1] / "captures" / "sample-loan"
PIA = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()"]
JOBS = {
    "pia --help": [*PIA, "--help"],
    "pia hooks list": [*PIA, "hooks", "list"],
    "pia analyze captures/sample-loan": [*PIA, "analyze", str(SAMPLE)],
}
ROUNDS = 7


def seconds(command: list[str]) -> float:
    """Wall time of one command."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Take turns and print the medians."""
    nothing = [sys.executable, "-c", "pass"]
    for name, command in JOBS.items():
        seconds(command)
        turns = [(seconds(command), seconds(nothing)) for _ in range(ROUNDS)]
        walls, floors = zip(*turns, strict=True)
        ratio = statistics.median(wall / floor for wall, floor in turns)
        figure(
            f"{name} ÷ an empty interpreter",
            ratio,
            f"({statistics.median(walls):.2f} s, {statistics.median(floors):.3f} s)",
        )


if __name__ == "__main__":
    main()
