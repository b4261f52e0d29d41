"""``pia report``: one command, ten formats; the same answers from a capture and from its analysis document."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from pia_runtime.cli.main import run

SAMPLE = Path(__file__).parents[2] / "captures" / "sample-loan"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The sample capture without its derived files, and its analysis document beside it."""
    folder = tmp_path_factory.mktemp("sample")
    shutil.copytree(SAMPLE, folder / "c", ignore=shutil.ignore_patterns("derived"))
    assert run(["report", str(folder / "c"), "--format", "json", "-o", str(folder / "analysis.json")]) == 0
    return folder


def test_the_json_report_is_the_analysis_document_byte_for_byte(sample, capsysbinary):
    assert run(["analyze", str(sample / "c"), "--format", "json"]) == 0
    assert capsysbinary.readouterr().out == (sample / "analysis.json").read_bytes()


@pytest.mark.parametrize("name", ["xlsx", "csv", "sarif", "junit", "notice"])
def test_a_kept_document_gives_the_same_report_as_its_capture(sample, tmp_path, name):
    for source, file in ((sample / "c", "a"), (sample / "analysis.json", "b")):
        assert run(["report", str(source), "--format", name, "-o", str(tmp_path / file), "--lang", "zh"]) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_the_page_quotes_the_request_with_its_values_masked_and_says_how_it_left(sample, tmp_path, capsys):
    assert run(["report", str(sample / "c"), "--format", "html", "-o", str(tmp_path / "r.html"), "--lang", "en"]) == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "POST /v1/launch HTTP/1.1" in page
    assert "TLS (https, HTTP/1.1)" in page
    assert "4f6e2a91c07d3b58" not in page
    assert f"report: {tmp_path / 'r.html'}" in capsys.readouterr().err


def test_the_events_are_a_table_of_their_own_with_masked_values(sample, tmp_path):
    out = tmp_path / "e.parquet"
    assert run(["report", str(sample / "c"), "--format", "parquet", "--table", "events", "-o", str(out)]) == 0
    table = pd.read_parquet(out)
    assert len(table) == len((sample / "c" / "events.jsonl").read_text(encoding="utf-8").splitlines())
    assert set(table["type"]) >= {"api_call", "consent", "hook_status", "lifecycle"}
    assert table["seq"].is_monotonic_increasing
    assert not table["masked"].dropna().isin(["356938035643809", "4f6e2a91c07d3b58"]).any()


def test_an_earlier_run_gives_every_finding_its_state_of_re_check(sample, tmp_path):
    out = tmp_path / "r.md"
    arguments = [
        "report",
        str(sample / "c"),
        "--before",
        str(sample / "analysis.json"),
        "--format",
        "md",
        "--lang",
        "en",
    ]
    assert run([*arguments, "-o", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert "| Re-check | still present |" in text
    assert "not re-checked yet" not in text


def test_quiet_says_nothing_and_stdout_carries_the_document(sample, capsysbinary):
    assert run(["report", str(sample / "analysis.json"), "--format", "notice", "--quiet", "--lang", "zh"]) == 0
    shown = capsysbinary.readouterr()
    assert "示例借款 1.8.50：" in shown.out.decode()
    assert shown.err == b""


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["--format", "md", "--table", "findings"], 2, "--table"),
        (["--format", "csv", "--table", "events"], 2, "capture"),
        (["--format", "md", "--reveal"], 2, "capture folder"),
        (["--format", "pdf"], 2, "pdf"),
    ],
)
def test_what_cannot_be_is_one_line_with_the_fix(sample, capsys, arguments, code, named):
    assert run(["report", str(sample / "analysis.json"), *arguments]) == code
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert named in error


@pytest.mark.parametrize("content", [b"{", b"[]", json.dumps({"schema": "pia.analysis/2"}).encode(), b"\xff\xfe"])
def test_what_is_no_document_is_invalid_input(tmp_path, capsys, content):
    (tmp_path / "x.json").write_bytes(content)
    assert run(["report", str(tmp_path / "x.json"), "--format", "md"]) == 3
    assert "x.json" in capsys.readouterr().err
