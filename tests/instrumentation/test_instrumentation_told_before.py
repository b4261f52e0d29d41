"""One reading counts once, however many calls it takes to read an object."""

import pytest

from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.told_before import ToldBefore

CATALOG = load_catalog()


OWN = ("com.example.loan.Main$1.onLocationChanged(Main.java:3)", "com.example.loan.Main.start(Main.java:1)")
SDK = ("com.riskeye.sdk.Probe.read(Probe.java:7)", "com.example.loan.Main.start(Main.java:1)")


def call(hook: str, **more: object) -> dict[str, object]:
    entry = CATALOG.entries[hook]
    about = {"type": "api_call", "hook": hook, "data": list(entry.all_data()), "threw": None, "value": "x"}
    return {**about, "stack": list(OWN), **more}


@pytest.fixture
def told() -> ToldBefore:
    return ToldBefore(CATALOG)


def test_a_coordinate_read_out_of_a_delivered_position_is_no_second_reading(told):
    assert told.settle(call("location.get_last_known_location"))["data"] == ["location_precise"]
    assert told.settle(call("location.location_get_latitude"))["data"] == []
    assert told.settle(call("location.get_last_known_location"))["data"] == ["location_precise"]


def test_a_position_that_came_by_an_unwatched_way_is_told_by_whoever_reads_it(told):
    assert told.settle(call("location.location_get_latitude"))["data"] == ["location_precise"]
    assert told.settle(call("location.location_get_longitude"))["data"] == ["location_precise"]


@pytest.mark.parametrize("outcome", [{"threw": "java.lang.SecurityException"}, {"value": None}])
def test_a_call_that_gave_nothing_has_handed_nothing_out(told, outcome):
    told.settle(call("location.get_last_known_location", **outcome))
    assert told.settle(call("location.location_get_latitude"))["data"] == ["location_precise"]


def test_what_one_party_was_given_is_told_when_another_party_reads_it(told):
    told.settle(call("location.get_last_known_location"))
    assert told.settle(call("location.location_get_latitude", stack=list(SDK)))["data"] == ["location_precise"]


def test_whoever_stood_on_the_way_of_the_answer_was_given_it(told):
    told.settle(call("location.get_last_known_location", stack=list(SDK)))
    assert told.settle(call("location.location_get_latitude"))["data"] == []


def test_a_reading_without_a_stack_is_told(told):
    told.settle(call("location.get_last_known_location"))
    assert told.settle(call("location.location_get_latitude", stack=[]))["data"] == ["location_precise"]


def test_only_the_types_that_were_told_are_left_out(told):
    told.settle(call("telephony.get_sim_serial_number"))
    left = told.settle(call("telephony.subscription_get_number"))
    assert (told.settle(call("telephony.subscription_get_icc_id"))["data"], left["data"]) == ([], ["phone_number"])


def test_other_events_pass_as_they_are(told):
    status = {"type": "hook_status", "hook": "location.location_get_latitude", "status": "installed"}
    assert told.settle(status) is status
