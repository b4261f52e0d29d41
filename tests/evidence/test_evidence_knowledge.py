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


def pia(program: Path | None, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The command line of that program, or of this one."""
    code = "import sys\nif sys.argv[1]: sys.path.insert(0, sys.argv[1])\nfrom pia_runtime.cli.main import run\nsys.exit(run(sys.argv[2:]))"
    command = [sys.executable, "-c", code, str(program or ""), *map(str, arguments)]
    environment = {**os.environ, "XDG_CONFIG_HOME": "/nonexistent"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)


def test_a_sealed_finding_that_is_no_longer_found_is_a_difference_that_names_the_entry(sealed, reduced):
    run = pia(reduced, "verify", sealed, "--format", "json")
    document = json.loads(run.stdout)
    assert run.returncode == 7, run.stderr
    lost = [change for change in document["rederivation"]["findings"] if change["kind"] == "lost"]
    assert {change["rule"] for change in lost} == {RULE}
    assert all(change["because"] == [f"rules/consent_order.yaml#{RULE}"] for change in lost)
    assert document["rederivation"]["changed_entries"] == [f"rules/consent_order.yaml#{RULE}"]
    explained = pia(reduced, "verify", sealed, "--explain").stdout
    assert "RE-DERIVATION DIFFERS" in explained
    assert f"because of: rules/consent_order.yaml#{RULE}" in explained


def test_newer_knowledge_may_find_more(sealed, reduced):
    (sealed / "evidence.json").unlink()
    (sealed / "derived" / "analysis.json").unlink()
    assert pia(reduced, "seal", sealed).returncode == 0
    run = pia(None, "verify", sealed, "--format", "json")
    gained = json.loads(run.stdout)["rederivation"]["findings"]
    assert {change["kind"] for change in gained} == {"gained"}
    assert {change["rule"] for change in gained} == {RULE}
    assert run.returncode == 6, run.stdout  # unsigned, and nothing else


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
