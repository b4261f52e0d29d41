"""Translation between clocks: the truth is always inside, and the interval is no wider than the samples force it to be."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.correlation.clock import MAX_DRIFT, UNBOUNDED, DeviceClock, Translation

BASE = 1_763_884_800_000_000_000
SECOND = 1_000_000_000


def translations(readings, device_of):
    """Both directions from exchanges (host middle, length, where in the exchange the device was read)."""
    device = [device_of(host + int(rtt * (at - 0.5))) for host, rtt, at in readings]
    host = [BASE + middle for middle, _, _ in readings]
    rtt = [length for _, length, _ in readings]
    return Translation(device, host, rtt), Translation(host, device, rtt)


exchanges = st.lists(
    st.tuples(st.integers(0, 120 * SECOND), st.integers(0, SECOND // 10), st.floats(0, 1)), min_size=1, max_size=8
)


@given(
    exchanges,
    st.integers(-36_000 * SECOND, 36_000 * SECOND),
    st.floats(-MAX_DRIFT, MAX_DRIFT),
    st.lists(st.integers(-600 * SECOND, 600 * SECOND), min_size=1, max_size=20),
)
def test_a_clock_off_by_hours_and_drifting_is_never_placed_outside_its_interval(readings, offset, drift, instants):
    def device_of(host):
        return BASE + offset + host + int(host * drift)

    to_host, from_host = translations(readings, device_of)
    truth = np.array(instants, dtype=np.int64) + BASE
    device = np.array([device_of(instant) for instant in instants], dtype=np.int64)

    assert to_host.steps == 0
    found = to_host.intervals(device)
    assert (found.low <= truth).all()
    assert (truth <= found.high).all()
    back = from_host.intervals(truth)
    assert (back.low <= device).all()
    assert (device <= back.high).all()


@given(st.integers(0, 10**8), st.integers(0, 100 * SECOND))
def test_one_sample_is_as_sure_as_half_its_round_trip_and_less_so_with_distance(rtt, distance):
    to_host = Translation([BASE + 7 * SECOND], [BASE], [rtt])
    near = to_host.intervals(np.array([BASE + 7 * SECOND]))
    far = to_host.intervals(np.array([BASE + 7 * SECOND + distance]))
    width = int((near.high - near.low)[0])
    assert rtt <= width <= rtt * (1 + 2 * MAX_DRIFT) + 6
    grown = int((far.high - far.low)[0]) - width
    assert abs(grown - 2 * distance * MAX_DRIFT) <= distance * MAX_DRIFT * 0.01 + 4


def test_samples_on_both_sides_hold_the_drift_that_one_side_would_allow():
    one = Translation([BASE], [BASE], [0])
    two = Translation([BASE, BASE + 100 * SECOND], [BASE, BASE + 100 * SECOND], [0, 0])
    at = np.array([BASE + 90 * SECOND])
    width = [int((item.intervals(at).high - item.intervals(at).low)[0]) for item in (one, two)]
    assert width[1] < width[0] / 5


def test_a_clock_that_was_set_between_two_samples_is_seen_and_stays_uncertain_around_the_step():
    hour = 3600 * SECOND
    host = [BASE, BASE + 10 * SECOND, BASE + 20 * SECOND, BASE + 30 * SECOND]
    device = [BASE, BASE + 10 * SECOND, BASE + hour + 20 * SECOND, BASE + hour + 30 * SECOND]
    to_host = Translation(device, host, [1_000_000] * 4)
    assert to_host.steps == 1

    before = to_host.intervals(np.array([BASE + 5 * SECOND]))
    assert before.low[0] <= BASE + 5 * SECOND <= before.high[0]
    assert before.high[0] - before.low[0] < SECOND
    after_setting = to_host.intervals(np.array([BASE + hour + 12 * SECOND]))  # set at 11 s, read at 12 s
    assert after_setting.low[0] <= BASE + 12 * SECOND <= after_setting.high[0]


def test_without_a_sample_any_time_is_possible():
    nothing = Translation([], [], []).intervals(np.array([BASE]))
    assert (nothing.low[0], nothing.high[0]) == (-UNBOUNDED, UNBOUNDED)
    assert not nothing.bounded[0]


@given(
    exchanges.filter(lambda found: len(found) < 4) | st.just([]),
    st.lists(st.tuples(st.integers(0, 120 * SECOND), st.integers(0, SECOND)), min_size=1, max_size=6),
    st.integers(0, SECOND),
    st.integers(-36_000 * SECOND, 36_000 * SECOND),
    st.floats(-MAX_DRIFT, MAX_DRIFT),
    st.lists(st.integers(-600 * SECOND, 600 * SECOND), min_size=1, max_size=20),
)
def test_meetings_narrow_without_losing_the_truth_and_later_ones_narrow_less(
    readings, met, slower, offset, drift, instants
):
    def device_of(host):
        return BASE + offset + host + int(host * drift)

    device = [device_of(host + int(rtt * (at - 0.5))) for host, rtt, at in readings]
    columns = device, [BASE + host for host, _, _ in readings], [rtt for _, rtt, _ in readings]
    opened = np.array([device_of(at) for at, _ in met], dtype=np.int64)
    arrived = np.array([BASE + at + delay for at, delay in met], dtype=np.int64)
    truth = np.array(instants, dtype=np.int64) + BASE
    shown = np.array([device_of(instant) for instant in instants], dtype=np.int64)

    clocks = [DeviceClock.of(*columns, (opened, arrived)), DeviceClock.of(*columns, (opened, arrived + slower))]
    clocks.append(DeviceClock.of(*columns))
    assert [clock.disputed for clock in clocks] == [0, 0, 0]
    for found, true in (
        ([clock.to_host.intervals(shown) for clock in clocks], truth),
        ([clock.from_host.intervals(truth) for clock in clocks], shown),
    ):
        for one in found:
            assert ((one.low <= true) & (true <= one.high)).all()
        for tight, loose in itertools.pairwise(found):
            assert (tight.low + 4 >= loose.low).all()
            assert (tight.high - 4 <= loose.high).all()
