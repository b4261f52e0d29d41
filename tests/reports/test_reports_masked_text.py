"""Quoted requests keep their structure and lose every value, found or not."""

import pytest

from pia_runtime.detection.masking import Secrets
from pia_runtime.reports.masked_text import masked_header, masked_text

IMEI = "356938035643809"


@pytest.mark.parametrize(
    ("text", "kept", "gone"),
    [
        ('{"device":{"imei":"' + IMEI + '","n":null}}', ['"device"', '"imei"', "null"], [IMEI]),
        ('{"lat":31.230416,"lon":121.473701}', ['"lat"', '"lon"'], ["31.2304", "121.473"]),
        (f"imei={IMEI}&step=1", ["imei=", "step="], [IMEI, "step=1"]),
        (f"<device><imei>{IMEI}</imei></device>", ["<device>", "<imei>", "</imei>"], [IMEI]),
        ('{"name":"张伟","note":"住在北京的张伟"}', ['"name"', '"note"'], ["张伟", "北京"]),
        ("data=MzU2OTM4MDM1NjQzODA5", ["data="], ["MzU2OTM4MDM1NjQzODA5"]),
        ("QUJDREVGR0hJSktMTU5PUFFS", [], ["QUJDREVGR0hJSktMTU5PUFFS"]),
        ('{"cut":"3569380356', ['"cut"'], ["3569380356"]),
        ('{"list":["abc","defgh"]}', ['"list"'], ["abc", "defgh"]),
        ('{"a":"' + "**3569380356" + '"}', ['"a"'], ["3569380356"]),
    ],
)
def test_names_stay_and_values_go(text, kept, gone):
    told = masked_text(text, Secrets({"张伟"}))
    assert [part for part in kept if part not in told] == []
    assert [part for part in gone if part in told] == []


def test_a_secret_goes_wherever_it_stands():
    assert "zhangwei" not in masked_text("hello zhangwei and all", Secrets({"zhangwei"}))
    assert "张伟" not in masked_text("hello 张伟 and all", Secrets({"张伟"}))
    assert masked_text("a plain word stays", Secrets({"a"})) == "a plain word stays"


def test_a_request_line_keeps_method_path_and_names():
    told = masked_text(f"GET /v1/users/{IMEI}?imei={IMEI}&lang=zh HTTP/1.1")
    assert told.startswith("GET /v1/users/35")
    assert told.endswith(" HTTP/1.1")
    assert "imei=" in told
    assert IMEI not in told


def test_only_headers_that_say_nothing_about_a_person_keep_their_value():
    assert masked_header("Content-Type", "application/json") == "application/json"
    assert masked_header("Host", f"{IMEI}.example", Secrets({IMEI})) != f"{IMEI}.example"
    assert "secret" not in masked_header("Authorization", "Bearer secret-token")
    assert "device" not in masked_header("X-Device", "device-name-x")
