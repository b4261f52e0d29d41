"""What is recorded beside flows and events: the screen as video, and the emulator's own packets."""

import http.server
import shutil
import threading
import time

import orjson
import pytest
from device_stage import free_port
from device_steps import furnish
from device_world import world
from test_device_run import APP, PlayedApp, events, install, no_terminal  # noqa: F401 - a fixture of all tests

from pia_runtime.capture.device_instrument import PACKETS
from pia_runtime.capture.device_plan import DevicePlan, Network
from pia_runtime.capture.device_run import DeviceRun
from pia_runtime.capture.doctor import restore_all
from pia_runtime.capture.importer import import_recording
from pia_runtime.device import step_screen_recording
from pia_runtime.device.connection import Connection
from pia_runtime.device.journal import Journal
from pia_runtime.device.preparation import do_step
from pia_runtime.device.step_emulator_packets import EmulatorPackets
from pia_runtime.device.step_screen_recording import FOLDER, ScreenRecording, record_segment
from pia_runtime.errors import NotReadyError, UsageError
from pia_runtime.evidence.exporting import export_capture
from pia_runtime.evidence.sealed_files import list_files


@pytest.fixture
def confdir(tmp_path, certificate):
    """A folder with the session's authority."""
    folder = tmp_path / "conf"
    folder.mkdir()
    return folder


