"""A plan's device runs: each in a process of its own, tried again, ended at the time-out, the device restored, nothing done twice."""

import json
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from pia_runtime.campaign.plan import Plan, PlannedRun, planned_runs, read_plan
from pia_runtime.campaign.planned import LOG, capture_command, restore_command, run_plan
from pia_runtime.errors import InputError

PLAN = """
devices: [emulator-5554, emulator-5556]
defaults: {scenarios: [accept, refuse], timeout_s: 20}
apps:
  - {package: com.example.loan, install: [loan.apk], categories: [12], repetitions: 2, options: [--clear-data]}
  - {package: com.example.maps, scenarios: [first-launch-60s], retries: 0}
"""
# What stands for `pia capture` on a device: a program that does what its instructions say for this run and try.
STAND_IN = """
import json, sys, time
from pathlib import Path
capture, device, orders = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
tries = sum(1 for path in capture.parent.iterdir() if path.name.startswith(capture.name.partition("-try")[0]))
order = orders[min(tries, len(orders) - 1)]
capture.mkdir()
(capture / "device").write_text(device)
if order == "hang":
    time.sleep(600)
if order != "well":
    print(order, file=sys.stderr)
    sys.exit(4 if order == "device not ready" else 3)
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN)
    return read_plan(file)


def played(
    tmp_path: Path, plan: Plan, orders: dict[str, list[str]], bad_devices: tuple[str, ...] = ()
) -> dict[str, str]:
    """Run the plan on stand-ins; how each run that did not end well ended."""

    def command(run: PlannedRun, device: str, port: int, capture: Path) -> list[str]:
        assert port > 1023
        told = ["device not ready"] if device in bad_devices else orders.get(run.name, ["well"])
        return [sys.executable, "-c", textwrap.dedent(STAND_IN), str(capture), device, json.dumps(told)]

    def restore(device: str) -> list[str]:
        return [sys.executable, "-c", f"open({str(tmp_path / 'restored')!r}, 'a').write({device + chr(10)!r})"]

    return {one.run: one.ended for one in run_plan(plan, tmp_path / "captures", command=command, restore=restore)}


def attempts(tmp_path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (tmp_path / "captures" / LOG).read_text().splitlines()]


def test_a_plan_names_every_run_of_every_app_with_its_defaults(plan: Plan) -> None:
    assert [run.name for run in planned_runs(plan)] == [
        "com.example.loan/accept-1", "com.example.loan/accept-2", "com.example.loan/refuse-1", "com.example.loan/refuse-2",
        "com.example.maps/first-launch-60s-1",
    ]  # fmt: skip
    assert plan.apps[1].timeout_s == 20


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("devices: []\napps: [{package: a.b}]", "devices"),
        ("devices: [x]\napps: [{package: 'a.b; reboot'}]", "apps.0.package"),
        ("devices: [x]\napps: [{package: a.b, scenario: [accept]}]", "apps.0.scenario"),
        ("devices: [x]\napps: [{package: a.b, categories: [40]}]", "apps.0.categories.0"),
        ("devices: [x]\napps: [{package: a.b, options: [--device=y]}]", "apps.0.options"),
        ("devices: [x]\napps: [{package: a.b, scenarios: [x.yaml, y/x.yaml]}]", "two runs are called a.b/x-1"),
        ("devices: [x]\napps: [{package: a.b}, {package: a.b}]", "two runs are called a.b/first-launch-60s-1"),
        ("- x", "mapping"),
        ("devices: [", "not valid YAML"),
    ],
)
def test_a_plan_that_is_not_as_described_is_refused_by_file_and_field(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=named) as refused:
        read_plan(file)
    assert str(file) in str(refused.value)


def test_a_run_is_a_capture_command_whose_words_are_never_read_by_a_shell(plan: Plan, tmp_path: Path) -> None:
    words = capture_command(next(planned_runs(plan)), "emulator-5554", 8081, Path("out"))
    assert words[words.index("capture") :] == [
        "capture", "com.example.loan", "--device", "emulator-5554", "--port", "8081", "-o", "out", "--scenario", "accept",
        "--category", "12", "--install", str(tmp_path / "loan.apk"), "--clear-data",
    ]  # fmt: skip


def test_the_program_takes_every_word_of_that_command(plan: Plan, tmp_path: Path) -> None:
    """So far that what it refuses is the device, which is not there."""
    (tmp_path / "loan.apk").touch()
    words = capture_command(next(planned_runs(plan)), "no-such-device", 8081, Path("out"))
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode in (3, 4), ended.stderr
    assert "No such option" not in ended.stderr
    ended = subprocess.run([*restore_command("no-such-device"), "--help"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0


def test_all_devices_work_and_each_is_restored_after_every_run(tmp_path: Path, plan: Plan) -> None:
    assert played(tmp_path, plan, {}) == {}
    done = attempts(tmp_path)
    assert sorted(one["run"] for one in done) == sorted(run.name for run in planned_runs(plan))
    assert {one["device"] for one in done} == {"emulator-5554", "emulator-5556"}
    assert len((tmp_path / "restored").read_text().splitlines()) == len(done) + len(
        plan.devices
    )  # and at the beginning
    assert all(one["restored"] for one in done)


def test_a_run_that_fails_is_tried_again_and_one_that_always_fails_is_told(tmp_path: Path, plan: Plan) -> None:
    orders = {
        "com.example.loan/accept-1": ["app crashed", "well"],
        "com.example.maps/first-launch-60s-1": ["no such app"],
    }
    assert played(tmp_path, plan, orders) == {"com.example.maps/first-launch-60s-1": "failed"}
    tried = [(one["attempt"], one["ended"], one["said"]) for one in attempts(tmp_path) if "accept-1" in str(one["run"])]
    assert tried == [(1, "failed", "app crashed"), (2, "well", "")]
    assert (tmp_path / "captures" / "com.example.loan" / "accept-1-try2").is_dir()


def test_a_run_that_hangs_is_ended_at_its_time_out(tmp_path: Path, plan: Plan) -> None:
    quick = plan.model_copy(update={"apps": (plan.apps[1].model_copy(update={"timeout_s": 1.0}),)})
    assert played(tmp_path, quick, {"com.example.maps/first-launch-60s-1": ["hang"]}) == {
        "com.example.maps/first-launch-60s-1": "timeout"
    }


def test_what_ended_well_is_not_done_again_even_after_a_torn_log(tmp_path: Path, plan: Plan) -> None:
    orders = {"com.example.maps/first-launch-60s-1": ["down"]}
    played(tmp_path, plan, orders)
    with (tmp_path / "captures" / LOG).open("a") as log:
        log.write('{"run": "com.exam')
    before = (tmp_path / "captures" / LOG).read_bytes()
    assert played(tmp_path, plan, {}) == {}
    added = (tmp_path / "captures" / LOG).read_bytes()[len(before) :].decode().splitlines()
    assert [json.loads(line)["run"] for line in added if line] == ["com.example.maps/first-launch-60s-1"]
    assert played(tmp_path, plan, {}) == {}


def test_a_device_that_is_not_ready_leaves_its_runs_to_the_others(tmp_path: Path, plan: Plan) -> None:
    assert played(tmp_path, plan, {}, bad_devices=("emulator-5554",)) == {}
    assert {one["device"] for one in attempts(tmp_path) if one["ended"] == "well"} == {"emulator-5556"}


def test_without_any_ready_device_every_run_is_told_as_not_run(tmp_path: Path, plan: Plan) -> None:
    failed = played(tmp_path, plan, {}, bad_devices=plan.devices)
    assert set(failed.values()) == {"not run"}
    assert len(failed) == 5


def test_a_run_ends_as_by_ctrl_c_when_its_plan_is_killed(tmp_path: Path) -> None:
    """Else it would hold its device against the plan that is started again."""
    told = tmp_path / "told"
    child = f"""
import os, sys, time
from pathlib import Path
from pia_runtime.campaign.tied import end_with
end_with(int(sys.argv[1]))
told = Path({str(told)!r})
try:
    told.write_text("begun")
    time.sleep(60)
except KeyboardInterrupt:
    told.write_text("interrupted")
"""
    start = f"import os, subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}, str(os.getpid())])"
    plan = subprocess.Popen([sys.executable, "-c", start])
    _until_told(told, "begun")
    plan.kill()
    plan.wait()
    _until_told(told, "interrupted")


def _until_told(file: Path, word: str) -> None:
    deadline = time.monotonic() + 30
    while not file.exists() or file.read_text() != word:
        assert time.monotonic() < deadline, word
        time.sleep(0.05)
