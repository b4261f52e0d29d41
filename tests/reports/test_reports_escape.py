"""Captured text can be looked at without acting."""

import json
import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.reports.escape import SHORT, json_for_script, visible

ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_every_control_format_and_separator_character_of_unicode_is_written_out():
    acting = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in ACTING]
    assert len(acting) > 2000
    assert [char for char in acting if visible(char).isascii() is False or visible(char) == char] == []


def test_ordinary_text_stays_as_it_is():
    for text in ("示例借款（IMEI）", "naïve café", "emoji 🙂", "a\u00a0b", "100 %", "[bold]"):
        assert visible(text) == text


def test_line_breaks_become_visible_so_that_one_value_is_one_line():
    assert visible("a\r\nb\tc") == "a\\r\\nb\\tc"


@given(st.text(max_size=400))
def test_nothing_that_acts_is_left_and_the_length_is_bounded(text: str):
    shown = visible(text)
    assert not any(unicodedata.category(char) in ACTING for char in shown)
    assert len(shown) <= 10 * SHORT + 20


def test_a_megabyte_is_cut_and_the_cut_is_counted():
    assert visible("x" * 1_000_000, 100) == "x" * 100 + "…(+999900)"


def test_nothing_is_the_empty_text_and_numbers_are_texts():
    assert (visible(None), visible(0), visible(3.5)) == ("", "0", "3.5")


@given(st.text(max_size=80))
def test_json_in_a_script_element_holds_no_markup_and_reads_back(text: str):
    data = {"text": text + "</script><!-- ]]>", "n": [1, None, True]}
    written = json_for_script(data)
    assert not set("<>&") & set(written)
    assert json.loads(written) == data


def test_what_no_xml_may_hold_is_written_out():
    assert visible("a\ufffeb\uffffc") == r"a\ufffeb\uffffc"
