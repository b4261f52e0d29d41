"""Data that no method returns: listeners, cursors, filled arguments, commands, paths, transactions, reflection; on a real JVM."""

import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from pia_runtime.instrumentation.agent_build import AGENT, build_agent
from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.host import FridaHost, JvmTarget
from pia_runtime.practice.jdk import find_jdk17

pytestmark = pytest.mark.live

SOURCES = Path(__file__).parent / "data" / "mechanisms"
Event = dict[str, Any]


@pytest.fixture(scope="module")
def events(tmp_path_factory) -> list[Event]:
    """Everything heard of one run of ``demo.Main``, which checks by itself that it gets what it would get unwatched."""
    if not AGENT.exists():
        build_agent(Path(__file__).parents[2])
    java, classes = find_jdk17() / "bin" / "java", tmp_path_factory.mktemp("classes")
    sources = [str(path) for path in sorted(SOURCES.rglob("*.java"))]
    subprocess.run([str(java.with_name("javac")), "--release", "17", "-d", str(classes), *sources], check=True)
    heard: list[Event] = []
    ended = threading.Event()
    target = JvmTarget([str(java), "-cp", str(classes), "demo.Main"], process="com.example.demo")
    host = FridaHost(target, load_catalog(), on_event=heard.append, on_detached=lambda _reason: ended.set())
    host.start()
    assert ended.wait(60), "the program did not end"
    host.stop()
    assert host.dropped == 0
    return heard


@pytest.fixture(scope="module")
def calls(events):
    """``api_call`` events of a hook, in order; of one public method where ``api`` names it."""

    def of(hook: str, api: str = "") -> list[Event]:
        return [
            event
            for event in events
            if event["type"] == "api_call" and event["hook"] == hook and event["api"].endswith(api)
        ]

    return of


@pytest.fixture(scope="module")
def places(calls):
    """Latitudes delivered to ``LocationListener.onLocationChanged``, in order; a batch as a list."""
    values = [event["value"] for event in calls("location.request_location_updates", ".onLocationChanged")]
    return [[item["lat"] for item in value] if isinstance(value, list) else value["lat"] for value in values]


def test_the_program_gets_what_it_would_get_and_nothing_goes_wrong_in_the_agent(events):
    assert [event for event in events if event["type"] == "gap"] == []
    assert [event["hook"] for event in events if event["type"] == "hook_status" and event["status"] == "failed"] == []
    # The last scenario of the program: it was reached, so no check of its own failed before.
    assert any(event.get("hook") == "build.get_memory_info" and event["type"] == "api_call" for event in events)


def test_a_listener_receives_while_it_is_registered_and_only_what_is_delivered_counts(places):
    assert places == [1, 2, 3, 4, [5, 5.5], 5.9]


def test_a_delivery_shows_the_listener_on_top_of_who_registered_it(calls):
    first, second = calls("location.request_location_updates", ".onLocationChanged")[:2]
    assert first["api"] == "android.location.LocationListener.onLocationChanged"
    assert first["data"] == ["location_precise"]
    assert first["thread"] == "dispatcher"
    receiver, *registration = first["stack"]
    assert receiver == "demo.Main$1.onLocationChanged(Unknown Source)"
    assert registration[0].startswith("demo.Main.asksTwice")
    assert second["stack"][0].startswith("demo.Main$$Lambda")
    assert "0x" not in second["stack"][0]


def test_a_listener_that_is_called_before_its_registration_returns_is_heard(calls):
    (event,) = calls("location.get_current_location", "Consumer.accept")
    assert event["value"]["lat"] == 6
    assert event["stack"][1].startswith("demo.Main.listeners")


def test_an_implementation_without_a_stable_name_is_hooked_when_its_factory_returns_it(events, calls):
    statuses = [
        event["status"]
        for event in events
        if event["type"] == "hook_status" and event["hook"] == "location.fused_get_last_location"
    ]
    assert statuses[-1] == "installed"
    (asked,) = calls("location.fused_get_last_location", ".getLastLocation")
    assert asked["stack"][0].startswith("demo.Main.fused")
    assert "value" not in asked


def test_listeners_of_a_returned_task_are_heard_once_each(calls):
    done = calls("location.fused_get_last_location", ".onSuccess") + calls(
        "location.fused_get_last_location", ".onComplete"
    )
    assert [(event["api"].rpartition(".")[2], event["value"]["lat"]) for event in done] == [
        ("onSuccess", 7),
        ("onComplete", 7),
    ]
    assert all(event["stack"][1].startswith("demo.Main.fused") for event in done)
    (batch,) = calls("location.fused_request_location_updates", ".onLocationResult")
    assert [item["lat"] for item in batch["value"]] == [8, 9]