@pytest.fixture
def origin():
    """A server that the app talks to."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


class TalkingApp(PlayedApp):
    """Sends one request from the device through the proxy that the device's settings name."""

    played, origin = None, 0

    def start(self) -> None:
        """Talk, then go on for a while."""
        super().start()
        threading.Timer(2.5, self._on_detached, ("process-terminated",)).start()
        host, _, port = self.played.state["settings"]["global"]["http_proxy"].partition(":")
        asked = (
            f"GET http://127.0.0.1:{self.origin}/absent?oaid=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        )
        said = Connection(self.played.serial).script('{ printf "$3"; sleep 1; } | nc -w 3 "$1" "$2"', host, port, asked)
        assert "404" in said.text


def recorded(device, plan, app, out):
    """Run the app and return the capture's folder."""
    return DeviceRun(device.serial, plan, lambda _: app, lambda *_: None, None, lambda _: None).record(out=out)[0]


@pytest.mark.skipif(not shutil.which("dumpcap"), reason="the double's emulator records with dumpcap (Debian: tshark)")
def test_an_emulator_s_screen_and_packets_are_evidence_and_nothing_of_them_stays_on_it(
    connect, listener_server, origin, tmp_path, confdir, monkeypatch
):
    """Through 10.0.2.2, the console with its token, and screenrecord in segments; the packets import as the flow that the proxy saw."""
    home = tmp_path / "home of a user"
    home.mkdir()
    (home / ".emulator_console_auth_token").write_text("t0ken")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(step_screen_recording, "SEGMENT_SECONDS", 1)
    played, device = connect("emulator-14")
    played.set("console_token", "t0ken")
    furnish(played)
    install(played)
    port = free_port()
    played.ask("host alias", port)
    before = world(played)
    plan = DevicePlan(
        APP, frida_server=listener_server(), port=port, confdir=confdir, network=Network.emulator, udp_block=False,
        record_screen=True, emulator_packets=True,
    )  # fmt: skip
    TalkingApp.played, TalkingApp.origin = played, origin
    folder = recorded(device, plan, TalkingApp, tmp_path / "a capture")
    assert world(played) == before
    assert not Journal(device.serial).path.exists()
    kinds = {line["kind"] for line in events(folder, "gap")}
    assert not kinds & {"screen_recording_incomplete", "emulator_packets_missing"}

    notes = [line for line in events(folder, "note") if "screen recording" in line["text"]]
    assert len(notes) >= 2
    now = time.time_ns()
    for note in notes:
        content = (folder / "blobs" / note["blob"]).read_bytes()
        assert (content[4:8], content[-4:]) == (b"ftyp", b"moov")
        assert note["clock"] == "device"
        assert now - 60_000_000_000 < note["t_ns"] < note["until_ns"] < now
    session = orjson.loads((folder / "session.json").read_bytes())
    assert (
        session["tools"]["preparation"]["record_screen"] is session["tools"]["preparation"]["emulator_packets"] is True
    )
    sealed, _ = list_files(folder)
    assert {PACKETS, *(f"blobs/{note['blob']}" for note in notes)} <= set(sealed)

    shared = export_capture(folder, tmp_path / "shared")
    assert not (shared.path / "blobs").exists()
    assert not (shared.path / PACKETS).exists()
    listed = [orjson.loads(line) for line in (shared.path / "redactions.jsonl").read_bytes().splitlines()]
    left_out = [line["where"] for line in listed if line["why"] == "left_out"]
    assert sum("blobs/" in where for where in left_out) >= len(notes)
    assert f"file {PACKETS}" in left_out

    assert (folder / PACKETS).stat().st_mode & 0o777 == 0o600
    imported = import_recording([folder / PACKETS], tmp_path / "imported", package=APP)
    assert imported.flows == 1


def test_a_recorder_that_fails_or_is_missing_is_a_blind_spot_of_a_run_that_goes_on(
    connect, listener_server, tmp_path, confdir
):
    """An encoder that does not start is told three times and no more; a build without the program once."""
    played, device = connect("magisk-13")
    install(played)
    plan = DevicePlan(APP, frida_server=listener_server(), port=free_port(), confdir=confdir, record_screen=True)
    ends = lambda *callbacks: PlayedApp(*callbacks, ends_after=1.5)  # noqa: E731
    for _ in range(3):
        played.fault("exec screenrecord", "fail", text="ERROR: unable to create video/avc codec instance")
    folder = recorded(device, plan, ends, tmp_path / "failing")
    details = [line["detail"] for line in events(folder, "gap") if line["kind"] == "screen_recording_incomplete"]
    assert [detail.partition(": ")[2] for detail in details[:3]] == [
        "screenrecord: ERROR: unable to create video/avc codec instance"
    ] * 3
    assert details[3:] == ["the screen is not recorded any further"]
    for _ in ("check", "do"):
        played.fault("command -v screenrecord", "fail", text="", code=1)
    folder = recorded(device, plan, ends, tmp_path / "absent")
    details = [line["detail"] for line in events(folder, "gap") if line["kind"] == "screen_recording_incomplete"]
    assert len(details) == 1
    assert "has no screenrecord" in details[0]
    assert not Journal(device.serial).path.exists()


def test_a_recorder_that_a_killed_run_left_is_ended_and_its_file_removed(connect, journal_of):
    """As after kill -9: the journal alone is there, and the recorder still runs."""
    played, device = connect("magisk-13")
    before = world(played)
    journal = Journal(device.serial)
    do_step(device, ScreenRecording(), journal, print)
    threading.Thread(target=record_segment, args=(Connection(device.serial), "0001.mp4"), daemon=True).start()
    while "0001.mp4" not in played.root(f"ls {FOLDER}"):
        time.sleep(0.05)
    assert "screenrecord" in played.root("ps -A -o ARGS")
    assert restore_all(None, print) == {}
    assert "screenrecord" not in played.root("ps -A -o ARGS")
    assert world(played) == before


def test_packets_that_an_emulator_does_not_record_are_said_before_the_run(connect, journal_of, tmp_path):
    """Some versions have the command and refuse it; phones have no console; a line end in a path is no second command."""
    played, device = connect("emulator-14")
    played.set("console_refuses", True)
    with pytest.raises(NotReadyError, match=r"bad sub-command; .*-tcpdump FILE"):
        do_step(device, EmulatorPackets(tmp_path / "x.pcap"), journal_of(device), print)
    assert restore_all(None, print) == {}
    with pytest.raises(UsageError, match="control character"):
        EmulatorPackets(tmp_path / "x\nkill").do(device)
    with pytest.raises(UsageError, match="no emulator of the SDK"):
        EmulatorPackets(tmp_path / "x").before(Connection("127.0.0.1:1"))
    assert not (tmp_path / "x.pcap").exists()
