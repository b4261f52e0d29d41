"""Sealing, verifying, annotating and purging through the command line, as scripts do it."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pia_runtime.cli.main import run

SAMPLE = Path(__file__).parents[2] / "captures" / "sample-loan"
TEST_KEY = SAMPLE.parent / "test-key.pem"


@pytest.fixture
def pia(tmp_path, monkeypatch, capfd):
    """One command in this process, with a configuration of the test's own; gives what it printed."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def command(*arguments, code=0):
        capfd.readouterr()
        result = run(list(map(str, arguments)))
        printed = capfd.readouterr()
        assert result == code, (arguments, printed)
        return printed

    return command


@pytest.fixture
def sample(tmp_path):
    return Path(shutil.copytree(SAMPLE, tmp_path / "sample-loan"))


def test_the_sample_in_the_repository_verifies_and_loads_neither_frida_nor_mitmproxy(tmp_path):
    code = (
        "import sys\nfrom pia_runtime.cli.main import run\n"
        f"code = run(['verify', {str(SAMPLE)!r}, '--key', {str(TEST_KEY.with_suffix('.pub'))!r}])\n"
        "assert not {'frida', 'mitmproxy', 'adbutils', 'pyrage', 'matplotlib'} & set(sys.modules)\nsys.exit(code)"
    )
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    verified = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment, timeout=120
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "whole, signed" in verified.stdout


def test_a_tester_makes_a_key_seals_annotates_and_verifies(pia, sample, tmp_path):
    for name in ("evidence.json", "knowledge.json"):
        (sample / name).unlink()
    assert "not sealed" in pia("verify", sample, code=6).out
    assert "pia key new" in pia("annotate", sample, "--withdraw", "x", code=3).err
    fingerprint = pia("key", "new").out.strip()
    assert pia("key", "list").out == f"{fingerprint} default\n"
    pia("seal", sample)
    pia("seal", sample, code=2)  # signed by this key already
    pia("seal", sample, "--key", TEST_KEY)
    told = json.loads(pia("verify", sample, "--key", "default", "--format", "json").out)
    assert told["signatures"][0]["fingerprint"] == fingerprint
    assert len(told["signatures"]) == 2
    assert told["signatures"][0]["name"] == "default"
    finding = json.loads((sample / "derived" / "analysis.json").read_bytes())["findings"][0]["id"]
    pia("annotate", sample, finding[:8], "--dismiss", "another basis holds")
    assert "another basis holds" in pia("annotate", sample, "--list").out
    assert "another basis holds" in pia("explain", sample, finding, "--lang", "en").out
    pia("annotate", sample, code=2)
    pia("annotate", sample, "ffffffffff", "--note", "x", code=2)


def test_a_changed_byte_is_one_line_of_a_broken_verdict(pia, sample):
    content = (sample / "events.jsonl").read_bytes()
    (sample / "events.jsonl").write_bytes(content.replace(b'"seq":7}', b'"seq":8}', 1))
    told = pia("verify", sample, code=5).out
    assert told.startswith("EVIDENCE BROKEN\n  broken: events.jsonl, line 8, bytes ")
    told = json.loads(pia("verify", sample, "--format", "json", code=5).out)
    assert told["problems"][0]["first_line"] == 8


def test_nothing_is_written_into_a_sealed_capture(pia, sample, tmp_path):
    (tmp_path / "d.yaml").write_text("collected: [imei]\n")
    assert "sealed" in pia("declare", sample, tmp_path / "d.yaml", code=3).err
    pia("analyze", sample, "--format", "json")
    pia("verify", sample)


def test_what_is_no_capture_is_unreadable(pia, tmp_path):
    pia("verify", tmp_path / "none", code=3)
    (tmp_path / "empty").mkdir()
    pia("verify", tmp_path / "empty", code=3)
    pia("seal", tmp_path / "empty", code=3)


@pytest.mark.parametrize("name", ["session.json", "identifiers.json"])
def test_a_capture_of_an_unknown_schema_is_refused_by_name_and_left_as_it_is(pia, sample, tmp_path, name):
    document = json.loads((sample / name).read_bytes())
    later = json.dumps({**document, "schema": document["schema"].replace("/1", "/2")}).encode()
    (sample / name).write_bytes(later)
    (sample / "evidence.json").unlink()
    for command in ("analyze", "seal"):
        said = pia(command, sample, code=3).err
        assert name in said
        assert "schema" in said
    assert (sample / name).read_bytes() == later


def test_purge_prints_what_it_deletes(pia, sample, tmp_path):
    place = sample.parent
    session = json.loads((sample / "session.json").read_bytes())
    (sample / "session.json").write_text(json.dumps({**session, "ended_ns": 1_700_000_000_000_000_000}))
    assert pia("purge", place, "--older-than", "90d", "--dry-run").out == f"{sample}\n"
    assert sample.exists()
    pia("purge", place, "--older-than", "90d")
    assert not sample.exists()
    assert json.loads((place / "purged.jsonl").read_bytes().splitlines()[0])["package"] == "com.example.loan"
    pia("purge", place, "--older-than", "soon", code=2)
