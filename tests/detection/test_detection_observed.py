"""What APIs returned in the run becomes something to search for, unless it is known or proves nothing."""

from typing import Any

import pandas as pd

from pia_runtime.detection.needles import Learned, NeedleSet
from pia_runtime.detection.observed import observed_values
from pia_runtime.knowledge.encodings import load_encodings
from pia_runtime.model.event import API_CALL_COLUMNS, Events
from pia_runtime.model.session import Coordinates, Identifier, Packages


def events(*calls: tuple[str, Any] | tuple[str, Any, str]) -> Events:
    """Calls as ``(data, value)`` or ``(data, value, api)``; ``seq`` counts from 1."""
    rows: dict[str, list[Any]] = {name: [] for name in API_CALL_COLUMNS}
    for seq, (data, value, *api) in enumerate(calls, 1):
        row = {
            "seq": seq,
            "t_ns": seq,
            "data": data,
            "value": value,
            "api": api[0] if api else "a.B.get",
            "has_value": True,
            "count": 1,
        }
        for name in rows:
            rows[name].append(row.get(name, None if name in ("mono_ns", "foreground", "args") else ""))
    return Events(pd.DataFrame({name: pd.Series(rows[name], dtype=dtype) for name, dtype in API_CALL_COLUMNS.items()}))


def told(learned: list[Learned]) -> list[tuple[str, object, tuple[int, ...]]]:
    return [(item.identifier.id, item.identifier.value, item.learned_from) for item in learned]


def test_a_returned_text_is_observed_with_every_event_that_returned_it() -> None:
    given = events(("android_id", "a1b2c3d4e5f60718"), ("oaid", None), ("android_id", "a1b2c3d4e5f60718"))
    assert told(observed_values(given)) == [("android_id", "a1b2c3d4e5f60718", (1, 3))]


def test_a_known_value_stays_known_however_it_was_spelled() -> None:
    known = [Identifier(id="mac_wifi", value="ac:37:43:9b:12:fe")]
    assert observed_values(events(("mac_wifi", "AC-37-43-9B-12-FE")), known) == []
    assert len(observed_values(events(("bssid", "AC-37-43-9B-12-FE")), known)) == 1


def test_lists_and_objects_are_walked_to_their_leaves() -> None:
    value = [{"name": "王小明", "phones": ["13912345678"]}, {"name": "李雷", "age": 3}]
    texts = {text for _, text, _ in told(observed_values(events(("contacts", value))))}
    assert {"王小明", "13912345678", "李雷"} <= texts


def test_package_names_of_many_calls_are_one_list() -> None:
    given = events(("installed_apps", ["com.tencent.mm"]), ("installed_apps", {"packageName": "com.sina.weibo"}))
    assert told(observed_values(given)) == [
        ("installed_apps", Packages(packages=("com.sina.weibo", "com.tencent.mm")), (1, 2))
    ]


def test_positions_are_read_from_objects_texts_and_pairs_of_calls() -> None:
    here = Coordinates(lat=31.2304, lon=121.4737)
    for given in (
        events(("location_precise", {"latitude": 31.2304, "longitude": 121.4737})),
        events(("location_precise", "Location[gps 31.2304,121.4737 hAcc=12]")),
        events(
            ("location_precise", 31.2304, "android.location.Location.getLatitude"),
            ("location_precise", 121.4737, "android.location.Location.getLongitude"),
        ),
    ):
        assert [value for _, value, _ in told(observed_values(given))] == [here]


def test_a_call_that_may_yield_several_kinds_is_decided_by_what_it_yielded() -> None:
    given = events(("meid,imei", "356938035643809"), ("imei,meid", "a0000031ab12cd"))
    assert [identifier for identifier, _, _ in told(observed_values(given))] == ["imei", "meid"]


def test_weak_and_placeholder_values_never_become_needles_and_the_reason_is_kept() -> None:
    given = events(
        ("device_model", "Pixel 6"),
        ("serial", "unknown"),
        ("android_id", "9774d56d682e549c"),
        ("imei", "000000000000000"),
    )
    placeholders = frozenset({"unknown", "9774d56d682e549c"})
    built = NeedleSet.build([], load_encodings(), placeholders=placeholders, observed=observed_values(given))
    assert built.needles == ()
    assert [identifier for identifier, _ in built.too_weak] == ["device_model", "serial", "android_id", "imei"]


def test_calls_that_threw_returned_nothing() -> None:
    given = events(("imei", "356938035643809"))
    given.api_calls["threw"] = pd.Categorical(["java.lang.SecurityException"])
    assert observed_values(given) == []
