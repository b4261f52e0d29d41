"""All prose stands in two files that say the same things."""

import re
from pathlib import Path

import pytest

import pia_runtime.reports
from pia_runtime.reports.labels import LANGS, Labels
from pia_runtime.reports.messages import fill, load_messages
from pia_runtime.reports.registry import FORMATS
from pia_runtime.reports.wording import Wording

ROOM = Path(pia_runtime.reports.__file__).parent
SLOT = re.compile(r"\{(\w+)\}")


def test_both_languages_have_the_same_messages():
    assert sorted(load_messages("zh")) == sorted(load_messages("en"))


def test_both_languages_use_the_same_slots():
    zh, en = load_messages("zh"), load_messages("en")
    assert {key: set(SLOT.findall(zh[key])) for key in zh} == {key: set(SLOT.findall(en[key])) for key in zh}


def test_every_message_that_code_or_page_asks_for_exists():
    asked = set()
    for path in [*ROOM.glob("*.py"), *ROOM.glob("templates/**/*.j*")]:
        asked |= set(re.findall(r"say\(\s*f?[\"'`]([a-z_]+\.[a-z_]+)[\"'`]", path.read_text(encoding="utf-8")))
    assert len(asked) > 60
    assert asked - set(load_messages("en")) == set()


def test_a_slot_s_own_braces_are_not_filled_again():
    assert fill("{actor} sent {data}", {"actor": "{data}", "data": "x"}) == "{data} sent x"


def test_an_unknown_slot_stays_as_it_stands():
    assert fill("{a} {b}", {"a": 1}) == "1 {b}"


@pytest.mark.parametrize("lang", LANGS)
def test_every_format_is_described(lang: str):
    assert all(f"formats.{name}" in load_messages(lang) for name in FORMATS)


@pytest.mark.parametrize("lang", LANGS)
def test_ids_without_a_name_print_as_themselves_made_harmless(lang: str):
    wording = Wording(lang, Labels())
    assert wording.data("new_kind") == "new_kind"
    assert wording.clause("\x1b[31m") == "\\x1b[31m"
    assert wording.term("verdict", "maybe\u202e") == "maybe\\u202e"
    told = wording.finding(
        {"rule": "new", "act": "transmission", "verdict": "with_consent", "data": "d", "actor": None}
    )
    assert "\x1b" not in told
    assert told
