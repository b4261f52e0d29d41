"""A whole run on a double: prepared, driven, observed, recorded, restored. The instrument is played, or Frida's own."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import orjson
import pytest
from device_stage import free_port
from device_steps import VERSION, furnish
from device_world import world
from frida_stand_in import CONTROL_SERVICE, write_server

from pia_runtime.capture.device_plan import DevicePlan
from pia_runtime.capture.device_run import DeviceRun
from pia_runtime.cli.main import run as run_command
from pia_runtime.device.command_log import LOG_NAME
from pia_runtime.device.journal import Journal
from pia_runtime.device.scenario import load_scenario
from pia_runtime.errors import InputError, NotReadyError
from pia_runtime.instrumentation import host, server_probe

APP = "com.example.loan"
PROMPT = """<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation="0">
<node text="" package="com.example.loan" clickable="false" bounds="[0,0][1080,2400]">
<node text="请阅读《隐私政策》" package="com.example.loan" clickable="false" bounds="[90,900][990,1300]"/>
<node text="不同意" package="com.example.loan" clickable="true" bounds="[90,1400][520,1520]"/>
<node text="同意并继续" package="com.example.loan" clickable="true" bounds="[560,1400][990,1520]"/></node></hierarchy>"""
MAIN_SCREEN = PROMPT.replace("请阅读《隐私政策》", "首页").replace("不同意", "推荐").replace("同意并继续", "我的")
EXIT = {"pid": 4711, "reason": 1, "name": "EXIT_SELF"}


class PlayedApp:
    """An instrument whose app asks for consent and later ends itself."""

    def __init__(self, on_event, on_detached, *, ends_after: float | None = None) -> None:
        self.dropped = 0
        self.tools = {"agent_sha256": "ab" * 32}
        self._on_event, self._on_detached, self._ends_after = on_event, on_detached, ends_after

    def start(self) -> None:
        """The dialog comes up at once."""
        asked = {"type": "consent", "signal": "requested", "scope": "policy", "source": "ui_tree", "clock": "device"}
        self._on_event({**asked, "t_ns": time.time_ns(), "err_ns": 0})
        if self._ends_after is not None:
            threading.Timer(self._ends_after, self._on_detached, ("process-terminated",)).start()

    def calibrate(self, rounds: int) -> list[dict]:
        """One exchange."""
        now = time.time_ns()
        return [{"host_ns": now, "device_ns": now, "rtt_ns": 1_000_000}] * min(rounds, 1)

    def stop(self) -> None:
        """Nothing waits."""


def install(played, **more) -> None:
    """Put the app on the device."""
    packages = played.state["packages"]
    packages[APP] = {"version": "1.8.50", "code": 18500, "never": True, **more}
    played.set("packages", packages)


def events(folder: Path, kind: str) -> list[dict]:
    """The event lines of one type."""
    lines = [orjson.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    return [line for line in lines if line["type"] == kind]


@pytest.fixture
def confdir(tmp_path, certificate):
    """A folder with the session's authority."""
    folder = tmp_path / "conf"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch):
    """Keys are not read from whoever runs the tests."""
    with Path("/dev/null").open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        yield


def test_a_scenario_drives_the_app_and_everything_is_evidence(connect, listener_server, tmp_path, confdir):
    """The refusal is tapped where it stands; screen, tree and every command are in the capture; the device is as before."""
    played, device = connect("emulator-14")
    furnish(played)
    install(played, installer="com.android.vending")
    played.set("screens", [PROMPT, MAIN_SCREEN])
    apk = (Path(__file__).parent / "data/loan.apk").read_bytes()
    played.root(f"mkdir -p /data/app/{APP}; chmod 755 /data/app /data /data/app/{APP}")
    subprocess.run(
        ["adb", "-s", played.serial, "push", str(Path(__file__).parent / "data/loan.apk"), "/data/local/tmp/x"],
        check=True,
        capture_output=True,
    )
    played.root(f"mv /data/local/tmp/x /data/app/{APP}/base.apk; chmod 644 /data/app/{APP}/base.apk")
    before = world(played)
    scenario = tmp_path / "refuse.yaml"
    scenario.write_text(
        "scenarios: {x: {en: Refuse., actions: [{await: prompt}, {tap: refused, within_s: 5}, {wait_s: 0.5}]}}"
    )
    plan = DevicePlan(APP, frida_server=listener_server(), port=free_port(), confdir=confdir)
    told: list[str] = []
    run = DeviceRun(
        device.serial, plan, lambda _: PlayedApp, lambda *_: None, load_scenario(str(scenario)), told.append
    )
    sent = len(played.state["commands"])
    folder, result = run.record(out=tmp_path / "capture")
    assert result.reason == "scenario"
    assert played.state["taps"] == [[305, 1460]]
    assert world(played) == before
    session = orjson.loads((folder / "session.json").read_bytes())
    assert session["first_launch"] is True
    assert session["tools"]["preparation"]["root"] == "adb root"
    assert session["tools"]["preparation"]["steps"][:3] == ["adb_root", "frida_server", "ca_store"]
    assert session["app"]["apk_sha256"] == hashlib.sha256(apk).hexdigest()
    assert "jpush" in session["app"]["sdks_present"]
    assert session["app"]["signature"].startswith("SHA-256 170d8a7d")
    assert (session["app"]["label"], session["app"]["installer"]) == ("示例借款", "com.android.vending")
    words = [str(Path(sys.executable).with_name("pia")), "report", str(folder), "--format", "md", "-o", "-"]
    report = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "170d8a7dedfb" in report
    assert "com.android.vending" in report
    assert "jpush, umeng" in report  # Markdown escapes what follows
    signals = [(line["signal"], line["source"]) for line in events(folder, "consent")]
    assert signals == [("requested", "ui_tree"), ("refused", "tester")]
    pictures = {line["text"]: line["blob"] for line in events(folder, "note") if "blob" in line}
    assert (folder / "blobs" / pictures["screenshot after consent requested"]).read_bytes().startswith(b"\x89PNG")
    assert "<hierarchy" in (folder / "blobs" / pictures["UI tree after consent requested"]).read_text()
    logged = [orjson.loads(line) for line in (folder / LOG_NAME).read_bytes().splitlines()]
    shells = [line["command"] for line in logged if line["action"] == "shell"]
    assert sorted(shells) == sorted(played.state["commands"][sent:])
    assert {line["command"] for line in logged if line["action"] == "shell"} >= {
        "input tap 305 1460",
        "screencap -p",
    }


