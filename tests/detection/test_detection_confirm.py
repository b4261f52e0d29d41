"""A hit counts only where the whole value stands free and, if it is weak, in a context that speaks of it."""

import base64

import pytest

from pia_runtime.detection.confirm import Needle, Span, bounded, confirm
from pia_runtime.detection.needles import NeedleSet
from pia_runtime.detection.scanner_leaves import search
from pia_runtime.knowledge.encodings import load_encodings
from pia_runtime.model.detection import Leaf
from pia_runtime.model.session import Identifier

ENCODINGS = load_encodings()
PHONE = NeedleSet.build([Identifier(id="phone_number", value="13800138000")], ENCODINGS)
MAC = NeedleSet.build([Identifier(id="mac_wifi", value="ac:37:43:9b:12:fe")], ENCODINGS)
NAME = NeedleSet.build([Identifier(id="person_name", value="张三")], ENCODINGS)
BIRTH = NeedleSet.build([Identifier(id="age_or_birthdate", value="1990-01-31")], ENCODINGS)


def encodings_in(needles: NeedleSet, data: bytes, key: str = "") -> list[str]:
    return [hit.needle.encoding for hit in search(needles, [Leaf("request.body", (), key, data)]).confirmed]


@pytest.mark.parametrize(
    "text", ["13800138000", "+8613800138000", "008613800138000", "8613800138000", "tel:13800138000,", "1,13800138000"]
)
def test_a_number_that_stands_free_or_behind_its_country_code_is_found(text: str) -> None:
    assert encodings_in(PHONE, text.encode()) == ["plain"]


@pytest.mark.parametrize(
    "text", ["913800138000", "138001380001", "0.13800138000", "13800138000.5", "1238613800138000", "ab13800138000cdef"]
)
def test_a_number_inside_a_longer_one_is_not_found(text: str) -> None:
    assert encodings_in(PHONE, text.encode()) == []


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_boundaries_hold_inside_base64_at_every_alignment(offset: int) -> None:
    free = base64.b64encode(b"x" * offset + b"13800138000" + b"&")
    longer = base64.b64encode(b"1" * (offset + 3) + b"13800138000" + b"&")
    assert encodings_in(PHONE, free) == ["base64"]
    assert encodings_in(PHONE, longer) == []


def test_boundaries_hold_inside_hex() -> None:
    assert encodings_in(PHONE, b"x=13800138000&".hex().encode()) == ["hex"]
    assert encodings_in(PHONE, b"913800138000".hex().encode()) == []


def test_a_reversed_number_must_stand_free_as_well() -> None:
    assert encodings_in(PHONE, b"00083100831") == ["reversed"]
    assert encodings_in(PHONE, b"000831008319") == []


@pytest.mark.parametrize("text", ["ac:37:43:9b:12:fe", "mac:AC:37:43:9B:12:FE", "AC37439B12FE", "ac-37-43-9b-12-fe"])
def test_a_hardware_address_is_found_in_each_spelling(text: str) -> None:
    assert len(encodings_in(MAC, text.encode())) == 1


@pytest.mark.parametrize(
    "text", ["ac:37:43:9b:12:fe:00:11", "00:ac:37:43:9b:12:fe", "ac:37:43:9b:12:ff", "0ac37439b12fe0"]
)
def test_a_near_miss_of_a_hardware_address_is_not_found(text: str) -> None:
    assert encodings_in(MAC, text.encode()) == []


@pytest.mark.parametrize(
    ("text", "seen"), [("/v1/a.b@qq.com.json", 1), ("a.b@qq.com.cn", 0), ("a.b@qq.com.json.cn", 0)]
)
def test_an_address_may_stand_before_the_ending_of_a_file(text: str, seen: int) -> None:
    needles = NeedleSet.build([Identifier(id="email_address", value="a.b@qq.com")], ENCODINGS)
    assert len(encodings_in(needles, text.encode())) == seen


def test_a_name_of_two_characters_needs_to_be_the_whole_value_or_under_a_telling_key() -> None:
    assert encodings_in(NAME, "张三".encode()) == ["plain"]
    assert encodings_in(NAME, "收件人 张三 收".encode(), key="linkman") == ["plain"]
    assert encodings_in(NAME, "收件人 张三 收".encode()) == []
    assert encodings_in(NAME, "张三丰".encode(), key="name") == []


def test_a_date_counts_only_under_a_telling_key() -> None:
    assert encodings_in(BIRTH, b"19900131", key="birthday") == ["yyyyMMdd"]
    assert encodings_in(BIRTH, b"19900131", key="created") == []


def test_a_digest_inside_a_longer_hex_text_is_not_found() -> None:
    digest = "7ac7be8e3d0a7c3ffd8f0e4fcbc1d5d7"
    assert not bounded("hex", b"0", digest.encode(), b"")
    assert bounded("hex", b"=", digest.encode(), b"&")


def test_an_address_that_only_ends_alike_is_another_address() -> None:
    assert not bounded("email", b"x", b"a@b.cn", b"")
    assert not bounded("email", b"", b"a@b.cn", b".example")
    assert bounded("email", b"<", b"a@b.cn", b">.")


def test_in_binary_data_a_value_behind_its_own_length_needs_no_other_edges():
    uuid = b"cdda802e-fb9c-47ad-9866-0794d394c912"
    needle = Needle(uuid, "gaid", uuid.decode(), "known", "plain", "uuid")
    assert confirm(needle, b"\xa2\x61ax\x24" + uuid + b"\x61b", 5, "") == Span(5, 41)
    assert confirm(needle, b"\xa2\x61ax\x25" + uuid + b"\x61b", 5, "") is None
    assert confirm(needle, b"text ax$" + uuid + b"ab", 8, "") is None
