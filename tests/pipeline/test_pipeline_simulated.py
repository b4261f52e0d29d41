"""Runs that never happened, with the truth about them, through the whole program: no verdict is wrong, none needlessly open.

``python benchmarks/consent_order.py`` does the same for ten thousand; here a few of them keep it honest.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from consent_order import check
from simulated_run import Run

SEEDS = [
    2310,  # the wall clock is set, the device starts again, some stamps lack monotonic time
    1265,  # the only sample is of a boot that no event knows
    7087,  # the same after the restart
    7108,  # what is withdrawn was given once, unseen
    4,  # a permission pending while the policy's own answer is undecided
    13,  # a stamp that nothing places on the other clock
    20_261_873,  # the wall clock is set after the last stamp, and the one sample that could show where lacks monotonic time
    20_264_776,  # a signal's own error of seconds, counted on a clock that drifts
    *range(20_000, 20_010),
]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_simulated_run_gets_no_wrong_verdict(seed):
    counts, wrong = check(seed)
    assert wrong == []
    assert counts["indeterminate, needless"] == 0


def test_simulated_runs_cover_what_can_go_wrong_with_clocks():
    runs = [Run.of(seed) for seed in range(400)]
    devices = [run.device for run in runs]
    assert sum(bool(device.steps) for device in devices) > 40
    assert sum(device.reboot is not None for device in devices) > 40
    assert sum(not device.exchanges for device in devices) > 40
    assert {device.mono for device in devices} == {"all", "some", "none"}
    assert max(abs(device.offset) for device in devices) > 9 * 3600 * 10**9
    assert {act.kind for run in runs for act in run.acts} == {"requested", "given", "refused", "withdrawn"}