def test_an_app_that_ends_itself_when_it_is_watched_is_a_blind_spot(connect, listener_server, tmp_path, confdir):
    """Told apart from a crash by what Android itself recorded."""
    played, device = connect("magisk-13")
    install(played)
    played.set("exits", [EXIT])
    plan = DevicePlan(APP, frida_server=listener_server(), port=free_port(), confdir=confdir)

    def connect_to(_address):
        return lambda *callbacks: PlayedApp(*callbacks, ends_after=1.0)

    folder, result = DeviceRun(device.serial, plan, connect_to, lambda *_: None, None, print).record(
        out=tmp_path / "capture"
    )
    assert result.reason == "target_exit"
    gaps = {line["kind"]: line["detail"] for line in events(folder, "gap")}
    assert "it ended itself" in gaps["app_exit_suspicious"]
    assert "app_crashed" not in gaps


def test_an_app_that_is_not_there_is_said_before_anything_is_changed(connect, tmp_path, confdir):
    """With the ways to get it there."""
    _, device = connect("magisk-13")
    run = DeviceRun(
        device.serial, DevicePlan("com.absent", confdir=confdir), lambda _: PlayedApp, lambda *_: None, None, print
    )
    with pytest.raises(InputError, match=r"com.absent is not installed on .*--install"):
        run.record(out=tmp_path / "c")
    assert not (tmp_path / "c").exists()
    assert not Journal(device.serial).path.exists()


def test_no_root_is_said_before_anything_is_changed(connect, tmp_path, confdir):
    """Nothing was sent that could have changed the device."""
    played, device = connect("unrooted-14")
    install(played)
    with pytest.raises(NotReadyError, match="gives no root"):
        DeviceRun(
            device.serial, DevicePlan(APP, confdir=confdir), lambda _: PlayedApp, lambda *_: None, None, print
        ).record()
    assert not Journal(device.serial).path.exists()


@pytest.mark.live
def test_frida_s_own_server_is_pushed_started_used_and_ended(connect, journal_of, certificate, listener_server):
    """ControlService stands for frida-server; the host side is Frida's real one, through the real adb and the double."""
    import frida

    from pia_runtime.device.forwarding import forwarded
    from pia_runtime.device.frida_binary import load_frida_server
    from pia_runtime.device.preparation import prepared
    from pia_runtime.device.step_frida_server import FridaServer
    from pia_runtime.instrumentation.server_probe import probe_server

    played, device = connect("magisk-13")
    before = world(played)
    folder = Path(tempfile.mkdtemp(prefix="pia-f", dir=Path(__file__).parents[2] / ".cache"))
    try:
        program = write_server(folder, CONTROL_SERVICE, frida.__version__)
        assert "nobody answers" in (probe_server(device, 27055) or "")
        step = FridaServer(
            load_frida_server(program, "x86_64", frida.__version__), probe_server, frida.__version__, 27055, "quiet"
        )
        with prepared(device, [step], journal_of(device), print), forwarded(device, 27055) as port:
            remote = frida.get_device_manager().add_remote_device(f"127.0.0.1:{port}")
            names = {process.name for process in remote.enumerate_processes()}
            pid = remote.spawn(["/usr/bin/sleep", "60"])
            session = remote.attach(pid)
            script = session.create_script("rpc.exports.answer = () => Process.id")
            script.load()
            assert script.exports_sync.answer() == pid
            remote.kill(pid)
            assert names
            frida.get_device_manager().remove_remote_device(f"127.0.0.1:{port}")
        assert world(played) == before
    finally:
        shutil.rmtree(folder)


