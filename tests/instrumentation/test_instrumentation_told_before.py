"""One reading counts once, however many calls it takes to read an object."""

import pytest

from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.told_before import ToldBefore

CATALOG = load_catalog()


def call(hook: str, **more: object) -> dict[str, object]:
    entry = CATALOG.entries[hook]
    return {"type": "api_call", "hook": hook, "data": list(entry.all_data()), "threw": None, "value": "x", **more}


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


def test_only_the_types_that_were_told_are_left_out(told):
    told.settle(call("telephony.get_sim_serial_number"))
    left = told.settle(call("telephony.subscription_get_number"))
    assert (told.settle(call("telephony.subscription_get_icc_id"))["data"], left["data"]) == ([], ["phone_number"])


def test_other_events_pass_as_they_are(told):
    status = {"type": "hook_status", "hook": "location.location_get_latitude", "status": "installed"}
    assert told.settle(status) is status
