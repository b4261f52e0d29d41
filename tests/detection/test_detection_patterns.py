"""Values that prove themselves, and the traps in which none is."""

import random
import string
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.detection.patterns import PatternDetector, words_of
from pia_runtime.detection.variants_shapes import luhn_digit
from pia_runtime.knowledge.patterns import load_patterns, load_positions
from pia_runtime.model.detection import Leaf, Match
from pia_runtime.model.flow import Flow

NOW_NS = 1_763_884_800_000_000_000
FLOW = Flow("f", NOW_NS, 1000, "POST", "https", "x.example", 443, b"/", "HTTP/1.1", (), None)
DETECTOR = PatternDetector(load_patterns(), load_positions())


def find(key: str, value: str, location: str = "request.body") -> list[Match]:
    return DETECTOR.detect(FLOW, [Leaf(location, (f"json:$.{key}",), key, value.encode())])


def test_a_match_says_where_by_what_and_how_sure():
    (match,) = find("mobile", "13912345678")
    assert match == Match(
        "phone_number", "pattern", "plain", "13912345678", "request.body", ("json:$.mobile",), "likely", "phone_number"
    )


@pytest.mark.parametrize("location", ["response.body", "response.header", "response.cookie", "websocket.server"])
def test_responses_are_not_looked_at(location):
    assert find("mobile", "13912345678", location) == []


@pytest.mark.parametrize("location", ["request.url.query", "request.header", "request.cookie", "websocket.client"])
def test_every_part_of_a_request_is_looked_at(location):
    assert [match.data for match in find("mobile", "13912345678", location)] == ["phone_number"]


def test_a_message_is_named():
    leaf = Leaf("websocket.client", ("message:4", "json:$.mobile"), "mobile", b"13912345678")
    assert [match.message for match in DETECTOR.detect(FLOW, [leaf])] == [4]


def test_a_value_is_told_once_where_it_is_most_deeply_decoded():
    outer = Leaf("request.body", ("form:idcard",), "idcard", b'{"no":"11010519491231002X"}')
    inner = Leaf("request.body", ("form:idcard", "json:$.no"), "no", b"11010519491231002X")
    assert [match.path for match in DETECTOR.detect(FLOW, [outer, inner])] == [inner.path]


def test_a_digest_under_a_telling_name_is_called_by_its_length():
    assert [match.encoding for match in find("imei_md5", "0f3c1de9b0a4f5c2d7e8a1b2c3d4e5f6")] == ["md5"]
    assert [match.encoding for match in find("didsha1", "0f3c1de9b0a4f5c2d7e8a1b2c3d4e5f60f3c1de9")] == ["sha1"]


def test_a_birth_date_after_the_request_is_none():
    young = _resident_id("11010520300101002")
    assert find("idcard", young) == []


def test_a_number_with_a_recent_date_needs_a_telling_name():
    recent = _resident_id("11010520250601002")
    assert find("orderNo", recent) == []
    assert [match.data for match in find("idcard", recent)] == ["id_card_number"]


def _resident_id(body: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ts", "1763884800000"),
        ("ts", "1391234567890"),
        ("time", "1763884800"),
        ("version", "1.2.3.4"),
        ("sign", "0f3c1de9b0a4f5c2d7e8a1b2c3d4e5f6"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("spanId", "b7ad6b7169203331"),
        ("orderNo", "356938035643809"),
        ("order_id", "202511231234567890"),
        ("snowflake", "1726284610482163712"),
        ("did", "1726284610482163"),
        ("aid", "b7ad6b7169203331"),
        ("udid", "0af76519-16cd-43dd-8448-eb211c80319c"),
        ("uuid", "cdda802e-fb9c-47ad-9866-0794d394c912"),
        ("ssid", "7012345678901234567"),
        ("cid", "46001"),
        ("mccmnc", "46001"),
        ("sn", "13912345678"),
        ("gaid", "00000000-0000-0000-0000-000000000000"),
        ("mac", "02:00:00:00:00:00"),
        ("imei", "000000000000000"),
        ("android_id", "9774d56d682e549c"),
        ("serial", "unknown"),
        ("package", "a@1.2.3"),
        ("url", "https://user@host.example/x"),
        ("mac", "3C:5A:B4:01:02"),
        ("price", "13912345678.50"),
        ("ratio", "0.356938035643809"),
    ],
)
def test_the_traps_of_the_taxonomy_are_no_hit(key, value):
    assert find(key, value) == []


