"""Consent strings made by the IAB's own libraries (@iabtcf/core, @iabgpp/cmpapi) are read back as what went in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.instrumentation.privacy_strings import (
    SALE,
    NotAPrivacyStringError,
    decode_gpp,
    decode_tc_string,
    is_privacy_string,
    read_privacy_string,
)

ALL = "CQbVxEAQbVxEAAfACBDEB4EoAP_gAEIAAAYgF5wAoAAgAUAvMAAAAAAA"
TWO = "CQbVxEAQbVxEAAfACBDEB4EoAEIAAAAAAAYgF5wBQABAAcAC2AU0BeYAAAAA"
NONE = "CQbVxEAQbVxEAAfACBDEB4EoAAAAAAIAAAYgAAAAAAAA"
TREATED = "CQbVxEAQbVxEAAfACBDEB4EoAEAAAAAAAIYgAFABAAAAAAAA"
DENSE = "CQbVxEAQbVxEAAfACBDEB4EoAIAAAAAAAAYgAnqqqqqqqqqqqqqoAAAAAAAA"
GPP_ALL = "DBACPeA~CQuMEMAQuMEMAAfAAAENAAFgAOAAAAAAAAAAAAAAAAAA.IAAA.YAAAAAAAAAAA~1YN-~CAAgAAAAAABA.QA"


def said(key, text, before=""):
    return [(item.signal, item.scope) for item in read_privacy_string(key, text, before)]


def test_the_core_segment_gives_purposes_vendors_and_their_keeper():
    core = decode_tc_string(ALL)
    assert (core.cmp_id, core.language, core.vendor_list) == (31, "DE", 120)
    assert core.purposes == tuple(range(1, 12))
    assert core.purposes_li == (2, 7)
    assert core.vendors == (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 755)
    assert core.special_features == (1,)


def test_vendors_are_read_from_ranges_and_from_bit_fields_alike():
    assert decode_tc_string(TWO).vendors == (2, 28, 91, 333, 755)
    assert decode_tc_string(DENSE).vendors == tuple(range(1, 80, 2))


def test_purpose_one_decides_because_it_is_about_access_to_the_device():
    assert said("IABTCF_TCString", ALL) == [("given", "policy")]
    assert said("IABTCF_TCString", TWO) == [("refused", "policy")]
    assert said("IABTCF_TCString", NONE) == [("refused", "policy")]


def test_where_purpose_one_is_not_put_to_the_user_any_purpose_decides():
    assert decode_tc_string(TREATED).purpose_one_treatment
    assert said("IABTCF_TCString", TREATED) == [("given", "policy")]


def test_a_refusal_after_a_grant_is_a_withdrawal():
    assert said("IABTCF_TCString", NONE, ALL) == [("withdrawn", "policy")]


def test_the_string_stays_with_the_signal():
    (item,) = read_privacy_string("IABTCF_TCString", ALL)
    assert item.extra["raw"] == ALL
    assert item.extra["vendors"][-1] == 755


def test_a_gpp_string_is_split_into_named_sections():
    assert decode_gpp("DBABTA~1YYN") == {"uspv1": "1YYN"}
    assert list(decode_gpp(GPP_ALL)) == ["tcfeuv2", "uspv1", "usnat"]


def test_the_sections_speak_for_themselves():
    assert said("IABGPP_HDR_GppString", GPP_ALL) == [("given", "policy")]
    assert said("IABGPP_HDR_GppString", "DBABTA~1YYN") == [("refused", SALE)]
    assert said("IABGPP_HDR_GppString", "DBABLA~CAAZAAAAAABA.QA") == [("refused", SALE)]


def test_not_having_objected_to_sale_is_no_consent_but_taking_an_objection_back_is():
    assert said("IABUSPrivacy_String", "1YNN") == []
    assert said("IABUSPrivacy_String", "1YNN", "1YYN") == [("given", SALE)]
    assert said("IABUSPrivacy_String", "1---") == []


@pytest.mark.parametrize("key", ["IABTCF_TCString", "iabgpp_hdr_gppstring", "IABUSPrivacy_String"])
def test_the_keys_are_known_in_any_case(key):
    assert is_privacy_string(key)
    assert not is_privacy_string("IABTCF_CmpSdkID")


@given(st.text(max_size=200))
def test_hostile_text_is_no_string_and_no_crash(text):
    for decode in (decode_tc_string, decode_gpp):
        try:
            decode(text)
        except NotAPrivacyStringError:
            continue
    for key in ("IABTCF_TCString", "IABGPP_HDR_GppString", "IABUSPrivacy_String"):
        read_privacy_string(key, text, text)


@given(st.integers(0, len(ALL)))
def test_a_string_that_was_cut_is_refused_or_still_of_the_same_keeper(length):
    try:
        assert decode_tc_string(ALL[:length]).cmp_id == 31
    except NotAPrivacyStringError:
        assert length < len(ALL)
