"""What is told of a run while it goes on: the files are followed by a process of its own."""

import base64
import gzip
import hashlib
import json
import time

import pytest
from capture_stage import client, post
from mitmproxy import websocket
from mitmproxy.io import tnetstring
from mitmproxy.test import tflow
from wsproto.frame_protocol import Opcode

from pia_runtime.capture.follow import Following
from pia_runtime.capture.following import Follower
from pia_runtime.capture.serialising import encode_part
from pia_runtime.storage.writer import CaptureWriter

GAID, ANDROID_ID = "cdda802e-fb9c-47ad-9866-0794d394c912", "9a3c5b7d1e2f4a60"


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def writer(tmp_path):
    """A capture with one known value."""
    known = [{"id": "gaid", "value": GAID}]
    with CaptureWriter.create(tmp_path / "capture", {"app": {"package": "com.example.loan"}}, known) as writer:
        yield writer


def record(body: bytes, host: str = "log.example.com") -> bytes:
    flow = tflow.tflow(resp=True)
    flow.request.host, flow.request.content = host, body
    flow.request.headers["host"] = host
    return tnetstring.dumps(flow.get_state())


def told(following: Following) -> list[tuple[str, list[str]]]:
    return [(found["host"], found["data"]) for found in following.poll()]


def test_a_known_value_several_layers_deep_is_told_once_and_masked(writer):
    following = Following(writer.path)
    assert told(following) == []
    body = json.dumps({"d": base64.b64encode(gzip.compress(json.dumps({"a": GAID}).encode())).decode()}).encode()
    writer.flow(record(body))
    writer.flow(record(b"nothing=1"))
    (found,) = following.poll()
    assert (found["host"], found["data"]) == ("log.example.com", ["gaid"])
    assert GAID not in json.dumps(found)
    assert told(following) == []


def test_a_value_that_an_api_returned_a_moment_ago_is_told_too(writer):
    clock = Clock()
    following = Following(writer.path, clock)
    list(following.poll())
    call = {"type": "api_call", "t_ns": 1, "clock": "host", "hook": "h", "api": "a.B.c", "data": ["android_id"]}
    writer.event({**call, "value": ANDROID_ID, "threw": None, "stack": []})
    writer.flow(record(hashlib.md5(ANDROID_ID.encode()).hexdigest().encode()))
    assert told(following) == [("log.example.com", ["android_id"])]


def test_a_flow_that_is_half_written_waits_for_its_other_half(writer):
    following = Following(writer.path)
    list(following.poll())
    whole = record(GAID.encode())
    file = writer.path / "flows.mitm"
    with file.open("ab") as appended:
        appended.write(whole[:-20])
        appended.flush()
        assert told(following) == []
        appended.write(whole[-20:])
    assert told(following) == [("log.example.com", ["gaid"])]


def test_a_message_is_told_when_it_is_sent_and_not_again_when_the_socket_closes(writer):
    flow = tflow.twebsocketflow(messages=False)
    flow.request.headers["host"] = "ws.example.com"
    message = websocket.WebSocketMessage(Opcode.TEXT, True, GAID.encode())
    state = flow.get_state()
    following = Following(writer.path)
    writer.journal("ws-1", encode_part(state, [message]))
    assert told(following) == [("ws.example.com", ["gaid"])]
    flow.websocket.messages.append(message)
    writer.flow(tnetstring.dumps(flow.get_state()))
    writer.end_journal("ws-1")
    assert told(following) == []


def test_what_an_app_sends_through_the_proxy_is_told_while_the_run_goes_on(proxy, writer):
    heard: list[tuple[tuple[str, ...], str]] = []
    with Follower(writer.path, lambda data, host: heard.append((data, host))):
        post(client(proxy.port, proxy.ca_pem), b"id=" + GAID.encode())
        until = time.monotonic() + 60
        while not heard and time.monotonic() < until:
            time.sleep(0.05)
    assert heard == [(("gaid",), "api.example.test")]


def test_a_run_goes_on_where_the_follower_cannot_start(writer, monkeypatch):
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    with Follower(writer.path, lambda _data, _host: None):
        writer.flow(record(GAID.encode()))
    assert writer.flows == 1
