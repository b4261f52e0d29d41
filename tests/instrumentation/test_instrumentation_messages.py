"""Messages that the real agent sent become the lines that the capture format describes."""

import json
from pathlib import Path
from typing import Any

import pytest

from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.consent import ConsentWatcher
from pia_runtime.instrumentation.messages import ProcessFacts, convert_message

RECORDED = Path(__file__).parent / "data" / "agent_messages.jsonl"
"""Recorded from a run of the practice app (accept, then withdraw); first message of each kind, hook and outcome."""

FACTS = ProcessFacts(4711, "com.example.loan", "5a9d92bc-75a7-4382-bda7-d372c7f3dce8")


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    watcher, catalog = ConsentWatcher(), load_catalog()
    messages = [json.loads(line) for line in RECORDED.read_text(encoding="utf-8").splitlines()]
    return [event for message in messages for event in convert_message(message, FACTS, catalog, watcher)]


def one(events: list[dict[str, Any]], **wanted: object) -> dict[str, Any]:
    found = [event for event in events if all(event.get(name) == value for name, value in wanted.items())]
    assert len(found) == 1
    return found[0]


def test_every_event_has_both_device_clocks_in_whole_nanoseconds(events):
    assert events
    for event in events:
        assert event["clock"] == "device"
        assert type(event["t_ns"]) is int
        assert event["t_ns"] > 1_700_000_000 * 10**9
        assert type(event["mono_ns"]) is int
        assert event["boot_id"] == FACTS.boot_id
        assert (event["pid"], event["process"]) == (4711, "com.example.loan")


def test_a_read_carries_public_name_data_value_and_the_callers_frame_first(events):
    read = one(events, hook="telephony.get_device_id")
    assert (read["api"], read["data"]) == ("android.telephony.TelephonyManager.getDeviceId", ["imei"])
    assert (read["value"], read["threw"], read["args"]) == ("356938035643809", None, [])
    assert read["stack"][0].startswith("com.riskeye.fraud.RiskEye.probe(")


def test_the_settings_key_decides_the_data(events):
    assert one(events, hook="settings.secure_get_string")["data"] == ["android_id"]


def test_a_read_that_threw_has_the_exception_and_no_value(events):
    read = one(events, hook="telephony.get_subscriber_id")
    assert (read["value"], read["threw"]) == (None, "java.lang.SecurityException")


def test_a_hook_on_another_class_still_reports_the_public_api(events):
    read = one(events, hook="packages.get_installed_packages")
    assert read["api"] == "android.content.pm.PackageManager.getInstalledPackages"
    assert read["stack"][0].startswith("com.example.loan.")


def test_a_digest_carries_input_and_output(events):
    digest = one(events, type="transform")
    assert (digest["op"], digest["algorithm"], digest["output_b64"]) == ("digest", "MD5", digest["output_b64"])
    assert digest["input_b64"] == "MzU2OTM4MDM1NjQzODA5"
    assert digest["stack"][0].startswith("com.riskeye.fraud.RiskEye.md5(")


def test_dialog_and_tap_become_question_and_answer(events):
    signals = [(event["signal"], event["source"], event["t_ns"]) for event in events if event["type"] == "consent"]
    dialog, tap = one(events, action="dialog_shown"), one(events, action="tap")
    assert signals == [("requested", "ui_tree", dialog["t_ns"]), ("given", "tap", tap["t_ns"])]


def test_permission_screen_and_status_keep_their_words(events):
    assert {e["result"] for e in events if e["type"] == "permission"} >= {"requested"}
    assert one(events, state="activity_resumed")["activity"] == "com.example.loan.MainActivity"
    assert {e["status"] for e in events if e["type"] == "hook_status"} == {"installed", "absent"}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"k": "api_call"},
        {"k": "api_call", "t": "x", "m": "1"},
        {"k": "api_call", "t": "1", "m": "1", "h": "no.such_hook", "a": [], "x": None, "s": ""},
        {"k": "surprise", "t": "1", "m": "1"},
        [],
    ],
)
def test_a_message_of_another_shape_is_a_recorded_gap(message):
    (gap,) = convert_message(message, FACTS, load_catalog(), ConsentWatcher())
    assert (gap["type"], gap["kind"], gap["pid"]) == ("gap", "script_error", 4711)


def test_events_that_could_not_be_sent_become_a_gap_with_hook_number_and_time():
    lost = {"k": "lost", "h": "telephony.get_imei", "count": 17, "from": 1_795_480_000_000, "until": 1_795_480_000_013}
    (gap,) = convert_message(lost, FACTS, load_catalog(), ConsentWatcher())
    assert (gap["type"], gap["kind"], gap["count"]) == ("gap", "messages_dropped", 17)
    assert (gap["hook"], gap["process"]) == ("telephony.get_imei", "com.example.loan")
    assert gap["until_ns"] - gap["t_ns"] == 13_000_000
