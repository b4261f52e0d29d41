"""The findings table: complete, readable without colour, and harmless."""

import io
import unicodedata
from collections.abc import Callable

import pytest
from report_documents import LABELS, loan_document, poisoned, silent_document
from rich.cells import cell_len
from rich.console import Console

from pia_runtime.reports.messages import load_messages
from pia_runtime.reports.table import print_findings, render_table

POISON = "[red]x[/red]\x1b[31m\u202e\r\n=cmd()|'/c calc'!A1"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 180])
def test_the_table_of_an_ordinary_run(lang: str, width: int, golden: Callable[[str, str], None]):
    golden(f"table-{lang}-{width}.txt", render_table(loan_document(), LABELS, lang, width))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_silence_is_never_printed_as_a_pass(lang: str, golden: Callable[[str, str], None]):
    shown = render_table(silent_document(), LABELS, lang, 100)
    assert load_messages(lang)["report.silence"].split()[0][:5] in shown
    golden(f"table-silent-{lang}.txt", shown)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int):
    shown = render_table(poisoned(loan_document(), POISON), LABELS, "zh", width)
    assert max(cell_len(line) for line in shown.splitlines()) <= width


@pytest.mark.parametrize("width", [80, 180])
def test_captured_text_cannot_colour_move_or_reorder(width: int):
    shown = render_table(poisoned(loan_document(), POISON), LABELS, "en", width)
    assert {unicodedata.category(char) for char in shown} & {"Cc", "Cf"} == {"Cc"}  # the line breaks
    assert set(filter(lambda char: unicodedata.category(char) == "Cc", shown)) == {"\n"}
    assert "[red]x[/red]" in shown.replace("\n", "")


def test_a_megabyte_in_every_field_stays_a_page():
    assert len(render_table(poisoned(loan_document(), "x" * 1_000_000), LABELS, "en", 100)) < 100_000


def test_colour_appears_on_a_terminal_and_not_in_a_pipe():
    for terminal, coloured in ((True, True), (False, False)):
        out = io.StringIO()
        print_findings(
            loan_document(),
            LABELS,
            "en",
            Console(file=out, force_terminal=terminal, width=100, color_system="standard" if terminal else "auto"),
        )
        assert ("\x1b[" in out.getvalue()) is coloured


def test_the_gravest_findings_come_first():
    document = loan_document()
    document["findings"].reverse()
    shown = render_table(document, LABELS, "en", 100)
    places = [shown.index(word) for word in ("critical ", "high ", "low ", "info ")]
    assert places == sorted(places)
