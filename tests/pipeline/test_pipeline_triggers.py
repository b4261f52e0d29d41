"""Which user action came before a detection, and what the call was given."""

from capture_folders import ANDROID_ID, IMEI, call, consent, event, write_capture

from pia_runtime.storage.analysis import analyse_capture


def detections(folder, events, **more):
    return analyse_capture(write_capture(folder, events), **more)["detections"]


def test_the_last_tap_before_a_read_is_its_trigger_and_says_how_long_before(tmp_path):
    first, second = detections(
        tmp_path,
        [
            call(1, 1, ["imei"], IMEI),
            event(2, 3, "ui", action="tap", text="登录"),
            event(3, 4, "ui", action="dialog_shown", text="…"),
            call(4, 5, ["android_id"], ANDROID_ID),
            consent(5, 9, "given"),
        ],
    )
    assert first["trigger"] is None
    assert second["trigger"] == {"event": 2, "action": "tap", "text": "登录", "before_ns": 2_000_000_000, "err_ns": 0}


def test_an_action_on_a_clock_that_was_never_compared_triggers_nothing(tmp_path):
    (one,) = detections(
        tmp_path, [event(1, 1, "ui", action="tap", text="登录", clock="device"), call(2, 5, ["imei"], IMEI)]
    )
    assert one["trigger"] is None


def test_arguments_are_shown_but_for_what_looks_like_a_value(tmp_path):
    args = ["android_id", f"imei={IMEI}", {"name": "林晓示"}, None, 3]
    events = [call(1, 1, ["imei"], IMEI, args=args)]
    (masked,), (full,) = detections(tmp_path / "a", events), detections(tmp_path / "b", events, reveal=True)
    assert masked["args"][0] == "android_id"
    assert masked["args"][3:] == [None, "3"]
    assert IMEI not in str(masked["args"])
    assert "林晓示" not in str(masked["args"])
    assert full["args"][1] == f"imei={IMEI}"
