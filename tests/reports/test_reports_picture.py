"""Still pictures: the same bytes every time, readable in both languages, and no captured text becomes markup or formula."""

import io
import xml.etree.ElementTree as ET

import pytest
from PIL import Image
from report_documents import LABELS, large_document, linked_document, loan_document, poisoned, silent_document

from pia_runtime.reports import picture_marks
from pia_runtime.reports.picture import render_picture
from pia_runtime.reports.picture_style import font_families, needs_chinese

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: bytes) -> str:
    """Every text of the picture, as an independent parser reads it."""
    return "\n".join("".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text"))


@pytest.fixture(scope="module")
def loan_svg() -> bytes:
    return render_picture(linked_document(), LABELS, "zh", "svg").content


def test_the_same_document_gives_the_same_bytes(loan_svg):
    assert render_picture(linked_document(), LABELS, "zh", "svg").content == loan_svg
    png = render_picture(loan_document(), LABELS, "en", "png", width=700)
    assert png == render_picture(loan_document(), LABELS, "en", "png", width=700)


def test_the_picture_says_what_was_before_consent_and_when_the_choice_was(loan_svg):
    told = texts(loan_svg)
    for expected in (
        "征得同意之前：10 读取 · 1 尝试 · 4 发送",
        "同意 +5.318 s ± 0.002 s",
        "谷歌广告ID（GAID）",
        "SDK“风控云”",
        "前台",
        "未能看到",
    ):
        assert expected in told
    english = texts(render_picture(linked_document(), LABELS, "en", "svg", dark=True).content)
    assert "Before consent: 10 read · 1 attempt · 4 sent" in english
    assert "given +5.318 s ± 0.002 s" in english


def test_a_png_is_as_wide_as_asked_and_dark_is_dark():
    image = Image.open(io.BytesIO(render_picture(loan_document(), LABELS, "zh", "png", width=900, dark=True).content))
    assert image.width == 900
    assert sum(image.convert("RGB").getpixel((2, 2))) < 150


@pytest.mark.parametrize(
    "poison", ["</text><script>1</script>&<!--", "$\\frac{1}{0}$ $x", "\x1b[31m\u202e\n\0", "长" * 100_000]
)
def test_captured_text_stays_text(poison):
    still = render_picture(poisoned(loan_document(), poison), LABELS, "en", "svg")
    root = ET.fromstring(still.content)
    assert not [node for node in root.iter() if "script" in node.tag]
    assert len(still.content) < 2_000_000
    if poison.startswith("$"):
        assert "\\frac{1}" in texts(still.content)


def test_a_run_without_anything_is_a_picture_too():
    assert "未见读取、尝试或发送" in texts(render_picture(silent_document(), LABELS, "zh", "svg").content)


def test_many_marks_become_bars_and_many_lanes_are_counted(monkeypatch):
    monkeypatch.setattr(picture_marks, "_MOST_NUMBERS", 10)
    monkeypatch.setattr("pia_runtime.reports.picture_panel.MOST_ROWS", 12)
    told = texts(render_picture(large_document(4_000), LABELS, "en", "svg", width=700).content)
    assert "more rows" in told
    assert "Before consent: " in told


def test_a_missing_chinese_font_is_noticed():
    assert font_families(["DejaVu Sans", "SimHei"]) == (["SimHei", "DejaVu Sans"], True)
    assert font_families(["DejaVu Sans"]) == (["DejaVu Sans"], False)
    assert needs_chinese(["abc", "时间线"])
    assert not needs_chinese(["abc ± é"])