def test_a_broadcast_yields_what_its_action_says_and_others_are_left_out(calls):
    (event,) = calls("broadcasts.register_receiver")
    assert (event["api"], event["data"]) == ("android.content.BroadcastReceiver.onReceive", ["sms"])
    assert event["value"] == {"body": "code 123456"}
    assert event["stack"][1].startswith("demo.Main.receivers")


def test_a_listener_of_many_sensors_tells_each_reading_apart_and_every_one_is_counted(calls):
    asked = calls("sensors.register_listener", ".registerListener")
    assert [(event["args"][1]["type"], event["data"]) for event in asked] == [(19, ["step_count"])]
    readings = calls("sensors.register_listener", ".onSensorChanged")
    steps = [event for event in readings if event["data"] == ["step_count"]]
    assert sum(event.get("count", 1) for event in steps) == 1000
    assert len(steps) < 1000
    assert steps[0]["value"] == {"type": 19, "values": [4000]}
    assert [event["value"]["values"] for event in readings if event["data"] == ["health_info"]] == [[72]]
    assert {tuple(event["data"]) for event in readings} == {("step_count",), ("health_info",)}


def test_what_only_the_listeners_own_base_class_receives_is_nothing_the_app_received(calls):
    (event,) = calls("telephony.listen")
    assert event["api"] == "android.telephony.PhoneStateListener.onCallStateChanged"
    assert (event["value"], event["args"]) == ("13800138000", [1, None])


def test_a_cursor_tells_what_the_app_read_of_it_and_no_more(calls):
    contacts = next(event for event in calls("content.query", "Cursor.getString") if "contacts" in event["data"])
    assert contacts["value"] == {
        "rows_read": 3,
        "cells": 4,
        "columns": {"display_name": ["Ada Example"] * 3, "_id": [101]},
    }
    assert contacts["stack"][0].startswith("demo.Main.cursors")
    queries = [event["args"][0] for event in calls("content.query", ".query")]
    assert queries.count("content://com.android.contacts/data") == 2
    assert not any("com.example.settings" in uri for uri in queries)


def test_a_long_cursor_is_told_in_parts_that_add_up(calls):
    values = [event["value"] for event in calls("content.query", "Cursor.getLong")]
    assert [value["rows_read"] for value in values] == [200, 200, 50]
    assert [len(value["columns"]["_id"]) for value in values] == [50, 50, 50]


def test_a_cursor_that_is_never_closed_is_told_when_the_process_ends(calls):
    (message,) = [event for event in calls("content.query", "Cursor.getString") if "sms" in event["data"]]
    assert message["value"]["columns"] == {"display_name": ["Ada Example"]}


def test_a_command_counts_by_its_words_however_it_is_given(calls):
    assert [(event["args"][0], event["data"]) for event in calls("exec.runtime_exec")] == [
        ("sh -c :", []),
        ("/no/such/getprop ro.serialno", ["serial"]),
        (["sh", "-c", "cat /sys/class/net/wlan0/address"], ["mac_wifi"]),
    ]
    (started,) = calls("exec.process_builder_start")
    assert started["receiver"] == ["sh", "-c", "ip addr"]
    assert set(started["data"]) == {"mac_wifi", "ip_address"}


def test_a_telling_path_counts_once_by_whatever_class_it_is_opened(calls):
    opened = [
        (event["args"][0], event["threw"])
        for hook in ("files.file_input_stream", "files.new_byte_channel", "files.random_access_file")
        for event in calls(hook)
    ]
    assert opened == [
        ("/proc/cpuinfo", None),
        ("/proc/version", None),
        ("/proc/meminfo", None),
        ("/sys/class/net/none0/address", "java.io.FileNotFoundException"),
    ]


def test_a_direct_transaction_is_known_by_interface_and_method(calls):
    direct, unknown, reflected = calls("binder.transact")
    assert (direct["data"], unknown["data"], reflected["data"]) == (["imsi"], [], ["imei"])
    assert direct["value"]["strings"] == ["356938035643809"]
    assert any(frame.startswith("demo.Main.transactions") for frame in reflected["stack"])


def test_a_transaction_beneath_a_catalogued_method_is_part_of_that_call(calls):
    assert len(calls("telephony.get_imei")) == 1


def test_reflection_and_method_handles_reach_the_hook_and_the_stack_names_who_used_them(calls):
    by_reflection, by_handle = calls("telephony.get_subscriber_id")
    assert by_reflection["stack"][0].startswith("demo.Main.byReflection")
    assert by_handle["stack"][0].startswith("demo.Main.byHandle")
    (hidden,) = calls("build.system_properties_get")
    assert (hidden["value"], hidden["data"]) == ("PIA0SERIAL", ["serial"])
    assert hidden["stack"][0].startswith("demo.Main.hidden")


def test_an_argument_that_the_method_fills_is_read_after_the_call(calls):
    (event,) = calls("build.get_memory_info")
    assert event["value"] == {"total": 8_000_000_000, "available": 1_000_000_000}
