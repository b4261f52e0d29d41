"""What is searched for, what is not, and why."""

import pytest

from pia_runtime.detection.needles import Learned, NeedleSet
from pia_runtime.detection.needles_forms import encoding_name
from pia_runtime.detection.needles_strength import bits, context_needed, weak
from pia_runtime.knowledge.encodings import load_encodings
from pia_runtime.knowledge.taxonomy import load_placeholders
from pia_runtime.model.session import Contact, Coordinates, Identifier, Packages

ENCODINGS = load_encodings()


def test_every_transform_of_the_knowledge_makes_needles_of_some_value() -> None:
    values = [
        ("gaid", "CDDA802E-FB9C-47AD-9866-0794D394C912"),
        ("imei", "356938035643809"),
        ("mac_wifi", "ac:37:43:9b:12:fe"),
        ("widevine_id", "2p3x1Kc0Yb8v4hZkQnTtJ5mWfL7sE9aR6uXgCdHyB0M="),
    ]
    built = NeedleSet.build([Identifier(id=name, value=value) for name, value in values], ENCODINGS)
    named = {needle.encoding.replace("base64(", "(").split("(")[0] for needle in built.needles}
    spoken = {needle.encoding for needle in built.needles}
    # A transform of a spelling is named with it, so the bare name need not occur.
    assert {
        encoding.name
        for encoding in ENCODINGS
        if encoding.name not in spoken and encoding.name.split("(")[0] not in named
    } == set()


def test_each_needle_of_a_value_has_bytes_of_its_own() -> None:
    built = NeedleSet.build([Identifier(id="gaid", value="cdda802e-fb9c-47ad-9866-0794d394c912")], ENCODINGS)
    keys = [(needle.data, needle.offset) for needle in built.needles]
    assert len(keys) == len(set(keys)) > 100


@pytest.mark.parametrize(
    ("identifier", "value"),
    [
        ("device_model", "Pixel"),
        ("carrier_info", "中国移动"),
        ("age_or_birthdate", "34"),
        ("account_id", "0"),
        ("serial", "unknown"),
        ("mac_wifi", "02:00:00:00:00:00"),
        ("gaid", "00000000-0000-0000-0000-000000000000"),
        ("android_id", "9774d56d682e549c"),
        ("imei", "000000000000000"),
        ("ip_address", "127.0.0.1"),
        ("contacts", Contact(name="Al")),
        ("installed_apps", Packages(packages=("com.tencent.mm", "com.android.chrome"))),
    ],
)
def test_values_that_identify_nobody_are_listed_with_a_reason(identifier: str, value: str | Contact | Packages) -> None:
    item = Identifier(id=identifier, value=value)
    built = NeedleSet.build([item], ENCODINGS, placeholders=load_placeholders())
    assert built.needles == ()
    assert built.too_weak == ((identifier, weak(item, load_placeholders())),)


@pytest.mark.parametrize(
    ("identifier", "value"),
    [
        ("imei", "356938035643809"),
        ("phone_number", "13800138000"),
        ("serial", "R58M12ABCDE"),
        ("person_name", "欧阳小明"),
        ("email_address", "li@example.com"),
        ("health_info", "甲状腺功能亢进 3/2025 复查"),
    ],
)
def test_values_that_identify_are_found_anywhere(identifier: str, value: str) -> None:
    assert weak(Identifier(id=identifier, value=value)) is None
    assert context_needed(identifier, value) == "none"


def test_a_word_about_health_is_shared_by_many_and_a_sentence_is_not() -> None:
    assert weak(Identifier(id="health_info", value="asthma")) is not None
    assert weak(Identifier(id="health_info", value="asthma, salbutamol 100 since 2019-03")) is None


def test_short_values_need_a_context() -> None:
    assert context_needed("age_or_birthdate", "1990-01-31") == "key"
    assert context_needed("person_name", "张三") == "leaf"
    assert bits("ssid", "HomeWifi") < bits("serial", "R58M12ABCDE")


def test_a_known_value_is_not_observed_again() -> None:
    item = Identifier(id="android_id", value="a1b2c3d4e5f60718")
    built = NeedleSet.build([item], ENCODINGS, observed=[Learned(item, "observed", (4,))])
    assert {needle.basis for needle in built.needles} == {"known"}


def test_many_observed_values_are_all_searched_but_only_the_first_in_every_form() -> None:
    many = [
        Learned(Identifier(id="account_id", value=f"user-{number:04}-QxZ7"), "observed", (number,))
        for number in range(150)
    ]
    built = NeedleSet.build([], ENCODINGS, observed=many)
    forms = {
        value: {needle.encoding for needle in built.needles if needle.value == value}
        for value in ("user-0001-QxZ7", "user-0140-QxZ7")
    }
    assert {"plain", "md5", "sha256", "base64"} <= forms["user-0140-QxZ7"] < forms["user-0001-QxZ7"]


def test_the_name_of_an_encoding_says_what_was_done_from_the_inside_out() -> None:
    assert encoding_name("md5", "plain") == "md5"
    assert encoding_name("md5", "upper") == "md5(upper)"
    assert encoding_name("sha1(md5)", "stripped") == "sha1(md5(stripped))"


def test_a_position_is_a_place_and_also_one_text() -> None:
    built = NeedleSet.build(
        [Identifier(id="location_precise", value=Coordinates(lat=31.230416, lon=121.473701))], ENCODINGS
    )
    assert [position.identifier for position in built.positions] == ["location_precise"]
    assert {needle.value for needle in built.needles} == {"31.230416,121.473701"}


def test_the_app_under_test_is_no_installed_app() -> None:
    item = Identifier(
        id="installed_apps", value=Packages(packages=("com.example.loan", "com.tencent.mm", "com.sina.weibo"))
    )
    built = NeedleSet.build([item], ENCODINGS, app_package="com.example.loan")
    plain = {needle.data for needle in built.needles if needle.encoding == "plain"}
    assert plain == {b"com.tencent.mm", b"com.sina.weibo"}
