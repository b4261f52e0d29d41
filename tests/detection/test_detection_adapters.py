"""An adapter speaks about a place: endpoint, field path, shape of the value."""

import re

import pytest

from pia_runtime.detection.adapters import AdapterDetector
from pia_runtime.detection.field_path import field_names, fits, websocket_message
from pia_runtime.knowledge.data_file import ROOT, load_yaml
from pia_runtime.knowledge.taxonomy import load_placeholders
from pia_runtime.knowledge.trackers import load_adapters, load_shapes
from pia_runtime.model.detection import Leaf
from pia_runtime.model.flow import Flow


@pytest.fixture(scope="module")
def detector() -> AdapterDetector:
    return AdapterDetector(load_adapters(), load_shapes(), load_placeholders())


def request_to(host: str, target: str, method: str = "POST") -> Flow:
    return Flow("f", 0, 1000, method, "https", host, 443, target.encode(), "HTTP/1.1", (), None)


def body(*steps: str, value: str) -> Leaf:
    return Leaf("request.body", steps, "", value.encode())


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (("gunzip", "form:data_list", "base64", "gunzip", 'json:$[0]["$device_id"]'), ("data_list", "0", "$device_id")),
        (("message:3", 'json:$.a["b.c"].d'), ("a", "b.c", "d")),
        (("form:id#1",), ("id",)),
        (("json:$.ids#2[1]",), ("ids", "1")),
        (("protobuf:1.47",), ("1", "47")),
        (("protobuf:1[2].4:signed",), ("1", "4")),
        (("xml:/a/b[2]/@c",), ("a", "b", "c")),
        (("json-key:$.x",), ()),
        (("header:x-info", "base64"), ("x-info",)),
        (("gunzip",), ()),
        (("json:$",), ()),
    ],
)
def test_field_names_pass_over_transforms(path, names):
    assert field_names(path) == names


def test_a_star_is_one_name_and_two_stars_any_number():
    assert fits(("a", "*", "c"), ("a", "b", "c"))
    assert not fits(("a", "*", "c"), ("a", "c"))
    assert fits(("**", "c"), ("a", "b", "c"))
    assert fits(("**", "c"), ("c",))
    assert not fits(("**", "c"), ("c", "d"))


def test_a_message_index_is_read_from_the_first_step():
    assert websocket_message(("message:7", "json:$.a")) == 7
    assert websocket_message(("json:$.message:7",)) is None


def test_umeng_device_header_is_found_behind_any_wrapping(detector):
    flow = request_to("ulogs.umeng.com", "/unify_logs")
    leaf = body("slice:81-900", "inflate", "json:$.header.mc", value="3c:5a:b4:01:02:03")
    (match,) = detector.detect(flow, [leaf])
    assert (match.data, match.basis, match.source, match.confidence) == (
        "mac_wifi",
        "adapter",
        "umeng_unify_logs",
        "likely",
    )
    assert match.path == leaf.path
    assert match.value == "3c:5a:b4:01:02:03"


@pytest.mark.parametrize("value", ["", "0", "null", "02:00:00:00:00:00", "wifi", "00:00:00:00:00:00", "x" * 5000])
def test_placeholders_flags_and_other_shapes_are_no_hit(value, detector):
    flow = request_to("ulogs.umeng.com", "/unify_logs")
    assert detector.detect(flow, [body("json:$.header.mc", value=value)]) == []


@pytest.mark.parametrize(
    "flow",
    [
        request_to("ulogs.umeng.com", "/other"),
        request_to("ulogs.umeng.com.evil.example", "/unify_logs"),
        request_to("api.loan.example", "/unify_logs"),
    ],
)
def test_another_endpoint_is_no_hit(flow, detector):
    assert detector.detect(flow, [body("json:$.header.mc", value="3c:5a:b4:01:02:03")]) == []


def test_a_response_is_never_a_hit(detector):
    leaf = Leaf("response.body", ("json:$.header.mc",), "mc", b"3c:5a:b4:01:02:03")
    assert detector.detect(request_to("ulogs.umeng.com", "/unify_logs"), [leaf]) == []


def test_the_form_says_the_encoding(detector):
    flow = request_to("register.xmpush.xiaomi.com", "/pass/v2/register")
    digest = "0f3c1de9b0a4f5c2d7e8a1b2c3d4e5f6"
    (match,) = detector.detect(flow, [body("form:imei_md5", value=digest)])
    assert (match.data, match.encoding, match.value) == ("imei", "md5", digest)


def test_the_innermost_reading_of_a_place_is_taken(detector):
    flow = request_to("app.adjust.com", "/session")
    raw = body("form:gps_adid", value="Y2RkYTgwMmUtZmI5Yy00N2FkLTk4NjYtMDc5NGQzOTRjOTEy")
    inner = body("form:gps_adid", "base64", value="cdda802e-fb9c-47ad-9866-0794d394c912")
    matches = [match for match in detector.detect(flow, [raw, inner]) if match.data == "gaid"]
    assert [match.path for match in matches] == [inner.path]


def test_one_place_and_kind_gives_one_match_though_several_adapters_know_it(detector):
    flow = request_to("app.adjust.com", "/session")
    assert len(detector.adapters_of(flow)) >= 2
    matches = detector.detect(flow, [body("form:gps_adid", value="cdda802e-fb9c-47ad-9866-0794d394c912")])
    assert [match.data for match in matches] == ["gaid"]


def test_every_converted_place_finds_a_fitting_value_at_its_own_endpoint(detector):
    """No conversion produced a path that can never be met."""
    shapes = load_yaml(ROOT / "trackers" / "shapes.yaml")["shapes"]
    dead = []
    for adapter in load_adapters():
        host, path = next(((h, p) for e in adapter.endpoints for h in e.hosts for p in e.paths), (None, None))
        if host is None:
            continue
        for place in adapter.data_paths:
            if place.only_if:
                continue
            names = [name.replace("**", "x").replace("*", "0") for name in place.path]
            steps = tuple(f"form:{name}" for name in names)
            value = str(shapes.get(place.data, {"example": "cdda802e-fb9c-47ad"})["example"])
            leaf = Leaf(min(place.locations), steps, "", value.encode())
            if place.data not in {match.data for match in detector.detect(request_to(host, path), [leaf])}:
                dead.append((adapter.id, place.path))
    assert dead == []


def test_conditions_of_a_place_are_kept(detector):
    adapter = next(adapter for adapter in load_adapters() if any(place.not_if for place in adapter.data_paths))
    place = next(place for place in adapter.data_paths if place.not_if)
    assert isinstance(place.not_if, re.Pattern)
    host, path = next((h, p) for e in adapter.endpoints for h in e.hosts for p in e.paths)
    steps = tuple(f"form:{name}".replace("*", "0") for name in place.path)
    refused = place.not_if.pattern.strip("^$")
    assert detector.detect(request_to(host, path), [Leaf(min(place.locations), steps, "", refused.encode())]) == []
