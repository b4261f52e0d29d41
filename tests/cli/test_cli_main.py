"""The command line as users and scripts meet it: real processes, exit codes, one clear line on stderr."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BASE = 1_763_884_800_000_000_000


def pia(*arguments, cwd=None, **environment):
    """Run the real command; returns the finished process."""
    command = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()", *map(str, arguments)]
    env = {**os.environ, "LC_ALL": "C.UTF-8", **environment}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, timeout=120, check=False)


def one_line(process):
    """The error for people: exactly one line, no traceback."""
    assert process.stderr.count("\n") == 1, process.stderr
    assert process.stderr.startswith("pia: ")
    return process.stderr


@pytest.fixture
def capture(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    lines = [
        {"seq": 1, "type": "consent", "t_ns": BASE, "signal": "requested", "scope": "policy", "source": "tap"},
        {"seq": 2, "type": "api_call", "t_ns": BASE + 10**9, "hook": "h", "api": "a.B.c", "data": ["imei"],
         "args": [], "value": "356938035643809", "threw": None, "stack": ["com.example.loan.Main.a(Main.java:1)"]},
        {"seq": 3, "type": "consent", "t_ns": BASE + 4 * 10**9, "signal": "given", "scope": "policy", "source": "tap"},
    ]  # fmt: skip
    (folder / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    session = {"schema": "pia.session/1", "id": "x", "app": {"package": "com.example.loan"}}
    (folder / "session.json").write_text(json.dumps(session))
    return folder


def test_json_on_stdout_is_what_is_stored_and_the_same_every_time(capture):
    runs = [pia("analyze", capture, "--format", "json", PYTHONHASHSEED=seed) for seed in ("1", "2")]
    assert [run.returncode for run in runs] == [0, 0]
    assert runs[0].stdout == runs[1].stdout == (capture / "derived" / "analysis.json").read_text()
    assert json.loads(runs[0].stdout)["schema"] == "pia.analysis/1"
    assert (capture / "derived" / "analysis.json").stat().st_mode & 0o777 == 0o600


def test_a_line_that_could_not_be_used_is_a_warning_on_stderr_and_a_blind_spot(capture):
    with (capture / "events.jsonl").open("a") as file:
        file.write('{"seq": 4, "type": "nonsense", "t_ns": 1}\n{"seq": 5, "ty')
    run = pia("analyze", capture, "--format", "json")
    assert run.returncode == 0
    assert [line.split(":")[:2] for line in run.stderr.splitlines()] == [
        ["warning", " invalid_event"],
        ["warning", " torn_line"],
    ]
    kinds = {spot["kind"] for spot in json.loads(run.stdout)["blind_spots"]}
    assert {"invalid_event", "torn_line"} <= kinds
    assert pia("--quiet", "analyze", capture).stderr == ""


@pytest.mark.parametrize(("name", "code"), [("3.1", 1), ("191号 3.1", 1), ("4.4", 0), ("9.9", 2)])
def test_fail_on_takes_the_number_of_a_behaviour_too(capture, name, code):
    assert pia("analyze", capture, "--fail-on", name).returncode == code


def test_half_a_character_in_the_name_of_the_app_is_no_broken_session(capture):
    session = {
        "schema": "pia.session/1",
        "id": "x",
        "app": {"package": "com.example.loan", "label": "\ud83d cut\uffff"},
    }
    (capture / "session.json").write_text(json.dumps(session))
    run = pia("report", capture, "--format", "docx", "-o", capture / "report.docx")
    assert (run.returncode, (capture / "report.docx").exists()) == (0, True), run.stderr


@pytest.mark.parametrize(("lang", "word"), [("en", "before the choice"), ("zh", "同意")])
def test_the_table_names_the_finding_in_both_languages(capture, lang, word):
    run = pia("analyze", capture, "--lang", lang)
    assert run.returncode == 0
    assert word in run.stdout
    assert "356938035643809" not in run.stdout
    assert "\x1b" not in run.stdout


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (["access_before_consent"], 1),
        (["any"], 1),
        (["transmission_after_refusal"], 0),
        (["transmission_after_refusal,any"], 1),
    ],
)
def test_fail_on_exits_one_only_for_the_rules_asked_about(capture, rules, code):
    assert pia("analyze", capture, "--fail-on", *rules).returncode == code


def test_a_field_of_the_session_that_is_null_is_one_that_is_missing(capture):
    session = json.loads((capture / "session.json").read_text())
    null = dict.fromkeys(("device", "tools", "clock_samples", "started_ns"))
    (capture / "session.json").write_text(json.dumps(session | null | {"app": session["app"] | {"categories": None}}))
    document = json.loads(pia("analyze", capture, "--format", "json").stdout)
    assert document["session"] == session
    (capture / "session.json").write_text(json.dumps(session | {"app": None}))
    assert pia("analyze", capture).returncode == 0


def test_reveal_prints_full_values_and_stores_none(capture):
    run = pia("analyze", capture, "--format", "json", "--reveal")
    assert "356938035643809" in run.stdout
    assert not (capture / "derived").exists()


def test_a_detection_is_explained_by_its_id(capture):
    document = json.loads(pia("analyze", capture, "--format", "json").stdout)
    for id_ in (document["detections"][0]["id"], document["findings"][0]["id"][:8]):
        run = pia("explain", capture, id_, "--lang", "en")
        assert run.returncode == 0, run.stderr
        assert "a.B.c" in run.stdout
        assert "356938035643809" not in run.stdout


def test_the_timeline_is_drawn_in_the_terminal_and_as_a_page(capture, tmp_path):
    assert pia("timeline", capture, "--lang", "en").stdout.strip()
    page = tmp_path / "page.html"
    assert pia("timeline", capture, "--html", page).returncode == 0
    assert page.read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    assert page.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        (lambda f: (f / "events.jsonl").unlink(), "not a capture"),
        (lambda f: (f / "session.json").write_text("{"), "session.json"),
        (lambda f: (f / "session.json").write_text('{"schema": "pia.session/2"}'), "schema"),
        (
            lambda f: (f / "thresholds.yaml").write_text("thresholds:\n  - [1"),
            "thresholds.yaml: not valid YAML (line 3",
        ),
        (lambda f: (f / "thresholds.yaml").write_text("since: 2026-13-45"), "thresholds.yaml: not valid YAML"),
        (lambda f: (f / "session.json").write_text('{"schema": "pia.session/1", "started_ns": "soon"}'), "started_ns"),
        (
            lambda f: (f / "session.json").write_text(
                '{"clock_samples": [{"host_ns": 1, "device_ns": true, "rtt_ns": 0}]}'
            ),
            "clock_samples[0].device_ns",
        ),
        (lambda f: (f / "identifiers.json").write_text('{"identifiers": [{"id": "imei"}]}'), "identifiers[0]"),
        (
            lambda f: (f / "identifiers.json").write_text(
                '{"identifiers": [{"id": "imei", "value": {"lat": 490154}}]}'
            ),
            "identifiers[0].value: expected a text, {lat, lon}, {name, phones, emails} or {packages} (got dict)",
        ),
        (lambda f: (f / "flows.mitm").write_bytes(b"this is no flow file at all"), "flows.mitm"),
    ],
)
def test_bad_input_is_one_line_that_names_file_and_field_and_exit_code_three(capture, spoil, names):
    spoil(capture)
    run = pia("analyze", capture, "--format", "json")
    assert run.returncode == 3, run.stderr
    assert names in one_line(run)
    assert run.stdout == ""
    assert not (capture / "derived" / "analysis.json").exists()


def test_a_torn_line_and_an_empty_flow_file_are_blind_spots_not_errors(capture):
    (capture / "flows.mitm").write_bytes(b"")
    with (capture / "events.jsonl").open("a") as file:
        file.write('{"seq": 4, "t_')
    run = pia("analyze", capture, "--format", "json")
    assert run.returncode == 0
    assert {"torn_line", "empty_flow_file"} <= {spot["kind"] for spot in json.loads(run.stdout)["blind_spots"]}


@pytest.mark.parametrize("folder", ["nowhere", "run/events.jsonl"])
def test_a_folder_that_is_none_is_named(capture, folder):
    run = pia("analyze", folder, cwd=capture.parent)
    assert (run.returncode, folder in one_line(run)) == (3, True)


@pytest.mark.parametrize(
    "arguments", [["analyse"], ["analyze"], ["analyze", "x", "--format", "xml"], ["timeline", "x", "--colour"]]
)
def test_wrong_usage_is_one_line_and_exit_code_two(arguments):
    run = pia(*arguments)
    assert (run.returncode, bool(one_line(run))) == (2, True)


def test_an_unknown_rule_or_id_is_wrong_usage(capture):
    assert pia("analyze", capture, "--fail-on", "no_such_rule").returncode == 2
    assert pia("explain", capture, "ffffffff").returncode == 2
    assert pia("explain", capture, "ff").returncode == 2


def test_a_read_only_capture_is_analysed_all_the_same(capture):
    if os.geteuid() == 0:
        (capture / "derived").write_text("a file where the folder should be")  # root may write anywhere
    else:
        capture.chmod(0o500)
    run = pia("analyze", capture, "--format", "json")
    assert run.returncode == 0
    assert json.loads(run.stdout)["findings"]
    assert "not written" in run.stderr


def test_help_loads_no_heavy_module():
    code = (
        "import sys\nfrom pia_runtime.cli.main import run\nassert run(['--help']) == 0\n"
        "heavy = {'pandas', 'numpy', 'mitmproxy', 'frida', 'pyarrow', 'pydantic', 'yaml', 'hyperscan', 'asyncio'}\n"
        "sys.exit(','.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr


def test_every_command_has_help_with_its_options():
    for command in ("demo", "capture", "import", "analyze", "explain", "timeline", "hooks"):
        run = pia(command, "--help")
        assert run.returncode == 0, run.stderr
        assert "Usage" in run.stdout


def test_a_reader_that_goes_away_is_no_error(capture):
    command = f"{sys.executable} -c 'from pia_runtime.cli.main import main; main()' analyze {capture} --format json | head -c 10"
    run = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in run.stderr


def test_paths_with_odd_names_work(tmp_path, capture):
    odd = Path(capture).rename(tmp_path / "a b;'\"$(x)")
    assert pia("analyze", odd, "--format", "json").returncode == 0
