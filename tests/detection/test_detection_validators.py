"""Check digits, assigned prefixes and dates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.detection.validators import VALIDATORS, luhn, mainland_mobile, position, resident_id, vehicle_vin
from pia_runtime.detection.variants_shapes import luhn_digit


@given(st.text("0123456789", min_size=1, max_size=25), st.integers(0, 25), st.integers(1, 9))
def test_luhn_sees_every_single_wrong_digit(body, place, change):
    number = body + luhn_digit(body)
    assert luhn(number)
    place %= len(number)
    wrong = number[:place] + str((int(number[place]) + change) % 10) + number[place + 1 :]
    assert not luhn(wrong)


@given(st.integers(0, 16), st.integers(1, 9))
def test_the_resident_number_sees_every_single_wrong_digit(place, change):
    number = "11010519491231002X"
    wrong = number[:place] + str((int(number[place]) + change) % 10) + number[place + 1 :]
    assert resident_id(number) == number
    assert resident_id(wrong) is None


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("resident_id", "11010519491231002x", "11010519491231002X"),
        ("resident_id", "01010519491231002X", None),
        ("resident_id", "110105194902300025", None),
        ("mainland_mobile", "0086-139 1234 5678", "13912345678"),
        ("mainland_mobile", "14112345678", None),
        ("mainland_mobile", "15412345678", None),
        ("mainland_mobile", "19212345678", "19212345678"),
        ("mainland_mobile", "1391234567", None),
        ("bank_card", "6222 0212 3456 7890 128", "6222021234567890128"),
        ("bank_card", "6222021234567890127", None),
        ("bank_card", "1222021234567890121", None),
        ("imei", "356938035643809", "356938035643809"),
        ("imei", "356938035643808", None),
        ("meid", "a0000049259b16", "A0000049259B16"),
        ("imsi", "460011234567890", "460011234567890"),
        ("imsi", "46001123456789", None),
        ("iccid", "8986011234567890123F", "8986011234567890123F"),
        ("iccid_proven", "8986011234567890123F", None),
        ("mac_address", "3C-5A-B4-01-02-03", "3c:5a:b4:01:02:03"),
        ("mac_address", "01:00:5e:01:02:03", None),
        ("email", "Lan@Example.COM", "lan@example.com"),
        ("email", "a@b", None),
        ("vehicle_plate", "京A·12345", "京A12345"),
        ("vehicle_plate", "京AABCDE", None),
        ("vehicle_vin", "1M8GDM9AXKP042788", "1M8GDM9AXKP042788"),
        ("vehicle_vin", "1M8GDM9A0KP042788", None),
        ("passport", "e12345678", "E12345678"),
        ("uuid", "CDDA802E-FB9C-47AD-9866-0794D394C912", "cdda802e-fb9c-47ad-9866-0794d394c912"),
        ("uuid", "00000000-0000-0000-0000-000000000000", None),
        ("android_id", "9A3C5B7D1E2F4A60", "9a3c5b7d1e2f4a60"),
        ("digest", "00000000000000000000000000000000", None),
        ("token", "0000-0000", None),
        ("ip_address", "192.168.1.23", "192.168.1.23"),
        ("ip_address", "127.0.0.1", None),
        ("ip_address", "1.2.3.400", None),
        ("ip_address", "fe80::1", "fe80::1"),
        ("ip_address", "::ffff:192.168.1.23", "::ffff:192.168.1.23"),
        ("ip_address", "9a3b:11cf::2", None),
        ("iccid_proven", "8986041234567890122", "8986041234567890122"),
        ("iccid_proven", "8986991234567890122", None),
    ],
)
def test_a_validator_gives_the_canonical_value_or_none(name, text, value):
    assert VALIDATORS[name](text) == value


@given(st.sampled_from(sorted(VALIDATORS)), st.text(max_size=40))
def test_no_text_makes_a_validator_fail(name, text):
    VALIDATORS[name](text)


def test_a_chinese_vin_may_lack_the_check_digit():
    assert vehicle_vin("LSVAA49J132012345") == "LSVAA49J132012345"


def test_a_position_is_on_earth_and_not_at_zero():
    assert position("31.230416", "121.473701") == "31.230416,121.473701"
    assert position("91.0001", "10.0001") is None
    assert position("0.0001", "0.0001") is None


def test_a_number_with_letters_is_no_mobile():
    assert mainland_mobile("1391234567X") is None
