"""The timeline in a terminal says where in time things lie without colour and without wide symbols."""

import unicodedata
from collections.abc import Callable

import pytest
from report_documents import ADS, LABELS, START, detection, loan_document, poisoned, silent_document
from rich.cells import cell_len

from pia_runtime.reports.terminal import render_timeline


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 140])
def test_the_timeline_of_an_ordinary_run(lang: str, width: int, golden: Callable[[str, str], None]):
    golden(f"timeline-{lang}-{width}.txt", render_timeline(loan_document(), LABELS, lang, width))


def test_a_run_without_detections_says_that_there_is_nothing_to_draw(golden: Callable[[str, str], None]):
    golden("timeline-silent-en.txt", render_timeline(silent_document(), LABELS, "en", 80))


@pytest.mark.parametrize("width", [60, 80, 140, 220])
def test_no_line_is_wider_than_the_terminal(width: int):
    shown = render_timeline(poisoned(loan_document(), "很长的名称\x1b[31m\u202e" * 9), LABELS, "zh", width)
    assert max(cell_len(line) for line in shown.splitlines()) <= width
    assert {unicodedata.category(char) for char in shown} & {"Cf", "Cs"} == set()
    assert "\x1b" not in shown


def test_every_lane_starts_in_the_same_column_whatever_its_name():
    lines = render_timeline(loan_document(), LABELS, "zh", 80).splitlines()
    whole = lines[lines.index("整个运行") + 2 :]
    consent = next(cell_len(line[: line.rindex("|")]) for line in whole if line.startswith("阶段"))
    lanes = [line for line in whole if line.startswith("! ")]
    assert lanes
    # a lane may have a mark on the boundary itself, which then hides the line
    assert {cell_len(line[: line.rindex("|")]) for line in lanes if line.count("|") == whole[0].count("|")} == {consent}


def test_a_mark_before_the_choice_stands_left_of_the_consent_line():
    document = loan_document()
    document["detections"] = [detection("access", "imei", START + 4_000_000_000, ADS)]
    lines = render_timeline(document, LABELS, "en", 100).splitlines()
    lane = next(line for line in lines if line.startswith("! IMEI"))
    assert lane.index("o") < lane.rindex("|")


def test_marks_of_several_kinds_in_one_column_are_told():
    document = loan_document()
    document["detections"] = [detection(act, "imei", START + 30_000_000_000, ADS) for act in ("access", "transmission")]
    whole = render_timeline(document, LABELS, "en", 100).split("Whole run")[1]
    assert "*" in next(line for line in whole.splitlines() if line.startswith("  IMEI"))