def command(*arguments: str) -> subprocess.Popen:
    """The command itself in a process of its own; the app is a played one that ends itself, or goes on where Ctrl-C comes."""
    script = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import pia_runtime.instrumentation.host as host, pia_runtime.instrumentation.server_probe as probe
from test_device_run import PlayedApp
ends = float(os.environ["ENDS_AFTER"]) if "ENDS_AFTER" in os.environ else None
host.FridaHost = lambda target, catalog, *, on_event, on_detached, **_: PlayedApp(on_event, on_detached, ends_after=ends)
probe.probe_server = lambda *_: None
from pia_runtime.cli.main import main
main()
"""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def inside(monkeypatch, capfd, *arguments: str) -> tuple[int, str]:
    """The same command in this process, where the process is not the point; its exit code and what it told."""
    ends = float(os.environ["ENDS_AFTER"])
    monkeypatch.setattr(
        host, "FridaHost", lambda *_, on_event, on_detached, **__: PlayedApp(on_event, on_detached, ends_after=ends)
    )
    monkeypatch.setattr(server_probe, "probe_server", lambda *_: None)
    return run_command(list(arguments)), capfd.readouterr().err


def test_a_device_that_cannot_be_given_back_costs_no_recording(
    connect, listener_server, tmp_path, confdir, monkeypatch, capfd
):
    """The capture is analysed and sealed, then the command says what remains and exits with 4."""
    played, device = connect("magisk-13")
    install(played)
    played.fault("settings put global http_proxy :0", "fail", text="Killed", code=137)
    monkeypatch.setenv("ENDS_AFTER", "1")
    server, out = str(listener_server(VERSION)), tmp_path / "c"
    code, told = inside(
        monkeypatch, capfd, "capture", APP, "--device", device.serial, "--frida-server", server, "-o", str(out),
        "--port", str(free_port()), "--confdir", str(confdir),
    )  # fmt: skip
    assert code == 4, told
    assert "left on the device: global_proxy" in told.splitlines()[-1]
    assert (out / "evidence.json").exists()
    assert (out / "derived/analysis.json").exists()
    assert [step.step for step in Journal(device.serial).open_steps()] == ["global_proxy"]


def test_runs_start_from_the_snapshot_and_each_has_its_own_capture(
    adb, connect, listener_server, tmp_path, confdir, monkeypatch, capfd
):
    """What a run or a person did to the app in between is gone; the load is evidence; a missing snapshot is told with its making."""
    played, device = connect("emulator-14")
    install(played, granted=[])
    adb.adb("-s", played.serial, "emu", "avd", "snapshot", "save", "clean")
    install(played, granted=["android.permission.READ_CONTACTS"])
    monkeypatch.setenv("ENDS_AFTER", "0.5")
    server, out = str(listener_server(VERSION)), tmp_path / "c"
    words = [
        "capture", APP, "--device", device.serial, "--frida-server", server, "-o", str(out), "--no-seal",
        "--port", str(free_port()), "--confdir", str(confdir), "--runs", "2", "--snapshot",
    ]  # fmt: skip
    code, told = inside(monkeypatch, capfd, *words, "clean")
    assert code == 0, told
    assert sorted(path.name for path in out.iterdir()) == ["run-01", "run-02"]
    for run in out.iterdir():
        logged = [orjson.loads(line) for line in (run / LOG_NAME).read_bytes().splitlines()]
        assert [line["command"] for line in logged if line["action"] == "emu"] == ["avd snapshot load clean"]
    assert played.state["packages"][APP]["granted"] == []
    code, told = inside(monkeypatch, capfd, *words, "absent")
    assert code == 4, told
    assert "snapshot 'absent' cannot be loaded" in told
    assert "emu avd snapshot save absent" in told


def test_ctrl_c_during_a_run_of_the_command_gives_the_device_back(connect, listener_server, tmp_path, confdir):
    """Exit code 130, nothing left, the capture whole: the command itself, in a process of its own."""
    played, device = connect("magisk-13")
    install(played)
    before = world(played)
    arguments = [
        "capture",
        APP,
        "--device",
        device.serial,
        "--frida-server",
        str(listener_server(VERSION)),
        "-o",
        str(tmp_path / "c"),
    ]
    process = command(*arguments, "--port", str(free_port()), "--confdir", str(confdir))
    told = ""
    for line in process.stderr:
        told += line
        if line.startswith("recording into"):
            time.sleep(1.5)
            process.send_signal(signal.SIGINT)
            break
    told += process.communicate(timeout=120)[1]
    assert process.returncode == 130, told
    assert world(played) == before
    assert (tmp_path / "c" / LOG_NAME).exists()
