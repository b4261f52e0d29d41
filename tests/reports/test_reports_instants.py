"""Durations never say more than is known: margins are rounded down, errors up."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.reports.instants import error_seconds, seconds, tick_label, tick_step, utc, with_error

NS = st.integers(min_value=0, max_value=10**15)


@given(NS, st.sampled_from([3, 6]))
def test_a_margin_is_never_overstated_and_an_error_never_understated(ns: int, decimals: int):
    exact = Decimal(ns) / 10**9
    assert Decimal(seconds(ns, decimals)) <= exact <= Decimal(error_seconds(ns, decimals))
    assert Decimal(error_seconds(ns, decimals)) - Decimal(seconds(ns, decimals)) <= Decimal(1) / 10**decimals


def test_a_margin_carries_its_error():
    assert with_error(3_214_000_000, 2_000_000) == "3.214 s ± 0.002 s"
    assert with_error(3_214_000_000, 1_000) == "3.214 s ± 0.001 s"


def test_a_tiny_margin_keeps_the_digits_that_matter():
    assert with_error(150_000, 1_000) == "0.000150 s ± 0.000001 s"


def test_an_unknown_error_says_so():
    assert with_error(1_000_000_000, None) == "1.000 s ± ?"


def test_negative_durations_are_truncated_towards_zero():
    assert seconds(-1_999_999) == "-0.001"


def test_instants_are_utc_and_impossible_ones_print_as_numbers():
    assert utc(1_763_884_805_314_000_000) == "2025-11-23 08:00:05.314 UTC"
    assert utc(10**30) == f"{10**30} ns"
    assert utc(None) == "–"


@given(st.integers(min_value=1, max_value=10**15), st.integers(min_value=1, max_value=30))
def test_ticks_are_round_and_not_more_than_asked_for(span: int, most: int):
    step = tick_step(span, most)
    assert step * most >= span
    assert str(step).rstrip("0") in {"1", "2", "5"}


def test_tick_labels_have_the_decimals_their_step_needs():
    assert tick_label(1_500_000_000, 500_000_000) == "1.5s"
    assert tick_label(20_000_000_000, 20_000_000_000) == "20s"


def test_what_is_too_short_to_show_has_no_sign():
    assert (seconds(-1), seconds(-1_000_000)) == ("0.000", "-0.001")
