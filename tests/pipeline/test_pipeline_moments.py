"""What a timeline shows beside the detections: states of the app, gaps with a time, and kept pictures."""

from capture_folders import BASE, SECOND, call, consent, event, write_capture

from pia_runtime.storage.analysis import analyse_capture

BLOB = "ab" * 32


def moments_of(tmp_path, *events, **session):
    """The document's ``moments`` of a run with these events."""
    described = {"schema": "pia.session/1", "app": {"package": "com.example.loan"}, **session}
    return analyse_capture(write_capture(tmp_path / "run", events, session=described))["moments"]


def seconds(stretches):
    """The stretches in seconds after the start."""
    return [(one["state"], (one["from_ns"] - BASE) / SECOND, (one["until_ns"] - BASE) / SECOND) for one in stretches]


def test_an_untouched_app_is_silent_after_a_while_and_then_in_the_background(tmp_path):
    found = moments_of(
        tmp_path,
        event(1, 0, "lifecycle", state="foreground"),
        event(2, 2, "ui", action="tap", text="x"),
        event(3, 100, "lifecycle", state="background"),
        ended_ns=BASE + 120 * SECOND,
    )
    states = seconds(found["screen"])
    assert [state for state, _, _ in states] == ["foreground", "silent", "background"]
    assert states[0][1] == 0
    assert 2 < states[0][2] == states[1][1] < 100
    assert states[2][1:] == (100, 120)


def test_nobody_calls_an_app_silent_whose_touches_were_not_watched(tmp_path):
    found = moments_of(
        tmp_path, event(1, 0, "lifecycle", state="foreground"), event(2, 100, "lifecycle", state="background")
    )
    assert [state for state, _, _ in seconds(found["screen"])] == ["foreground"]


def test_a_gap_keeps_its_time_and_host(tmp_path):
    gap = event(2, 3, "gap", kind="tls_failed", host="pinned.example", detail="x")
    found = moments_of(tmp_path, call(1, 1, ["imei"], "356938035643809"), gap)
    assert found["gaps"] == [
        {
            "kind": "tls_failed",
            "host": "pinned.example",
            "t_ns": BASE + 3 * SECOND,
            "err_ns": found["gaps"][0]["err_ns"],
        }
    ]


def test_blobs_are_named_by_digest_and_nothing_else_can_name_a_file(tmp_path):
    found = moments_of(
        tmp_path,
        consent(1, 1, "requested", source="ui_tree", blob=BLOB),
        event(2, 2, "ui", action="dialog_shown", text="", blob="../../etc/passwd"),
        event(3, 3, "note", text="screenshot", blob=BLOB),
    )
    assert [(one["event"], one["blob"]) for one in found["blobs"]] == [(1, BLOB), (3, BLOB)]


def test_times_of_a_clock_that_was_never_compared_carry_no_error(tmp_path):
    found = moments_of(
        tmp_path, event(1, 1, "lifecycle", "device", state="foreground"), event(2, 3, "gap", "device", kind="x")
    )
    assert found["gaps"][0]["err_ns"] is None
