"""Which data a call yields: by one argument, by several, by commands, paths and fields of objects."""

import pytest
from pydantic import ValidationError

from pia_runtime.instrumentation.catalog_callback import Callback
from pia_runtime.instrumentation.catalog_entry import HookEntry
from pia_runtime.instrumentation.catalog_selection import matches

ENTRY = {"id": "demo.get", "api": "a.b.C.get", "api_levels": "1-", "trigger": "call it", "source": "somewhere"}
DELIVERY = {"method": "onData", "value": "text", "data": ["sensor_data"]}


@pytest.mark.parametrize(
    ("text", "key", "match", "expected"),
    [
        ("getprop ro.serialno", "getprop", "words", True),
        ("/system/bin/getprop ro.serialno", "getprop ro.serialno", "words", True),
        ("sh -c 'getprop|grep serial'", "getprop", "words", True),
        ("sh -c getprop2", "getprop", "words", False),
        ("echo forgetprop", "getprop", "words", False),
        ("ip -o addr", "ip addr", "words", False),
        ("ip addr show wlan0", "ip addr", "words", True),
        ("cat /sys/class/net/wlan0/address", "cat /sys/class/net/*", "words", True),
        ("cat", "cat /sys/class/net/*", "words", False),
        ("/sys/class/net/wlan0/address", "/sys/class/net/*/address", "glob", True),
        ("/sys/class/net/a/b/address", "/sys/class/net/*/address", "glob", False),
        ("/sdcard/DCIM/a/b.jpg", "/sdcard/DCIM/**", "glob", True),
        ("/proc/net/arp.bak", "/proc/net/arp", "glob", False),
        ("a[b]c", "a[b]*", "glob", True),
        ("content://sms/inbox", "content://sms", "prefix", True),
        ("x content://sms", "content://sms", "prefix", False),
        ("x content://sms", "content://sms", "contains", True),
        ("imei", "IMEI", "equals", False),
    ],
)
def test_each_kind_of_match_takes_what_it_says_and_nothing_else(text, key, match, expected):
    assert matches(text, key, match) is expected


def test_several_arguments_add_up_what_they_yield():
    first = {"index": 0, "match": "equals", "data": {"a": ["sms"]}}
    second = {"index": 1, "match": "equals", "data": {"b": ["sms", "contacts"]}}
    entry = HookEntry.model_validate({**ENTRY, "data_by_argument": [first, second]})
    assert entry.data_of(["a", "b"]) == ("sms", "contacts")
    assert entry.data_of(["x", "b"]) == ("sms", "contacts")
    assert entry.data_of(["x", "x"]) == ()
    assert entry.plan()["only"]


def test_a_text_behind_a_path_is_the_agents_to_read():
    selector = {"index": 0, "path": "getAction()", "match": "equals", "data": {"SMS": ["sms"]}}
    entry = HookEntry.model_validate({**ENTRY, "args": ["skip"], "data_by_argument": selector})
    assert entry.data_of([None], ["SMS"]) == ("sms",)
    assert entry.data_of(["SMS"]) == ()


def test_the_longest_matching_key_counts_in_every_kind_of_match():
    data = {"cat": [], "cat /sys/class/net/*": ["mac_wifi"]}
    entry = HookEntry.model_validate({**ENTRY, "data_by_argument": {"index": 0, "match": "words", "data": data}})
    assert entry.data_of(["cat /sys/class/net/wlan0/address"]) == ("mac_wifi",)
    assert entry.data_of(["cat /x"]) == ()


def test_an_entry_whose_data_only_its_listeners_get_is_silent_about_the_registration():
    callback = {"listener": "a.b.Listener", "deliveries": [DELIVERY]}
    entry = HookEntry.model_validate({**ENTRY, "callbacks": [callback]})
    assert entry.plan()["silent"]
    assert entry.all_data() == ["sensor_data"]
    assert entry.delivery([0, 0])[0] == "a.b.Listener.onData"
    assert not HookEntry.model_validate({**ENTRY, "data": ["sms"], "callbacks": [callback]}).plan()["silent"]


def test_a_delivery_names_the_interface_that_declares_it():
    delivery = {**DELIVERY, "declared_by": "a.b.Part"}
    callback = Callback.model_validate({"listener": "a.b.Listener", "deliveries": [delivery]})
    assert callback.api(callback.deliveries[0]) == "a.b.Part.onData"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"data_by_argument": {"match": "equals", "data": {"a": []}}}, "an argument needs one"),
        ({"data_by_argument": {"of": "receiver", "index": 0, "match": "equals", "data": {"a": []}}}, "index is for"),
        ({"data_by_argument": {"index": 0, "path": "a b", "match": "equals", "data": {"a": []}}}, "no path"),
        ({"data_by_argument": {"index": 0, "match": "regex", "data": {"a": []}}}, "glob"),
        ({"data": ["sms"], "value": {"at": "get()", "as": "shiny"}}, "unknown projection 'shiny'"),
        ({"data": ["sms"], "value": {"at": "get()"}}, "unknown projection"),
        ({"data": ["sms"], "receiver": "shiny"}, "receiver"),
        ({"data": ["sms"], "value_of": -1}, "value_of"),
        ({"data": ["sms"], "found_by": ["a b"]}, "no Java name"),
        ({"event": "tap", "cursor": True}, "are for api_call"),
        ({"callbacks": [{"listener": "a.B", "deliveries": []}]}, "deliveries"),
        ({"callbacks": [{"listener": "a.B", "deliveries": [DELIVERY, DELIVERY]}]}, "overloads of their own"),
        ({"callbacks": [{"listener": "a.B", "deliveries": [{**DELIVERY, "value": "shiny"}]}]}, "shiny"),
        ({"callbacks": [{"listener": "a.B", "deliveries": [{**DELIVERY, "args": ["shiny"]}]}]}, "shiny"),
        ({}, "name data or data_by_argument"),
    ],
)
def test_an_entry_that_the_agent_could_not_follow_is_refused(fields, complaint):
    with pytest.raises(ValidationError, match=complaint):
        HookEntry.model_validate({**ENTRY, **fields})
