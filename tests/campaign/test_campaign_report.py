"""What many captures say together equals what they were made to show, over all runs of each app, and in every format."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pia_runtime.campaign.answers import answers
from pia_runtime.campaign.comparison import compare_campaigns, compare_runs_of_app
from pia_runtime.campaign.engine import PoolEngine
from pia_runtime.campaign.inspection import inspect
from pia_runtime.campaign.reading import Campaign
from pia_runtime.campaign.sources import find_captures
from pia_runtime.cli.options import labels
from pia_runtime.errors import InputError
from pia_runtime.reports.campaign_html import campaign_html
from pia_runtime.reports.campaign_markdown import campaign_markdown, campaign_notice
from pia_runtime.reports.campaign_xlsx import campaign_xlsx
from pia_runtime.storage.analysis import load_toolbox

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
HOSTILE = "<script>alert(1)</script>=cmd|' /C calc'!A0\x1b[31m\u202e| **x**"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Any, Any, Any]]:
    """Twelve captures of two apps, the same apps later with half of their faults rectified, and the truth about both."""
    sys.path.insert(0, str(BENCHMARKS))
    import campaign
    import campaign_captures

    folder = tmp_path_factory.mktemp("campaign")
    before = campaign_captures.make_captures(folder / "before", 12, seed=4)
    after = campaign_captures.make_captures(folder / "after", 12, seed=4, fixed_share=0.5)
    (folder / "before" / "torn").mkdir()
    (folder / "before" / "torn" / "session.json").write_text("{")
    for path in (folder / "before" / "app0000").glob("*/session.json"):
        session = json.loads(path.read_text())
        session["app"]["label"] = HOSTILE
        path.write_text(json.dumps(session))
    with PoolEngine(2) as engine:
        for name in ("before", "after"):
            inspect(find_captures([str(folder / name)]), folder / f"{name}-campaign", engine)
    yield folder, before, after, campaign
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def document(made: Any) -> dict[str, Any]:
    tools = load_toolbox()
    found = answers(Campaign(made[0] / "before-campaign").tables(), tools.sdks.sdks, tools.knowledge)
    found["comparison"] = compare_campaigns(
        Campaign(made[0] / "before-campaign"), Campaign(made[0] / "after-campaign"), tools.knowledge
    )
    return found


def test_every_planted_fault_is_found_in_just_the_runs_that_show_it(made: Any, document: dict[str, Any]) -> None:
    _, truth, _, benchmark = made
    assert benchmark.reported(document) == truth


def test_several_runs_of_one_app_are_one_app_and_the_worst_comes_first(document: dict[str, Any]) -> None:
    apps = document["apps"]
    assert [len(app["runs"]) for app in apps] == [6, 6]
    assert [app["rank"] for app in apps] == [1, 2]
    critical, high = ([app["certain"][name] for app in apps] for name in ("critical", "high"))
    assert (critical[0], high[0]) >= (critical[1], high[1])


def test_each_sdk_is_told_right_or_wrong_in_each_app_as_it_was_made(made: Any, document: dict[str, Any]) -> None:
    _, truth, _, _ = made
    for sdk in document["sdks"]:
        wrong = sorted(app for app, faults in truth.items() if any(f.split("|")[1] == sdk["id"] for f in faults))
        assert sdk["wrongly"] == wrong
        assert not set(sdk["rightly"]) & set(wrong)


def test_an_sdk_that_takes_something_too_early_comes_with_its_vendors_calls() -> None:
    from pia_runtime.campaign.answers_sdks import _calls

    calls = _calls(load_toolbox().sdks.sdks["umeng_analytics"])
    assert calls[0]["kind"] == "grant"
    assert calls[0]["call"] == "com.umeng.commonsdk.UMConfigure.submitPolicyGrantResult(Context, boolean)"


def test_the_comparison_tells_every_planted_change_and_calls_nothing_fixed_that_still_shows(
    made: Any, document: dict[str, Any]
) -> None:
    _, before, after, benchmark = made
    said = benchmark.states(document["comparison"])
    assert benchmark.wrong_states(benchmark.expected_states(before, after, 12, 4), said) == []
    states = {state for app in said.values() for state in app.values()}
    assert {"fixed", "still_present"} <= states


def test_an_app_that_was_not_inspected_again_is_not_exercised_and_never_fixed(made: Any) -> None:
    campaign, knowledge = Campaign(made[0] / "before-campaign"), load_toolbox().knowledge
    runs = [(entry.name, found) for entry, found in campaign.documents(campaign.apps()[0])]
    gone, come = compare_runs_of_app(runs, [], knowledge), compare_runs_of_app([], runs, knowledge)
    assert {item["state"] for item in gone} == {"not_exercised"}
    assert {item["state"] for item in come} == {"new"}
    assert {reason["code"] for item in gone + come for reason in item["because"]} == {"app_not_inspected"}


def test_a_broken_capture_stands_in_the_report_with_its_reason(document: dict[str, Any]) -> None:
    (broken,) = document["broken"]
    assert broken["capture"] == "torn"
    assert "not a capture" in broken["reason"]


class Page(HTMLParser):
    """Tags and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_captured_text_stays_text_in_every_format(document: dict[str, Any], lang: Any) -> None:
    page = Page(campaign_html(document, labels(), lang))
    assert "script" not in page.tags
    assert any("<script>alert(1)</script>" in words for words in page.words)
    for text in (
        campaign_html(document, labels(), lang),
        campaign_markdown(document, labels(), lang),
        campaign_notice(document, labels(), lang),
    ):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "\\<script\\>" in campaign_markdown(document, labels(), lang)
    book = openpyxl.load_workbook(io.BytesIO(campaign_xlsx(document, labels(), lang)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert any("=cmd|" in str(cell.value) for cell in cells)
    assert all(sheet.freeze_panes for sheet in book.worksheets[1:])
    assert all(sheet.auto_filter.ref for sheet in book.worksheets[1:])


def test_the_same_campaign_gives_the_same_bytes_in_every_format(document: dict[str, Any]) -> None:
    for render in (campaign_html, campaign_markdown, campaign_xlsx):
        assert render(document, labels(), "zh") == render(document, labels(), "zh")


def test_the_notice_names_app_version_wording_and_data(document: dict[str, Any]) -> None:
    first = campaign_notice(document, labels(), "zh").split("\n\n")[0]
    assert "未经用户同意收集使用个人信息" in first
    assert document["apps"][0]["app"] in first


def test_a_folder_without_a_finished_campaign_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished campaign"):
        Campaign(tmp_path)


def test_whole_numbers_of_the_tables_keep_every_nanosecond(made: Any) -> None:
    campaign = Campaign(made[0] / "before-campaign")
    assert str(campaign.table("consent")["until_ns"].dtype) == "Int64"
    assert str(campaign.findings()["first_ns"].dtype) == "Int64"


def test_the_gate_fails_while_a_fault_is_still_present(made: Any) -> None:
    command = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()", "campaign", "report"]
    asked = [
        str(made[0] / "after-campaign"),
        "--against",
        str(made[0] / "before-campaign"),
        "--gate",
        "--format",
        "notice",
    ]
    ended = subprocess.run([*command, *asked], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "still_present" in ended.stderr
