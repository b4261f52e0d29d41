"""Verdicts against a simulated truth: never wrong, undecided only where the errors force it."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pia_runtime.correlation.axis import Clocks
from pia_runtime.correlation.verdict import INSTANT_COLUMNS, Scopes, judge_instants
from pia_runtime.model.event import ConsentSignal, Stamp
from pia_runtime.model.session import ClockSample

BASE = 1_763_884_800_000_000_000
SECOND = 1_000_000_000
BOOT = 900 * SECOND


class Phone:
    """A device whose wall clock is off and drifts; its monotonic clock drifts with it."""

    def __init__(self, offset=0, drift=0.0, has_mono=True):
        self.offset, self.drift, self.has_mono = offset, drift, has_mono

    def stamp(self, seq, at, clock="device"):
        """The stamp of something that truly happened ``at`` ns after the start, by the clock named."""
        if clock == "host":
            return Stamp(seq, BASE + at)
        run = at + int(at * self.drift)
        return Stamp(seq, BASE + self.offset + run, "device", BOOT + run if self.has_mono else None, "boot")

    def sample(self, at, rtt, where=0.5):
        read = self.stamp(0, at + int(rtt * (where - 0.5)))
        return ClockSample(host_ns=BASE + at, device_ns=read.t_ns, rtt_ns=rtt, device_mono_ns=read.mono_ns)


def judged(stamps, signals, samples, *, data="imei", sdk="", err_ns=0, permission_data=None):
    """Verdict rows for instants with these stamps."""
    rows = pd.DataFrame(
        {
            "t_ns": [s.t_ns for s in stamps],
            "err_ns": [err_ns] * len(stamps),
            "clock": [s.clock for s in stamps],
            "mono_ns": [s.mono_ns for s in stamps],
            "boot_id": [s.boot_id for s in stamps],
            "data": [data] * len(stamps),
            "sdk": [sdk] * len(stamps),
        }
    ).astype(INSTANT_COLUMNS)
    by_scope = {}
    for signal in signals:
        by_scope.setdefault(signal.scope, []).append(signal)
    both = [s for s in [*stamps, *(s.stamp for s in signals)] if s.clock == "device" and s.mono_ns is not None]
    readings = {"boot": (np.array([s.t_ns for s in both]), np.array([s.mono_ns for s in both]))}
    clocks = Clocks.of(samples, readings)
    return judge_instants(rows, Scopes(by_scope, permission_data or {}), clocks)


def tap(phone, seq, at, signal, scope="policy", clock="device", source="tap", err_ns=None):
    return ConsentSignal(phone.stamp(seq, at, clock), signal, scope, source, err_ns=err_ns)


_states = {"given": "with_consent", "refused": "without_consent", "withdrawn": "without_consent"}


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_verdict_is_ever_wrong_whatever_the_clocks_do(data):
    draw = data.draw
    phone = Phone(
        draw(st.integers(-36_000 * SECOND, 36_000 * SECOND)), draw(st.floats(-5e-4, 5e-4)), draw(st.booleans())
    )
    moments = sorted(draw(st.lists(st.integers(0, 60 * SECOND), min_size=1, max_size=4, unique=True)))
    signals, truth, kind = [], [], None
    for at in moments:
        kind = draw(st.sampled_from(sorted({"given", "refused", "withdrawn"} - {kind})))  # each act changes something
        truth.append((at, _states[kind]))
        for source in draw(st.sets(st.sampled_from(["tap", "preference", "tester"]), min_size=1)):
            err = 0 if source == "tap" else draw(st.integers(0, 2 * SECOND))
            seen = at + draw(st.integers(-err, err))
            clock = draw(st.sampled_from(["host", "device"]))
            signals.append(tap(phone, 1000 + len(signals), seen, kind, clock=clock, source=source, err_ns=err))
    samples = [
        phone.sample(draw(st.integers(-5 * SECOND, 65 * SECOND)), draw(st.integers(0, SECOND)), draw(st.floats(0, 1)))
        for _ in range(draw(st.integers(0, 4)))
    ]
    instants = draw(st.lists(st.integers(-SECOND, 61 * SECOND), min_size=1, max_size=12))
    clocks = [draw(st.sampled_from(["host", "device"])) for _ in instants]
    stamps = [phone.stamp(number, at, clock) for number, (at, clock) in enumerate(zip(instants, clocks, strict=True))]

    found = judged(stamps, signals, samples)

    for at, verdict in zip(instants, found["verdict"], strict=True):
        true = "without_consent"
        for moment, state in truth:
            if moment < at:
                true = state
        tied = any(moment == at for moment, _ in truth)
        assert verdict == "indeterminate" or tied or verdict == true, (at, verdict, true)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, 10 * SECOND), min_size=1, max_size=10),
    st.integers(0, SECOND),
    st.integers(1, 3 * SECOND),
)
def test_more_uncertainty_never_makes_a_verdict_more_certain(instants, error, more):
    phone = Phone()
    stamps = [phone.stamp(number, at) for number, at in enumerate(instants)]

    def verdicts(err):
        signals = [
            tap(phone, 100, 3 * SECOND, "given", err_ns=err, source="tester"),
            tap(phone, 101, 6 * SECOND, "withdrawn", err_ns=err, source="tester"),
            tap(phone, 102, 6 * SECOND + SECOND // 2, "given", err_ns=err, source="preference"),
        ]
        return judged(stamps, signals, [phone.sample(0, 1000)])["verdict"].tolist()

    for sure, vague in zip(verdicts(error), verdicts(error + more), strict=True):
        assert vague in (sure, "indeterminate")


def test_order_on_the_device_needs_no_calibration():
    phone = Phone(offset=7 * 3600 * SECOND)
    before, after = phone.stamp(1, SECOND), phone.stamp(2, 3 * SECOND)
    found = judged([before, after], [tap(phone, 9, 2 * SECOND, "given")], samples=[])
    assert found["verdict"].tolist() == ["without_consent", "with_consent"]
    assert found["margin_ns"].tolist() == [SECOND, SECOND]
    assert found["host_err_ns"].isna().all()


def test_order_between_uncalibrated_clocks_is_undecided():
    phone = Phone()
    found = judged([phone.stamp(1, -50 * SECOND, "host")], [tap(phone, 9, 2 * SECOND, "given")], samples=[])
    assert found["verdict"].tolist() == ["indeterminate"]


def test_two_equal_instants_cannot_be_ordered():
    phone = Phone()
    found = judged([phone.stamp(1, SECOND)], [tap(phone, 9, SECOND, "given")], samples=[])
    assert found["verdict"].tolist() == ["indeterminate"]
    assert found["margin_ns"].tolist() == [0]


def test_a_flow_inside_the_offset_error_is_undecided_and_outside_it_is_not():
    phone = Phone(offset=-3 * 3600 * SECOND)
    samples = [phone.sample(0, rtt=SECOND // 5)]  # ± 0.1 s
    stamps = [
        phone.stamp(n, at, "host") for n, at in enumerate([int(1.8 * SECOND), int(1.95 * SECOND), int(2.2 * SECOND)])
    ]
    found = judged(stamps, [tap(phone, 9, 2 * SECOND, "given")], samples)
    assert found["verdict"].tolist() == ["without_consent", "indeterminate", "with_consent"]


def test_a_given_without_a_question_makes_what_precedes_it_before_the_choice():
    phone = Phone()
    found = judged([phone.stamp(1, 0)], [tap(phone, 9, SECOND, "given")], samples=[])
    assert found["phase"].tolist() == ["before_choice"]


def test_each_phase_of_a_run_is_told():
    phone = Phone()
    signals = [
        tap(phone, 90, 1 * SECOND, "requested"),
        tap(phone, 91, 3 * SECOND, "refused"),
        tap(phone, 92, 4 * SECOND, "requested"),
        tap(phone, 93, 5 * SECOND, "given"),
        tap(phone, 94, 7 * SECOND, "withdrawn"),
    ]
    stamps = [phone.stamp(n, int(at * SECOND)) for n, at in enumerate([0.5, 2, 3.5, 4.5, 6, 8])]
    found = judged(stamps, signals, samples=[])
    assert found["phase"].tolist() == [
        "before_prompt",
        "before_choice",
        "after_refusal",
        "after_refusal",  # asking again does not undo the refusal
        "after_grant",
        "after_withdrawal",
    ]
    assert found["verdict"].tolist() == ["without_consent"] * 4 + ["with_consent", "without_consent"]


def test_without_any_signal_nothing_is_decided():
    found = judged([Phone().stamp(1, 0)], [], samples=[])
    assert (found["phase"].tolist(), found["verdict"].tolist()) == (["unknown"], ["indeterminate"])
    assert found["margin_ns"].isna().all()


def test_a_permission_grant_is_no_consent_to_the_policy():
    phone = Phone()
    signals = [
        tap(phone, 90, 1 * SECOND, "requested"),
        tap(phone, 91, 2 * SECOND, "given", scope="permission:READ_CONTACTS", source="permission_result"),
    ]
    contacts = {"READ_CONTACTS": frozenset({"contacts"})}
    found = judged([phone.stamp(1, 3 * SECOND)], signals, [], data="contacts", permission_data=contacts)
    assert (found["phase"].tolist(), found["verdict"].tolist()) == (["before_choice"], ["without_consent"])


def test_a_refused_permission_stands_in_the_way_of_its_data_only():
    phone = Phone()
    signals = [
        tap(phone, 90, 1 * SECOND, "given"),
        tap(phone, 91, 2 * SECOND, "refused", scope="permission:READ_CONTACTS", source="permission_result"),
    ]
    contacts = {"READ_CONTACTS": frozenset({"contacts"})}
    later = [phone.stamp(1, 3 * SECOND)]
    found = judged(later, signals, [], data="contacts", permission_data=contacts)
    assert (found["phase"].tolist(), found["verdict"].tolist()) == (["after_refusal"], ["without_consent"])
    assert found["margin_ns"].tolist() == [SECOND]
    other = judged(later, signals, [], data="imei", permission_data=contacts)
    assert (other["phase"].tolist(), other["verdict"].tolist()) == (["after_grant"], ["with_consent"])


def test_what_an_sdk_was_told_binds_that_sdk():
    phone = Phone()
    signals = [tap(phone, 90, SECOND, "given"), tap(phone, 91, 2 * SECOND, "withdrawn", scope="sdk:umeng")]
    later = [phone.stamp(1, 3 * SECOND)]
    assert judged(later, signals, [], sdk="umeng")["verdict"].tolist() == ["without_consent"]
    assert judged(later, signals, [], sdk="jpush")["verdict"].tolist() == ["with_consent"]


def test_a_late_preference_is_a_second_witness_of_the_tap_and_takes_no_certainty_from_it():
    phone = Phone()
    signals = [
        tap(phone, 90, 5 * SECOND, "given"),
        tap(phone, 91, 5 * SECOND + 300_000_000, "given", source="preference", err_ns=SECOND),
    ]
    found = judged([phone.stamp(1, 5 * SECOND - 1_000_000)], signals, samples=[])
    assert found["verdict"].tolist() == ["without_consent"]


def test_contradicting_witnesses_leave_the_time_between_them_undecided():
    phone = Phone()
    signals = [
        tap(phone, 90, 5 * SECOND, "refused"),
        tap(phone, 91, 5 * SECOND, "given", source="preference", err_ns=SECOND),
    ]
    found = judged([phone.stamp(1, 8 * SECOND)], signals, samples=[])
    assert found["verdict"].tolist() == ["indeterminate"]


def test_several_possible_phases_with_one_verdict_keep_the_verdict():
    phone = Phone()
    signals = [
        tap(phone, 90, 1 * SECOND, "requested"),
        tap(phone, 91, 5 * SECOND, "refused", source="tester", err_ns=2 * SECOND),
    ]
    found = judged([phone.stamp(1, 5 * SECOND)], signals, samples=[])
    assert (found["phase"].tolist(), found["verdict"].tolist()) == (["unknown"], ["without_consent"])


def test_samples_without_monotonic_readings_still_order_events_that_have_them():
    phone = Phone(offset=5 * 3600 * SECOND)
    sample = phone.sample(0, rtt=1_000_000).model_copy(update={"device_mono_ns": None})
    found = judged([phone.stamp(1, SECOND)], [tap(phone, 9, 3 * SECOND, "given", clock="host")], [sample])
    assert found["verdict"].tolist() == ["without_consent"]
    assert np.abs(found["host_ns"].to_numpy()[0] - (BASE + SECOND)) < 3_000_000


def test_a_step_of_the_wall_clock_moves_no_verdict_where_monotonic_time_is_known():
    phone = Phone()
    early, late = phone.stamp(1, SECOND), phone.stamp(2, 4 * SECOND)
    stepped = Stamp(2, late.t_ns - 3600 * SECOND, "device", late.mono_ns, "boot")
    found = judged([early, stepped], [tap(phone, 9, 2 * SECOND, "given")], samples=[])
    assert found["verdict"].tolist() == ["without_consent", "with_consent"]


def test_the_margin_is_measured_to_the_sharpest_witness_of_a_boundary():
    phone = Phone()
    signals = [
        tap(phone, 90, 2 * SECOND, "given"),
        tap(phone, 91, 3 * SECOND, "withdrawn"),
        tap(phone, 92, 3 * SECOND + 1_000_000, "withdrawn", source="preference", err_ns=SECOND),
    ]
    found = judged([phone.stamp(1, 5 * SECOND)], signals, samples=[])
    assert (found["margin_ns"].tolist(), found["margin_err_ns"].tolist()) == ([2 * SECOND], [0])


def test_clocks_read_some_milliseconds_apart_on_a_busy_phone_are_no_clock_that_was_set():
    phone = Phone()
    stamps = [phone.stamp(number, number * SECOND) for number in range(1, 6)]
    late = Stamp(stamps[2].seq, stamps[2].t_ns + 30_000_000, "device", stamps[2].mono_ns, "boot")
    signals = [ConsentSignal(Stamp(9, BASE + 3 * SECOND + SECOND // 2, "device"), "given", "policy", "tap")]
    found = judged([*stamps[:2], late, *stamps[3:]], signals, samples=[])
    assert found["verdict"].tolist() == ["without_consent"] * 3 + ["with_consent"] * 2


def test_one_permission_denied_and_another_granted_for_the_same_data_decide_nothing():
    phone = Phone()
    signals = [
        tap(phone, 90, 1 * SECOND, "given"),
        tap(phone, 91, 2 * SECOND, "given", scope="permission:FINE", source="permission_result"),
        tap(phone, 92, 3 * SECOND, "refused", scope="permission:BACKGROUND", source="permission_result"),
    ]
    place = {"FINE": frozenset({"location_precise"}), "BACKGROUND": frozenset({"location_precise"})}
    found = judged([phone.stamp(1, 4 * SECOND)], signals, [], data="location_precise", permission_data=place)
    assert (found["phase"].tolist(), found["verdict"].tolist()) == (["unknown"], ["indeterminate"])


def test_what_precedes_a_withdrawal_without_an_agreement_is_undecided():
    phone = Phone()
    signals = [tap(phone, 90, 2 * SECOND, "withdrawn")]
    found = judged([phone.stamp(1, SECOND), phone.stamp(2, 3 * SECOND)], signals, [])
    assert found["verdict"].tolist() == ["indeterminate", "without_consent"]


def test_a_question_after_the_agreement_was_not_the_one_that_led_to_it():
    phone = Phone()
    signals = [tap(phone, 90, 2 * SECOND, "given"), tap(phone, 91, 5 * SECOND, "requested")]
    assert judged([phone.stamp(1, SECOND)], signals, [])["phase"].tolist() == ["before_choice"]


@given(st.lists(st.integers(0, 200), min_size=1, max_size=40), st.lists(st.integers(-10, 210), min_size=1, max_size=20))
def test_the_margin_is_the_distance_to_the_nearest_of_many_answers(answers, instants):
    phone = Phone()
    given_then_refused = [
        tap(phone, 100 + place, at, ("given", "refused")[place % 2], clock="host") for place, at in enumerate(answers)
    ]
    found = judged([phone.stamp(seq, at, "host") for seq, at in enumerate(instants)], given_then_refused, [])
    assert found["margin_ns"].tolist() == [min(abs(at - answer) for answer in answers) for at in instants]
