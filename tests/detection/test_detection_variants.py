"""One value, the ways people and programs spell it."""

import pytest

from pia_runtime.detection.variants import variants
from pia_runtime.detection.variants_shapes import luhn_digit, shape
from pia_runtime.model.session import Contact, Coordinates, Packages


def named(identifier: str, value: str) -> dict[str, str]:
    return {variant.name: variant.text for variant in variants(identifier, value)}


def test_the_first_variant_is_the_value_as_given() -> None:
    assert variants("gaid", "CDDA802E-fb9c-47ad-9866-0794d394c912")[0].name == "plain"


def test_an_imei_loses_its_check_digit_and_gets_it_back() -> None:
    assert named("imei", "356938035643809")["without-check-digit"] == "35693803564380"
    assert named("imei", "35693803564380")["with-check-digit"] == "356938035643809"
    assert luhn_digit("7992739871") == "3"


def test_a_hardware_address_is_spelled_with_every_separator_and_without() -> None:
    spelled = {variant.text for variant in variants("mac_wifi", "AC:37:43:9b:12:FE")}
    assert {"ac:37:43:9b:12:fe", "AC-37-43-9B-12-FE", "ac37439b12fe", "AC37439B12FE", "ac37.439b.12fe"} <= spelled


def test_a_mainland_number_is_spelled_with_its_country_code() -> None:
    for given in ("13800138000", "+86 138 0013 8000", "0086-138-0013-8000"):
        spelled = {variant.text for variant in variants("phone_number", given)}
        assert {"13800138000", "+8613800138000", "8613800138000", "138 0013 8000"} <= spelled


def test_a_birth_date_is_spelled_in_the_orders_in_use() -> None:
    spelled = {variant.text for variant in variants("age_or_birthdate", "1990-01-31")}
    assert {"19900131", "1990/1/31", "31/01/1990", "1990年1月31日"} <= spelled


def test_a_uuid_loses_its_dashes_and_32_hex_digits_get_them() -> None:
    assert named("oaid", "cdda802e-fb9c-47ad-9866-0794d394c912")["stripped"] == "cdda802efb9c47ad98660794d394c912"
    assert named("oaid", "cdda802efb9c47ad98660794d394c912")["dashed,lower"] == "cdda802e-fb9c-47ad-9866-0794d394c912"


def test_names_change_their_order_and_ssids_lose_their_quotes() -> None:
    assert named("person_name", "Zhang San")["reordered"] == "San Zhang"
    assert named("ssid", '"HomeNet-5G"')["trimmed"] == "HomeNet-5G"


def test_a_number_of_anything_loses_its_separators_and_a_sentence_keeps_them() -> None:
    assert named("order_info", "ORD-2025-77123")["stripped"] == "ORD202577123"
    assert "stripped" not in named("calendar", "Dr. Li at 3 p.m.")
    assert "stripped" not in named("email_address", "a.b@example.org")


def test_every_part_of_a_contact_is_spelled() -> None:
    spelled = {
        variant.text
        for variant in variants("contacts", Contact(name="李小明", phones=("13912345678",), emails=("Li@Example.com",)))
    }
    assert {"李小明", "13912345678", "139 1234 5678", "li@example.com"} <= spelled


def test_packages_and_positions_are_texts_too() -> None:
    assert variants("installed_apps", Packages(packages=("com.tencent.mm",)))[0].text == "com.tencent.mm"
    assert variants("location_precise", Coordinates(lat=31.230416, lon=121.473701))[0].text == "31.230416,121.473701"


@pytest.mark.parametrize(
    ("identifier", "text", "expected"),
    [
        ("phone_number", "13800138000", "phone"),
        ("iccid", "89860012345678901234", "digits"),
        ("android_id", "a1b2c3d4e5f60718", "hex"),
        ("gaid", "cdda802e-fb9c-47ad-9866-0794d394c912", "uuid"),
        ("bssid", "ac37439b12fe", "mac"),
        ("email_address", "a@b.cn", "email"),
        ("ip_address", "10.0.2.16", "ip"),
        ("device_model", "Pixel 6", "text"),
    ],
)
def test_a_value_has_the_shape_that_people_see(identifier: str, text: str, expected: str) -> None:
    assert shape(identifier, text) == expected


def test_no_text_is_spelled_twice() -> None:
    for identifier, value in (
        ("mac_wifi", "ac:37:43:9b:12:fe"),
        ("phone_number", "13800138000"),
        ("imei", "356938035643809"),
    ):
        texts = [variant.text for variant in variants(identifier, value)]
        assert len(texts) == len(set(texts))
