"""Months later, with other knowledge: what a sealed finding becomes, and which entry is named for it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sealed_captures import copy

import pia_runtime

RULE = "transmission_before_consent"


@pytest.fixture(scope="module")
def reduced(tmp_path_factory) -> Path:
    """The program with one rule less."""
    place = tmp_path_factory.mktemp("reduced")
    source = Path(pia_runtime.__file__).parent
    shutil.copytree(source, place / "pia_runtime", ignore=shutil.ignore_patterns("__pycache__"))
    for file in (place / "pia_runtime" / "knowledge" / "rules").glob("*.yaml"):
        content = yaml.safe_load(file.read_text("utf-8"))
        content["rules"] = [rule for rule in content["rules"] if rule["id"] != RULE]
        file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
    hooks = source.parent / "hooks"
    if hooks.is_dir():
        (place / "hooks").symlink_to(hooks)
    return place


def pia(program: Path | None, *commands: list[object]) -> list[tuple[int, str]]:
    """Exit code and output of each command, run by that program, or by this one, in one process."""
    code = (
        "import contextlib, io, json, sys\nsys.path[:0] = [place for place in sys.argv[1:2] if place]\n"
        "from pia_runtime.cli.main import run\ntold = []\n"
        "for command in json.loads(sys.argv[2]):\n"
        "    out = io.TextIOWrapper(io.BytesIO(), 'utf-8')\n"
        "    with contextlib.redirect_stdout(out):\n        code = run(command)\n"
        "    out.flush()\n    told.append([code, out.buffer.getvalue().decode()])\n"
        "print(json.dumps(told))"
    )
    lines = json.dumps([list(map(str, command)) for command in commands])
    environment = {**os.environ, "XDG_CONFIG_HOME": "/nonexistent"}
    run = subprocess.run(
        [sys.executable, "-c", code, str(program or ""), lines],
        capture_output=True, text=True, check=False, env=environment, timeout=240,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return [(code, told) for code, told in json.loads(run.stdout)]


def test_a_sealed_finding_that_is_no_longer_found_is_a_difference_that_names_the_entry(sealed, reduced):
    (code, told), (_, explained) = pia(reduced, ["verify", sealed, "--format", "json"], ["verify", sealed, "--explain"])
    document = json.loads(told)
    assert code == 7, told
    lost = [change for change in document["rederivation"]["findings"] if change["kind"] == "lost"]
    assert {change["rule"] for change in lost} == {RULE}
    assert all(change["because"] == [f"rules/consent_order.yaml#{RULE}"] for change in lost)
    assert document["rederivation"]["changed_entries"] == [f"rules/consent_order.yaml#{RULE}"]
    assert "RE-DERIVATION DIFFERS" in explained
    assert f"because of: rules/consent_order.yaml#{RULE}" in explained


def test_newer_knowledge_may_find_more(sealed, reduced):
    (sealed / "evidence.json").unlink()
    (sealed / "derived" / "analysis.json").unlink()
    assert pia(reduced, ["seal", sealed])[0][0] == 0
    ((code, told),) = pia(None, ["verify", sealed, "--format", "json"])
    gained = json.loads(told)["rederivation"]["findings"]
    assert {change["kind"] for change in gained} == {"gained"}
    assert {change["rule"] for change in gained} == {RULE}
    assert code == 6, told  # unsigned, and nothing else


def test_a_sealed_statement_that_its_own_program_does_not_give_is_a_difference(tmp_path, sealed_once):
    """A tester who seals what the files do not show is found out by anyone with the same version."""
    from pia_runtime.evidence import verification
    from pia_runtime.evidence.sealing import seal_capture
    from pia_runtime.storage.analysis import analyse_capture

    folder = copy(sealed_once, tmp_path / "c")
    (folder / "evidence.json").unlink()
    shutil.rmtree(folder / "derived")
    document = analyse_capture(folder)
    document["findings"][0]["count"] += 1
    seal_capture(folder, document)
    result = verification.verify_capture(folder)
    assert result.exit_code == 7
    assert [change.fields for change in result.comparison.findings] == [
        {"count": (document["findings"][0]["count"], document["findings"][0]["count"] - 1)}
    ]