def test_random_uuids_digests_and_numbers_under_ordinary_names_are_no_hit():
    generator = random.Random(7)
    leaves = []
    for number in range(3000):
        digits = "".join(generator.choices(string.digits, k=generator.randint(9, 22)))
        lucky = digits[:14].rjust(14, "8")
        for value in (
            str(uuid.UUID(int=generator.getrandbits(128), version=4)),
            f"{generator.getrandbits(128):032x}",
            f"{generator.getrandbits(64):016x}",
            digits,
            lucky + luhn_digit(lucky),
            str(1_763_000_000_000 + generator.randint(0, 10**9)),
            f"{generator.randint(0, 99)}.{generator.randint(0, 99)}.{generator.randint(0, 99)}",
        ):
            name = generator.choice(
                ["id", "orderNo", "requestId", "ts", "version", "sign", "token", "seq", "ext", "k1"]
            )
            leaves.append(Leaf("request.body", (f"json:$[{number}].{name}",), name, value.encode()))
    assert [(match.source, match.value) for match in DETECTOR.detect(FLOW, leaves)] == []


@given(st.binary(max_size=400), st.text(max_size=20))
def test_any_bytes_under_any_name_are_read_without_fault(data, key):
    DETECTOR.detect(FLOW, [Leaf("request.body", ("json:$.x",), key, data)])


def test_a_position_needs_both_numbers_beside_each_other():
    lat = Leaf("request.body", ("json:$.a.lat",), "lat", b"31.230416")
    beside = Leaf("request.body", ("json:$.a.lng",), "lng", b"121.473701")
    elsewhere = Leaf("request.body", ("json:$.b.lng",), "lng", b"121.473701")
    (match,) = DETECTOR.detect(FLOW, [lat, beside])
    assert (match.data, match.value, match.path) == ("location_precise", "31.230416,121.473701", lat.path)
    assert DETECTOR.detect(FLOW, [lat, elsewhere]) == []


def test_millionths_of_degrees_are_a_position_where_both_names_tell_it():
    def told(lat: bytes, lng: bytes) -> list[tuple[str, str]]:
        fields = (("lat", lat), ("lng", lng))
        leaves = [Leaf("request.body", (f"json:$.a.{key}",), key, data) for key, data in fields]
        return [(match.encoding, match.value) for match in DETECTOR.detect(FLOW, leaves)]

    assert told(b"31230416", b"121473701") == [("e6", "31.230416,121.473701")]
    assert told(b"31230000", b"121470000") == []
    assert told(b"121473701", b"31230416") == []


def test_a_name_that_ends_in_account_holds_one():
    assert [match.data for match in find("bankAccount", "6222021234567890128")] == ["bank_card_number"]
    assert find("bankCardCount", "6222021234567890128") == []


def test_field_names_are_cut_into_words():
    assert {"id", "card", "idcard", "useridcardno"} <= words_of("userIdCard_no")
    assert "imei1" in words_of("imei1")
    assert "phone" not in words_of("headphones")


def test_an_array_of_two_numbers_is_a_position_in_either_order():
    steps = ("json:$.a.coordinates[0]", "json:$.a.coordinates[1]")
    for values in (("121.473701", "31.230416"), ("31.230416", "121.473701")):
        pairs = zip(steps, values, strict=True)
        leaves = [Leaf("request.body", (step,), "coordinates", value.encode()) for step, value in pairs]
        assert [match.value for match in DETECTOR.detect(FLOW, leaves)] == ["31.230416,121.473701"]
