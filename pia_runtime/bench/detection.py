"""``pia bench detection``: the battery through the program's own analysis, the same way a user would run it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from pia_runtime.bench.battery import make_battery
from pia_runtime.bench.capture import write_battery
from pia_runtime.bench.case import sampled
from pia_runtime.bench.score import Score, score
from pia_runtime.storage.analysis import analyse_capture


def measure_detection(seed: int = 1, *, per_group: int | None = None, keep: Path | None = None) -> Score:
    """Make the battery, write it as a capture, analyse that, and compare with the labels.

    Args:
        seed: which synthetic person and which random traffic.
        per_group: at most so many cases of every group; all if not given.
        keep: where the capture is left for other tools; a temporary folder if not given.

    Raises:
        PiaError: the capture cannot be analysed.
    """
    battery = make_battery(seed)
    cases = battery.cases if per_group is None else tuple(sampled(battery.cases, per_group))
    with TemporaryDirectory() as temporary:
        folder = keep or Path(temporary) / "battery"
        write_battery(folder, battery, cases)
        # Paths as they are: a field named after a value is masked in what leaves, and nobody real is in here.
        return score(cases, analyse_capture(folder, reveal=True)["detections"])
