"""Clock samples bound the offset by half their round trip."""

from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.instrumentation.clock import KEPT, ClockSimulation, clock_sample, read_samples

times = st.integers(min_value=1, max_value=10**9)


@given(offset=st.integers(-(10**18), 10**18), there=times, back=times)
def test_the_true_offset_lies_within_half_the_round_trip(offset, there, back):
    sent = 1_700_000_000_000_000_000
    seen = {"wall": str(sent + there + offset), "mono": "5"}
    sample = clock_sample(sent, sent + there + back, seen, "boot")
    assert abs(sample["device_ns"] - sample["host_ns"] - offset) <= sample["rtt_ns"] / 2 + 1


def test_the_quickest_exchanges_of_a_burst_are_kept_in_order_of_time():
    lengths = [900, 100, 500, 300, 700]
    host = iter([t for i, length in enumerate(lengths) for t in (i * 10_000, i * 10_000 + length)])
    samples = read_samples(lambda: {"wall": "1", "mono": "2"}, "boot", len(lengths), lambda: next(host))
    assert [sample["rtt_ns"] for sample in samples] == [100, 500, 300]
    assert len(samples) == KEPT


def test_a_host_clock_set_back_during_an_exchange_gives_no_negative_length():
    assert clock_sample(100, 40, {"wall": "1", "mono": "2"}, "")["rtt_ns"] == 0


def test_nanoseconds_reach_the_agent_exactly():
    assert ClockSimulation(offset_ns=2**62 + 1).plan()["offset_ns"] == "4611686018427387905"
