"""``pia diff`` as a release gate: exit codes, and documents that other programs read."""

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema
import lxml.etree
import pytest

from pia_runtime.cli.main import run

SCHEMAS = Path(__file__).parents[1] / "data" / "schemas"
BASE = 1_763_884_800_000_000_000


def pia(*arguments):
    command = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()", *map(str, arguments)]
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=120, check=False)


def write(folder, read_at):
    """An IMEI read at a second; consent was given at second 6."""
    read = {
        "type": "api_call", "hook": "telephony.device_id", "api": "android.telephony.TelephonyManager.getDeviceId",
        "data": ["imei"], "value": "356938035643809", "process": "com.example.loan", "stack": ["com.example.loan.A.b(A.java:1)"],
    }  # fmt: skip
    said = {"type": "consent", "scope": "policy", "source": "tap"}
    events = [
        (0, {"type": "hook_status", "hook": "telephony.device_id", "status": "installed"}),
        (1, {**said, "signal": "requested"}),
        (6, {**said, "signal": "given"}),
        (read_at, read),
    ]
    folder.mkdir()
    session = {"schema": "pia.session/1", "id": folder.name, "started_ns": BASE, "first_launch": True}
    (folder / "session.json").write_text(json.dumps({**session, "app": {"package": "com.example.loan"}}))
    lines = [
        json.dumps({"seq": n, "t_ns": BASE + at * 10**9, "clock": "host", **e}) for n, (at, e) in enumerate(events)
    ]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    return write(place / "bad", 2), write(place / "good", 8)


def test_the_gate_fails_on_what_is_still_present_and_on_what_is_new(runs):
    bad, good = runs
    assert pia("diff", bad, bad, "--gate").returncode == 1
    assert pia("diff", good, bad, "--gate").returncode == 1
    assert pia("diff", bad, bad).returncode == 0


def test_a_fixed_fault_passes_the_gate_and_reads_as_fixed_in_both_languages(runs):
    bad, good = runs
    document = json.loads(pia("diff", bad, good, "--format", "json").stdout)
    states = {item["before"]["rule"]: item["state"] for item in document["items"] if item["before"]}
    assert states["access_before_consent"] == "fixed"
    assert "fixed" in pia("diff", bad, good, "--lang", "en").stdout
    assert "已整改" in pia("diff", bad, good, "--lang", "zh").stdout


def test_junit_counts_failures_and_sarif_says_what_is_unchanged(runs, tmp_path):
    bad, _ = runs
    xml, sarif = tmp_path / "d.xml", tmp_path / "d.sarif"
    assert pia("diff", bad, bad, "--format", "junit", "-o", xml).returncode == 0
    suite = ElementTree.parse(xml).getroot().find("testsuite")
    assert int(suite.get("failures")) == int(suite.get("tests")) > 0
    assert pia("diff", bad, bad, "--format", "sarif", "-o", sarif).returncode == 0
    (run,) = json.loads(sarif.read_text())["runs"]
    assert {result["baselineState"] for result in run["results"]} == {"unchanged"}


def test_both_machine_formats_follow_their_official_schemas_in_every_state(runs, tmp_path):
    bad, good = runs
    blind = tmp_path / "blind"
    shutil.copytree(good, blind)
    (blind / "events.jsonl").write_text("")
    xsd = lxml.etree.XMLSchema(lxml.etree.parse(SCHEMAS / "junit-10.xsd"))
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
    for before, after in ((bad, bad), (bad, good), (good, bad), (bad, blind)):
        made = {}
        for name in ("junit", "sarif"):
            assert run(["diff", str(before), str(after), "--format", name, "-o", str(tmp_path / name)]) == 0
            made[name] = (tmp_path / name).read_bytes()
        xsd.assertValid(lxml.etree.fromstring(made["junit"]))
        jsonschema.validate(json.loads(made["sarif"]), schema)


def test_what_is_no_run_is_one_line_and_exit_three(runs, tmp_path):
    wrong = tmp_path / "x.json"
    wrong.write_text('{"schema": "other"}')
    done = pia("diff", runs[0], wrong)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("pia: ")


def test_strict_without_a_gate_is_wrong_usage(runs):
    assert pia("diff", *runs, "--strict").returncode == 2
