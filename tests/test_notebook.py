"""A capture as DataFrames: documented dtypes, masked values, and a page of examples that runs."""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import pia_runtime
from pia_runtime import notebook_columns
from pia_runtime.campaign.reading import Campaign
from pia_runtime.cli.main import run
from pia_runtime.errors import InputError
from pia_runtime.storage.analysis import analyse_capture

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "captures" / "sample-loan"
PAGE = ROOT / "docs" / "notebook.md"
FRAMES = {
    "events": "EVENTS",
    "detections": "DETECTIONS",
    "findings": "FINDINGS",
    "consent": "CONSENT",
    "blind_spots": "BLIND_SPOTS",
}


@pytest.fixture(scope="module")
def capture():
    return pia_runtime.open_capture(SAMPLE)


def test_importing_the_package_loads_nothing_heavy():
    script = "import sys, pia_runtime; print(sorted({'pandas', 'numpy', 'mitmproxy', 'frida', 'pydantic'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(("method", "columns"), FRAMES.items())
def test_frames_have_exactly_the_documented_columns_and_dtypes(capture, method, columns):
    frame = getattr(capture, method)()
    expected = getattr(notebook_columns, columns)
    assert list(frame.columns) == list(expected)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == expected


def test_a_capture_without_anything_has_the_same_columns(tmp_path):
    (tmp_path / "events.jsonl").write_text("")
    empty = pia_runtime.open_capture(str(tmp_path))
    for method, columns in FRAMES.items():
        frame = getattr(empty, method)()
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == getattr(notebook_columns, columns)


def test_frames_say_what_the_files_and_the_document_say(capture):
    lines = [json.loads(line) for line in (SAMPLE / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    events = capture.events()
    assert events["seq"].tolist() == sorted(line["seq"] for line in lines)
    by_seq = {line["seq"]: line for line in lines}
    assert all(
        by_seq[row.seq]["type"] == row.type and by_seq[row.seq]["t_ns"] == row.t_ns for row in events.itertuples()
    )
    assert capture.analysis() == analyse_capture(SAMPLE)
    detections = capture.detections()
    assert detections["id"].tolist() == [one["id"] for one in capture.analysis()["detections"]]
    assert (detections["time"].astype("int64") == detections["t_ns"]).all()


def test_values_are_masked_unless_the_capture_is_opened_revealed(capture):
    known = [
        one["value"] for one in json.loads((SAMPLE / "identifiers.json").read_text(encoding="utf-8"))["identifiers"]
    ]
    values = [value for value in known if isinstance(value, str) and len(value) > 9]
    masked = "".join(getattr(capture, method)().to_csv() for method in FRAMES)
    assert [value for value in values if value in masked] == []
    revealed = pia_runtime.open_capture(SAMPLE, reveal=True)
    assert set(values) & {str(value) for value in revealed.detections()["value"]}
    assert set(values) & set(revealed.events()["value"])


def test_a_frame_is_the_caller_s_own(capture):
    frame = capture.detections()
    frame["id"] = "changed"
    assert "changed" not in set(capture.detections()["id"])


def test_what_is_no_capture_or_campaign_is_one_clear_error(tmp_path):
    with pytest.raises(InputError, match="no such capture folder"):
        pia_runtime.open_capture(tmp_path / "none")
    with pytest.raises(InputError, match="pia inspect"):
        pia_runtime.open_campaign(tmp_path)


def test_a_campaign_opens(tmp_path):
    assert run(["inspect", str(SAMPLE), "-o", str(tmp_path / "campaign"), "--workers", "1", "--quiet"]) == 0
    campaign = pia_runtime.open_campaign(str(tmp_path / "campaign"))
    assert isinstance(campaign, Campaign)
    assert len(campaign.findings()) == len(pia_runtime.open_capture(SAMPLE).findings())


def blocks() -> list[tuple[str, str]]:
    """The page's examples with what it says they print."""
    return re.findall(r"```python\n(.*?)```\n```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def columns_table() -> str:
    """The page's list of columns, from the code."""
    parts = []
    for method, name in FRAMES.items():
        by_dtype: dict[str, list[str]] = {}
        for column, dtype in getattr(notebook_columns, name).items():
            by_dtype.setdefault(dtype, []).append(f"`{column}`")
        rows = "".join(f"| `{dtype}` | {', '.join(names)} |\n" for dtype, names in by_dtype.items())
        parts.append(f"### {method}()\n\n| dtype | columns |\n|---|---|\n{rows}")
    return "\n".join(parts)


def test_the_documentation_runs_and_tells_the_truth(monkeypatch):
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    text = PAGE.read_text(encoding="utf-8")
    with pd.option_context("display.width", 200):
        for source, expected in blocks():
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(source, str(PAGE), "exec"), names)  # noqa: S102 - our own documentation
            if os.environ.get("PIA_REFRESH_GOLDEN"):
                text = text.replace(
                    f"```python\n{source}```\n```text\n{expected}```",
                    f"```python\n{source}```\n```text\n{out.getvalue()}```",
                )
            else:
                assert out.getvalue() == expected
    head, _, _ = text.partition("## Columns\n")
    intro = re.search(r"## Columns\n\n(.*?)\n\n", text, re.DOTALL)
    assert intro is not None
    whole = f"{head}## Columns\n\n{intro[1]}\n\n{columns_table()}"
    if os.environ.get("PIA_REFRESH_GOLDEN"):
        PAGE.write_text(whole, encoding="utf-8")
    assert text == whole or os.environ.get("PIA_REFRESH_GOLDEN")
