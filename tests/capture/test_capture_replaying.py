"""A recorded run is shown again, served again and sent again; real mitmproxy, real TLS, real signals."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
from capture_stage import HOST, client, flows, post
from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.capture.replay_controls import Controls
from pia_runtime.capture.replaying import Pace, replay_capture
from pia_runtime.capture.resending import parse_target, resend_capture
from pia_runtime.capture.serving import serve_capture
from pia_runtime.cli.main import run
from pia_runtime.errors import InputError, UsageError
from pia_runtime.pipeline import document_bytes
from pia_runtime.storage.analysis import analyse_capture
from pia_runtime.storage.recorded import other_files, read_recorded
from pia_runtime.storage.writer import CaptureWriter

SAMPLE = Path(__file__).parents[2] / "captures" / "sample-loan"
SECOND = 10**9


class NoKeys:
    def read(self, timeout_s):
        time.sleep(timeout_s)
        return ""


def shown(source, out, pace=None, keys=None, tell=None):
    seen = []
    result = replay_capture(
        source, out, pace=pace or Pace(speed=None), controls=keys or NoKeys(), show=seen.append, tell=tell
    )
    return result, seen


def content(folder):
    left_out = ("derived", "replay.json", "evidence.json", "chain.jsonl", "knowledge.json")
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return {str(name): (folder / name).read_bytes() for name in names if name.parts[0] not in left_out}


# --- shown again


def test_a_replay_writes_the_same_files_and_gives_the_same_document(tmp_path):
    result, seen = shown(SAMPLE, tmp_path / "again")
    events = len((SAMPLE / "events.jsonl").read_bytes().splitlines())
    assert (result.reason, result.flows, result.events) == ("finished", 8, events)
    assert content(tmp_path / "again") == content(SAMPLE)
    assert document_bytes(analyse_capture(tmp_path / "again")) == document_bytes(analyse_capture(SAMPLE))
    assert seen[-1].flows == 8
    assert seen[-1].phase == "after_withdrawal"
    assert abs(seen[-1].clock.offset_ns) < 10**6


def test_what_is_torn_malformed_or_of_an_open_socket_is_replayed_as_it_stands(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(SAMPLE, source)
    with (source / "events.jsonl").open("ab") as file:
        file.write(
            b'not json\n\n{"seq": 1, "type": "api_call", "t_ns": 99999999999999999999}\n{"seq": 500, "type": "no'
        )
    flow = (source / "flows.mitm").read_bytes()
    (source / "flows-0001.mitm").write_bytes(flow[: len(flow) // 2])
    (source / "flows-ws-12345678.mitm").write_bytes(flow)
    (source / "session.json").unlink()
    (source / "blobs").mkdir()
    (source / "blobs" / "aa").write_bytes(b"picture")
    shown(source, tmp_path / "again")
    assert content(tmp_path / "again") == content(source)
    first, again = analyse_capture(source), analyse_capture(tmp_path / "again")
    assert document_bytes(first) == document_bytes(again)
    assert {"no_session_file", "torn_line", "torn_flow"} <= {spot["kind"] for spot in again["blind_spots"]}


@given(
    times=st.lists(st.integers(0, 2 * 10**18), min_size=1, max_size=30),
    clocks=st.lists(st.sampled_from(["host", "device", 7]), min_size=30, max_size=30),
)
def test_records_keep_the_order_of_their_file_whatever_times_they_tell(tmp_path_factory, times, clocks):
    folder = tmp_path_factory.mktemp("order")
    lines = [
        orjson.dumps({"seq": n, "type": "note", "t_ns": t, "clock": c}) + b"\n"
        for n, (t, c) in enumerate(zip(times, clocks, strict=False))
    ]
    (folder / "events.jsonl").write_bytes(b"".join(lines))
    shutil.copy(SAMPLE / "flows.mitm", folder)
    records = list(read_recorded(folder))
    assert [one.raw for one in records if one.kind == "event"] == lines
    assert b"".join(one.raw for one in records if one.kind == "flow") == (SAMPLE / "flows.mitm").read_bytes()
    assert [one.at_ns for one in records] == sorted(one.at_ns for one in records)


def test_it_takes_as_long_as_the_run_did_divided_by_the_speed(tmp_path):
    arrived = []
    begun = time.monotonic()
    shown(
        SAMPLE,
        tmp_path / "a",
        Pace(4.0),
        tell=lambda record, at: arrived.append((time.monotonic() - begun, at / SECOND)),
    )
    assert all(real >= recorded / 4 - 0.01 for real, recorded in arrived)
    events = [json.loads(line) for line in (SAMPLE / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    started = json.loads((SAMPLE / "session.json").read_text(encoding="utf-8"))["started_ns"]
    assert arrived[-1][1] == pytest.approx((max(event["t_ns"] for event in events) - started) / SECOND, abs=1.5)


def test_long_silences_can_be_cut(tmp_path):
    source = tmp_path / "source"
    with CaptureWriter.create(source, {"started_ns": 0}, streams=("events.jsonl",)) as writer:
        for at in (0, 3600, 7200):
            writer.event({"type": "note", "t_ns": at * SECOND, "text": "x"})
    result, seen = shown(source, tmp_path / "again", Pace(1.0, idle_limit_s=0.1))
    assert result.reason == "finished"
    assert seen[-1].elapsed_s == 7200


def test_steps_pauses_and_the_end_come_from_the_keys(tmp_path):
    class Pressed:
        def __init__(self):
            self.keys = ["\n", "\n\n", "", "q"]

        def read(self, timeout_s):
            return self.keys.pop(0)

    told = []
    result, _ = shown(SAMPLE, tmp_path / "a", Pace(None, step=True), Pressed(), lambda record, at: told.append(record))
    assert result.reason == "quit"
    assert len(told) == result.events == 3


def test_lines_of_standard_input_are_steps_where_there_is_no_terminal(tmp_path):
    reader, writer = os.pipe()
    os.write(writer, b"\n\n")
    os.close(writer)
    with os.fdopen(reader) as stream, Controls(stream, stepping=True) as controls:
        assert controls.read(1) == "\n\n"
        assert controls.read(1) == "q"


def pia(*arguments, **options):
    command = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


def test_the_command_says_that_the_analysis_is_the_same_and_leaves_nothing_behind(tmp_path):
    done = pia("replay", SAMPLE, "--speed", "max", env={**os.environ, "TMPDIR": str(tmp_path)})
    assert done.returncode == 0
    assert done.stdout.startswith("same analysis: ")
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_a_replay_with_130_and_what_was_shown_is_whole(tmp_path):
    command = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()", "replay", str(SAMPLE)]
    process = subprocess.Popen([*command, "--speed", "0.1", "-o", str(tmp_path / "part")], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not (tmp_path / "part" / "events.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads((tmp_path / "part" / "replay.json").read_text())["ended"] == "interrupted"
    original = (SAMPLE / "events.jsonl").read_bytes()
    assert original.startswith((tmp_path / "part" / "events.jsonl").read_bytes())


@pytest.mark.parametrize(
    "arguments",
    [["--speed", "0"], ["--speed", "fast"], ["--port", "1"], ["--serve", "--step"], ["--serve", "--client", "http://127.0.0.1"],
     ["--allow-remote"], ["--client", "http://127.0.0.1/path"]],
)  # fmt: skip
def test_options_that_contradict_each_other_are_wrong_usage(arguments, capsys):
    assert run(["replay", str(SAMPLE), *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_that_is_not_empty_is_not_written_into(tmp_path):
    (tmp_path / "x").write_text("mine")
    with pytest.raises(InputError):
        shown(SAMPLE, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


# --- served and sent again


@pytest.fixture
def recorded(writer, proxy):
    """A capture of a real run: three posts, two of them to one address with two answers."""
    connection = client(proxy.port, proxy.ca_pem)
    for body, path in ((b"first", "/poll?t=1"), (b"second", "/poll?t=2"), (b"other", "/other")):
        post(connection, body, path)
    connection.close()
    proxy.stop()
    writer.close()
    return writer.path


def serve(recorded, out, confdir, ask, **options):
    answers = []
    chosen = {"exact": False, "extra": "kill", **options}

    def on_ready(proxy):
        connection = client(proxy.port, proxy.ca_pem)
        answers.extend(ask(connection))
        connection.close()

    result = serve_capture(
        recorded, out, port=0, listen_host="127.0.0.1", confdir=confdir, duration_s=0.05, say=lambda _: None,
        on_ready=on_ready, **chosen,
    )  # fmt: skip
    return result, answers


def test_an_app_gets_the_recorded_answers_in_their_order_with_no_server_there(recorded, tmp_path, confdir):
    def ask(connection):
        return [post(connection, body, path) for body, path in
                ((b"new time", "/poll?t=77"), (b"again", "/poll?t=78"), (b"more", "/poll?t=79"), (b"x", "/other"))]  # fmt: skip

    result, answers = serve(recorded, tmp_path / "served", confdir, ask)
    assert answers == [b"first", b"second", b"second", b"other"]
    assert (result.answered, result.unknown) == (4, 0)
    assert [flow.request.raw_content for flow in flows(tmp_path / "served")] == [b"new time", b"again", b"more", b"x"]
    assert all(flow.server_conn.timestamp_tcp_setup is None for flow in flows(tmp_path / "served"))


def test_the_very_same_request_is_preferred_and_with_exact_the_only_one(recorded, tmp_path, confdir):
    _, near = serve(recorded, tmp_path / "a", confdir, lambda c: [post(c, b"second", "/poll?t=2")])
    assert near == [b"second"]

    def status(connection):
        connection.request("POST", "/poll?t=3", b"second")
        return [connection.getresponse().status]

    result, exact = serve(recorded, tmp_path / "b", confdir, status, exact=True, extra="404")
    assert exact == [404]
    assert result.unknown == 1


def test_a_request_that_was_never_recorded_goes_nowhere(recorded, tmp_path, confdir):
    def ask(connection):
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            post(connection, b"secret", "/never-seen")
        return []

    result, _ = serve(recorded, tmp_path / "served", confdir, ask)
    assert result.unknown == 1
    (flow,) = flows(tmp_path / "served")
    assert flow.response is None
    assert flow.server_conn.timestamp_tcp_setup is None


def test_the_recorded_requests_reach_a_given_local_server_over_tls(recorded, tmp_path, server):
    url = f"https://127.0.0.1:{server.address[1]}"
    result = resend_capture(
        recorded, tmp_path / "sent", url=url, pace=Pace(None), allow_remote=False, say=lambda _: None
    )
    assert (result.sent, result.answered, result.failed) == (3, 3, 0)
    before, after = flows(recorded), flows(tmp_path / "sent")
    assert [flow.request.raw_content for flow in after] == [flow.request.raw_content for flow in before]
    assert [flow.request.headers.fields for flow in after] == [flow.request.headers.fields for flow in before]
    assert [flow.response.raw_content for flow in after] == [b"first", b"second", b"other"]
    assert {flow.server_conn.sni for flow in after} == {HOST}


def test_a_server_that_is_not_there_is_counted_and_does_not_hold_up_the_rest(recorded, tmp_path):
    result = resend_capture(
        recorded, tmp_path / "sent", url="http://127.0.0.1:9", pace=Pace(None), allow_remote=False, say=lambda _: None
    )
    assert (result.sent, result.failed) == (3, 3)


def test_a_run_in_which_no_request_was_answered_is_not_called_fine(recorded, tmp_path, capsys):
    assert run(["replay", str(recorded), "--client", "http://127.0.0.1:9", "--speed", "max"]) == 4
    assert "not one request was answered" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["http://8.8.8.8", "https://[2001:4860:4860::8888]:443", "http://[::ffff:8.8.8.8]", "http://0.0.0.0"]
)
def test_recorded_requests_are_never_sent_to_a_remote_server_unless_forced(url):
    with pytest.raises(UsageError, match="not this machine"):
        parse_target(url, allow_remote=False)
    assert parse_target(url, allow_remote=True).address


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://[::1]:8000", "http://192.168.1.4", "https://localhost:8443"]
)
def test_this_machine_and_its_private_network_are_local(url):
    assert parse_target(url, allow_remote=False).address


def test_nothing_to_serve_is_one_clear_error(tmp_path, confdir):
    with CaptureWriter.create(tmp_path / "empty", {}, streams=("events.jsonl",)) as writer:
        writer.event({"type": "note", "t_ns": 1, "text": "x"})
    with pytest.raises(InputError, match=r"holds no flows\.mitm"):
        serve(tmp_path / "empty", tmp_path / "out", confdir, lambda _: [])
    assert not (tmp_path / "out").exists()


def test_the_key_that_opens_commitments_is_not_named_among_the_hashed_files(tmp_path):
    shown(SAMPLE, tmp_path / "again")
    origin = json.loads((tmp_path / "again" / "replay.json").read_text())
    assert "commitment.key" not in origin["of"]
    assert {"events.jsonl", "flows.mitm"} <= origin["of"].keys()
    assert Path("commitment.key") in other_files(SAMPLE)
