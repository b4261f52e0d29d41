"""The page in a real browser: opens from a file, asks for nothing, shows the right evidence, and runs no captured text."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium_page import CHROMIUM, Chromium, ChromiumPage
from report_documents import END, LABELS, START, exhibits, large_document, linked_document, loan_document, poisoned

from pia_runtime.reports.html import render_html

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        CHROMIUM is None, reason="NO BROWSER TEST: chromium is not installed (apt-get install chromium)"
    ),
]
SHIFT, CTRL = 8, 2


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "loan.html"
    path.write_text(render_html(loan_document(), LABELS, "zh"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Chromium, file: Path) -> Iterator[ChromiumPage]:
    """The whole run, which the page does not show first: its choice comes early."""
    with browser.open(file, 1440, 1400) as opened:
        opened.evaluate("document.getElementById('timeline').scrollIntoView({behavior: 'instant'}), 1")
        opened.evaluate("document.getElementById('zoom-all').click(), 1")
        yield opened
        assert opened.messages == []
        assert opened.requests == [file.as_uri()]


def _text(page: ChromiumPage, selector: str) -> str:
    return str(page.evaluate(f"document.querySelector({selector!r}).innerText"))


def _place(page: ChromiumPage, lane: str, seconds: float) -> tuple[float, float]:
    """Where an instant of the lane with that name stands in the window, while the whole run is shown."""
    x, width = page.evaluate("(({x, width}) => [x, width])(document.querySelector('.u-over').getBoundingClientRect())")
    y = page.evaluate(
        f"(({{y, height}}) => y + height / 2)([...document.querySelectorAll('.lane')]"
        f".find((one) => one.innerText.includes({lane!r})).getBoundingClientRect())"
    )
    return x + width * seconds / ((END - START) / 1e9), y


def _view(page: ChromiumPage) -> str:
    """The labels of the time axis cannot be read from a canvas; the table of marks tells the stretch."""
    page.evaluate("document.getElementById('table-of-marks').open = true, new Promise((done) => setTimeout(done, 60))")
    return _text(page, "#marks")


def test_clicking_a_mark_opens_its_evidence(page: ChromiumPage):
    page.click(*_place(page, "通讯录", 21.5))
    told = _text(page, "#evidence")
    assert "通讯录" in told
    assert "21.500 s ± 0.002 s" in told
    assert "应用自身" in told


def test_pointing_at_a_mark_tells_it_in_words(page: ChromiumPage):
    page.mouse("mouseMoved", *_place(page, "通讯录", 21.5))
    assert "+21.500 s ± 0.002 s" in _text(page, "#tip")


def test_the_keyboard_alone_reaches_decode_path_and_stack(page: ChromiumPage):
    page.evaluate("document.getElementById('chart').focus(), 1")
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"):
        page.key(key)
    told = _text(page, "#evidence")
    assert "gunzip" in told
    assert told.index("gunzip") < told.index("base64") < told.index("json:$.device.did")
    assert "md5" in told
    assert "api.fengkong.example" in _text(page, "#spoken") or "api.fengkong.example" in page.evaluate(
        "document.getElementById('spoken').textContent"
    )
    page.key("ArrowLeft")
    assert "LoanApplication.onCreate" in _text(page, "#evidence")
    page.key("Escape")
    assert "gunzip" not in _text(page, "#evidence")


def test_filters_hide_marks_and_lanes_and_can_be_cleared(page: ChromiumPage):
    assert page.evaluate("document.querySelectorAll('.lane').length") == 10
    page.evaluate("document.querySelector('#filters input[value=with_consent]').click(), 1")
    assert _text(page, "#shown") == "54 个标记中的 18 个"
    page.evaluate("document.querySelector('#filters input[value=transmission]').click(), 1")
    assert _text(page, "#shown") == "54 个标记中的 11 个"
    page.evaluate("document.querySelector('#filters > button').click(), 1")
    assert _text(page, "#shown") == "54 个标记中的 54 个"


def test_searching_finds_a_host_a_company_and_an_api(page: ChromiumPage):
    for words, expected in (("fengkong.example", 13), ("新星广告", 2), ("getimei", 1), ("nothing like it", 0)):
        page.evaluate(
            "((box) => { box.value = "
            + repr(words)
            + "; box.dispatchEvent(new Event('input')); })(document.querySelector('#filters input[type=search]')), 1"
        )
        assert _text(page, "#shown") == f"54 个标记中的 {expected} 个"


def test_buttons_keys_and_wheel_zoom_and_move_the_view(page: ChromiumPage):
    whole = _view(page)
    page.evaluate("document.getElementById('zoom-choice').click(), 1")
    until_choice = _view(page)
    assert 0 < until_choice.count("\n") < whole.count("\n")
    page.evaluate("document.getElementById('chart').focus(), 1")
    page.key("0")
    assert _view(page) == whole
    page.key("+")
    assert _view(page).count("\n") < whole.count("\n")
    page.key("ArrowRight", SHIFT)
    page.key("0")
    x, y = _place(page, "通讯录", 40)
    page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-400, modifiers=CTRL)
    page.evaluate("new Promise((done) => setTimeout(done, 60))")
    assert _view(page).count("\n") < whole.count("\n")


def test_dragging_over_a_stretch_zooms_into_it(page: ChromiumPage):
    x, y = _place(page, "通讯录", 10)
    until, _ = _place(page, "通讯录", 30)
    page.mouse("mouseMoved", x, y)
    page.mouse("mousePressed", x, y, button="left", clickCount=1)
    page.mouse("mouseMoved", until, y, button="left", buttons=1)
    page.mouse("mouseReleased", until, y, button="left", clickCount=1)
    page.evaluate("new Promise((done) => setTimeout(done, 120))")
    told = _view(page)
    assert "+21.500 s" in told
    assert "+0.812 s" not in told
    assert "+32.000 s" not in told


def test_a_finding_s_button_leads_to_its_marks(page: ChromiumPage):
    page.evaluate("document.querySelectorAll('button.show')[3].click(), 1")
    assert "撤回之后" in _text(page, "#evidence")
    assert "61.900 s" in _text(page, "#evidence")


def test_the_language_switches_everything_at_once(page: ChromiumPage):
    page.click(*_place(page, "通讯录", 21.5))
    page.evaluate("document.getElementById('lang-en').click(), 1")
    assert "What could not be seen" in _text(page, "#blind-spots")
    assert "未能看到的内容" not in _text(page, "#blind-spots")
    assert "contacts" in _text(page, "#evidence")
    assert page.evaluate("document.title") == "Collection timeline · 示例借款"
    assert page.evaluate("document.documentElement.lang") == "en"


def test_the_theme_follows_the_system_and_can_be_turned(browser: Chromium, file: Path):
    background = "getComputedStyle(document.body).backgroundColor"
    with browser.open(file, dark=True) as page:
        dark = page.evaluate(background)
        page.evaluate("document.getElementById('theme').click(), 1")
        light = page.evaluate(background)
        assert sum(map(int, dark[4:-1].split(","))) < 150 < sum(map(int, light[4:-1].split(",")))


def test_captured_text_runs_nowhere_in_the_page(browser: Chromium, tmp_path: Path):
    path = tmp_path / "hostile.html"
    poison = "\"'><img src=x onerror=window.pwned=1></script><script>window.pwned=1</script>\u202e"
    path.write_text(render_html(poisoned(loan_document(), poison), LABELS, "en"), encoding="utf-8")
    with browser.open(path) as page:
        page.evaluate("document.getElementById('chart').focus(), 1")
        for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowRight"):
            page.key(key)
        page.evaluate(
            "document.getElementById('table-of-marks').open = true, new Promise((done) => setTimeout(done, 60))"
        )
        assert "onerror" in _text(page, "#evidence")
        assert page.evaluate("[window.pwned === undefined, document.querySelectorAll('img').length]") == [True, 0]
        assert page.messages == []
        assert page.requests == [path.as_uri()]


def test_a_hundred_thousand_marks_open_and_stay_below_ten_megabytes(browser: Chromium, tmp_path: Path):
    path = tmp_path / "large.html"
    path.write_text(render_html(large_document(100_000), LABELS, "zh"), encoding="utf-8")
    assert path.stat().st_size < 10_000_000
    with browser.open(path) as page:
        assert _text(page, "#shown") == "100000 个标记中的 100000 个"
        page.evaluate("document.getElementById('zoom-choice').click(), 1")
        assert page.messages == []


def test_the_page_prints_its_findings_and_the_timeline(page: ChromiumPage, tmp_path: Path):
    page.pdf(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    assert page.evaluate("document.documentElement.classList.contains('printing')") is False


def test_paper_has_the_stretch_up_to_the_choice_and_the_whole_run_in_light_colours(browser: Chromium, file: Path):
    figures = "[...document.querySelectorAll('#paper {}')].map((one) => one.{}).filter(Boolean)"
    pixel = "[...document.querySelector('#paper canvas').getContext('2d').getImageData(300, 200, 1, 1).data]"
    with browser.open(file, dark=True) as opened:
        before = _view(opened)
        opened.evaluate("dispatchEvent(new Event('beforeprint')), 1")
        assert opened.evaluate(figures.format("figcaption", "textContent")) == ["到选择为止", "整个运行"]
        assert all(200 < height < 620 for height in opened.evaluate(figures.format("canvas", "height")))
        assert opened.messages == []
        red, green, blue, opaque = opened.evaluate(pixel)
        assert opaque == 255
        assert red + green + blue > 550  # on dark ground it would be below 200
        opened.evaluate("dispatchEvent(new Event('afterprint')), 1")
        assert opened.evaluate("document.querySelectorAll('#paper *').length") == 0
        assert _view(opened) == before


def test_a_page_whose_choice_comes_early_opens_on_what_was_before_it(browser: Chromium, file: Path):
    with browser.open(file) as opened:
        told = _view(opened)
        assert "+1.287 s" in told
        assert "+61.900 s" not in told
        assert "征得同意之前" in _text(opened, ".glances .before_consent")
        assert _text(opened, ".glances .before_consent .counts").split() == [
            "9",
            "读取",
            "1",
            "尝试",
            "3",
            "发送",
            "发往",
            "2",
            "个第三方主机",
        ]


def test_evidence_holds_masked_request_decode_steps_and_the_nearest_screenshot(browser: Chromium, tmp_path: Path):
    path = tmp_path / "exhibits.html"
    path.write_text(render_html(linked_document(), LABELS, "en", exhibits()), encoding="utf-8")
    with browser.open(path) as opened:
        opened.evaluate("document.getElementById('chart').focus(), 1")
        for key in ("ArrowRight", "ArrowRight"):
            opened.key(key)
        told = _text(opened, "#evidence")
        assert "POST /v1/collect?imei=35" in told
        assert "356938035643809" not in opened.evaluate("document.documentElement.outerHTML")
        assert "118 bytes, not text" in told
        assert told.index("gunzip") < told.index("json:$.imei")
        assert "The read it came from" in told
        assert "Screenshot nearest in time" in told
        assert (
            opened.evaluate(
                "document.querySelector('#evidence img').complete && document.querySelector('#evidence img').naturalWidth"
            )
            == 9
        )
        assert "0.500 s ± 0.003 s earlier" in told
        opened.key("Enter")
        assert opened.evaluate("document.activeElement.id") == "evidence"
        assert opened.messages == []
        assert opened.requests == [path.as_uri()]


def test_strips_tell_the_state_of_the_app_and_what_could_not_be_seen(browser: Chromium, tmp_path: Path):
    path = tmp_path / "strips.html"
    path.write_text(render_html(linked_document(), LABELS, "en"), encoding="utf-8")
    with browser.open(path, 1440, 1400) as opened:
        opened.evaluate("document.getElementById('timeline').scrollIntoView({behavior: 'instant'}), 1")
        opened.evaluate("document.getElementById('zoom-all').click(), new Promise((done) => setTimeout(done, 60))")
        x, y, width = opened.evaluate(
            "(({x, y, width}) => [x, y, width])(document.querySelector('.u-over').getBoundingClientRect())"
        )
        for seconds, down, expected in (
            (60, 49, "App state: background"),
            (30, 67, "connection not readable · pinned.example"),
            (80, 67, "during the whole run: hook failed"),
        ):
            opened.mouse("mouseMoved", x + width * seconds / 92, y + down)
            assert expected in _text(opened, "#tip")


def test_dragging_the_overview_moves_the_stretch_that_is_shown(page: ChromiumPage):
    page.evaluate(
        "document.getElementById('zoom-choice').click(), document.getElementById('overview').scrollIntoView({block: 'center', behavior: 'instant'}), 1"
    )
    x, y, width = page.evaluate(
        "(({x, y, width}) => [x, y, width])(document.getElementById('overview').getBoundingClientRect())"
    )
    page.click(x + width * 0.7, y + 20)
    told = _view(page)
    assert "+61.900 s" in told
    assert "+1.287 s" not in told


def test_the_table_gives_every_mark_to_those_who_do_not_see_the_drawing(browser: Chromium, tmp_path: Path):
    path = tmp_path / "many.html"
    path.write_text(render_html(large_document(450), LABELS, "en"), encoding="utf-8")
    rows = "document.querySelectorAll('#marks tbody tr').length"
    with browser.open(path) as opened:
        opened.evaluate(
            "document.getElementById('zoom-all').click(), document.getElementById('table-of-marks').open = true, new Promise((done) => setTimeout(done, 60))"
        )
        counts = [opened.evaluate(rows)]
        for _ in range(2):
            opened.evaluate("document.querySelector('#marks > button').click(), 1")
            counts.append(opened.evaluate(rows))
        assert counts == [200, 400, 450]
        assert opened.evaluate("document.querySelector('#marks > button')") is None


def test_everything_that_can_be_used_has_a_name_for_a_screen_reader(page: ChromiumPage):
    nodes = page.command("Accessibility.getFullAXTree")["nodes"]
    used = {"button", "checkbox", "combobox", "searchbox", "link", "application"}
    shown = [node for node in nodes if node.get("role", {}).get("value") in used]
    assert {node["role"]["value"] for node in shown} == used
    assert [node for node in shown if not node.get("name", {}).get("value")] == []
