"""The order of what was taken and what was agreed to, in hand-made captures read back through the program."""

from capture_folders import BASE, SECOND, call, consent, write_capture

from pia_runtime.storage.analysis import analyse_capture


def _verdicts(folder, *events, **rest):
    document = analyse_capture(write_capture(folder, events, **rest))
    return {item["event"]: (item["t_ns"], item["verdict"], item["margin_ns"]) for item in document["detections"]}


def _on_device(line, mono=None, boot="a"):
    return {**line, "clock": "device"} | ({} if mono is None else {"mono_ns": mono * SECOND, "boot_id": boot})


def test_one_nanosecond_is_enough_to_tell_before_from_after(tmp_path):
    calls = [{**call(seq, 0, ["imei"], "356938035643809"), "t_ns": BASE + seq} for seq in (101, 102, 103)]
    assert _verdicts(tmp_path, {**consent(1, 0, "given"), "t_ns": BASE + 102}, *calls) == {
        101: (BASE + 101, "without_consent", 1),
        102: (BASE + 102, "indeterminate", 0),
        103: (BASE + 103, "with_consent", 1),
    }


def test_a_signal_with_an_enormous_error_decides_nothing_and_ends_no_run(tmp_path):
    found = _verdicts(tmp_path, consent(1, 5, "given", err_ns=2**63 - 1), call(2, 1, ["imei"], "356938035643809"))
    assert found[2][1] == "indeterminate"


def test_a_tap_without_monotonic_time_is_ordered_by_the_wall_clock_both_carry(tmp_path):
    calls = [_on_device(call(seq, seq, ["imei"], "356938035643809"), mono=seq) for seq in (5, 25)]
    found = _verdicts(tmp_path, _on_device(consent(1, 20, "given")), *calls)
    assert [found[5][1], found[25][1]] == ["without_consent", "with_consent"]


def test_boots_are_ordered_by_the_wall_clock_and_never_by_monotonic_time(tmp_path):
    before = _on_device(call(2, 5, ["imei"], "356938035643809"), mono=500)
    after = _on_device(call(3, 25, ["imei"], "356938035643809"), mono=6, boot="b")
    found = _verdicts(tmp_path, _on_device(consent(1, 20, "given"), mono=1, boot="b"), before, after)
    assert [found[2][1], found[3][1]] == ["without_consent", "with_consent"]


def test_a_wall_clock_seen_to_be_set_orders_nothing(tmp_path):
    hours = 3 * 3600
    set_back = [
        _on_device(call(2, 5 + hours, ["imei"], "356938035643809"), mono=5),
        _on_device(call(3, 25, ["imei"], "356938035643809"), mono=25),
        _on_device(call(4, 6, ["imei"], "356938035643809")),
    ]
    found = _verdicts(tmp_path, _on_device(consent(1, 20, "given"), mono=20), *set_back)
    assert [found[seq][1] for seq in (2, 3, 4)] == ["without_consent", "with_consent", "indeterminate"]
