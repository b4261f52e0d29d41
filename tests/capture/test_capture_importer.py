"""Recordings of other tools become captures: times, bodies and ids as the producer wrote them, losses said."""

import base64
import gzip
import json
import string
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.addons.savehar import SaveHar
from mitmproxy.io import FlowReader, FlowWriter
from mitmproxy.test import tflow

from pia_runtime.capture.importer import ImportResult, import_recording
from pia_runtime.errors import InputError
from pia_runtime.model.flow import Flow
from pia_runtime.storage.flow_reader import read_flows

DATA = Path(__file__).parent.parent / "data" / "har"
NOON_NS = 1_763_899_200 * 10**9  # 2025-11-23T12:00:00Z


def entry(**changes: Any) -> dict[str, Any]:
    """A plain entry; ``request`` and ``response`` are merged, the rest replaced."""
    whole: dict[str, Any] = {
        "startedDateTime": "2025-11-23T12:00:00.250Z",
        "time": 40,
        "request": {"method": "GET", "url": "https://api.example.com/v1?x=1", "httpVersion": "HTTP/1.1", "headers": []},
        "response": {
            "status": 200,
            "statusText": "OK",
            "httpVersion": "HTTP/1.1",
            "headers": [],
            "content": {"text": "{}"},
        },
        "timings": {"send": 1, "wait": 30, "receive": 9},
    }
    for name, value in changes.items():
        whole[name] = {**whole.get(name, {}), **value} if name in ("request", "response") else value
    return whole


def har(path: Path, *entries: Any, creator: str = "WebInspector") -> Path:
    path.write_text(
        json.dumps({"log": {"version": "1.2", "creator": {"name": creator, "version": "1"}, "entries": entries}})
    )
    return path


def flows_of(result: ImportResult) -> list[Flow]:
    return list(read_flows(result.path, lambda trouble: pytest.fail(str(trouble))))


def import_one(folder: Path, *entries: Any, creator: str = "WebInspector") -> Flow:
    result = import_recording([har(folder / "one.har", *entries, creator=creator)], folder / "capture")
    assert result.gaps == ()
    (flow,) = flows_of(result)
    return flow


def gaps_of(result: ImportResult) -> list[dict[str, Any]]:
    lines = (result.path / "events.jsonl").read_bytes().splitlines()
    return [event for event in map(orjson.loads, lines) if event["type"] == "gap"]


def posted(text: str | None = None, media: str = "application/json", headers: Any = (), **data: Any) -> dict[str, Any]:
    post = {"mimeType": media, **data} | ({} if text is None else {"text": text})
    request = {"method": "POST", "headers": [{"name": "Content-Type", "value": media}, *headers], "postData": post}
    return entry(request=request)


# --- each producer's own style, from a file as it writes it


@pytest.mark.parametrize("producer", ["chrome", "firefox", "charles", "mitmproxy", "pcapdroid"])
def test_each_producers_recording_gives_the_same_login(producer: str, tmp_path: Path) -> None:
    """Five programs wrote down one synthetic login each in their own way; the request is the same."""
    result = import_recording([DATA / f"{producer}.har"], tmp_path / "capture", package="com.example.loan")
    assert result.gaps == ()
    login = next(flow for flow in flows_of(result) if flow.target.startswith(b"/login"))
    assert (login.method, login.scheme, login.host, login.port) == ("POST", "https", "api.example.com", 443)
    assert login.target == b"/login?v=2&ch=%E5%8D%8E"
    assert login.body == b'{"phone":"13800138000","oaid":"1b5c7a0e-synthetic"}'
    assert login.t_ns // 10**6 == NOON_NS // 10**6 + 123
    assert login.response is not None
    assert login.response.body == b'{"uid":"u-1"}'
    assert not any(name.startswith(b":") for name, _ in login.headers)


# --- time


@pytest.mark.parametrize(
    ("text", "t_ns", "resolution"),
    [
        ("2025-11-23T12:00:00Z", NOON_NS, 10**9),
        ("2025-11-23T12:00:00.5Z", NOON_NS + 500_000_000, 10**8),
        ("2025-11-23T20:00:00.123+08:00", NOON_NS + 123_000_000, 10**6),
        ("2025-11-23T07:00:00.123456-0500", NOON_NS + 123_456_000, 1_000),
        ("2025-11-23T12:00:00.123456789Z", NOON_NS + 123_457_000, 1_000),
        ("2025-11-23T12:00Z", NOON_NS, 60 * 10**9),
        ("2025-11-23T12:00:00.000", NOON_NS, 10**6 + 14 * 3600 * 10**9),
    ],
)
def test_the_time_is_utc_and_its_error_at_least_the_resolution_written(
    text: str, t_ns: int, resolution: int, tmp_path: Path
) -> None:
    flow = import_one(tmp_path, entry(startedDateTime=text))
    assert (flow.t_ns, flow.err_ns) == (t_ns, resolution)


def test_the_phases_before_the_first_byte_widen_the_error(tmp_path: Path) -> None:
    timings = {"blocked": 5.5, "dns": 2, "connect": 20, "ssl": -1, "send": 7, "wait": 90, "receive": 3}
    assert import_one(tmp_path, entry(timings=timings)).err_ns == 1_000_000 + 27_500_000


@pytest.mark.parametrize("timings", [None, [], {"blocked": None, "dns": "x", "connect": True}, {"blocked": -1}])
def test_phases_that_say_nothing_add_nothing(timings: object, tmp_path: Path) -> None:
    assert import_one(tmp_path, entry(timings=timings)).err_ns == 1_000_000


# --- bodies


def test_a_base64_body_becomes_its_bytes(tmp_path: Path) -> None:
    wire = gzip.compress(b'{"imei":"356938035643809"}')
    coded = [{"name": "Content-Encoding", "value": "gzip"}]
    flow = import_one(tmp_path, posted(base64.b64encode(wire).decode(), headers=coded, encoding="base64"))
    assert flow.body == wire
    assert (b"Content-Encoding", b"gzip") in flow.headers


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd", "x-gzip"])
def test_a_body_recorded_decoded_loses_the_header_that_says_otherwise_and_says_so(coding: str, tmp_path: Path) -> None:
    coded = [{"name": "content-encoding", "value": coding}]
    flow = import_one(tmp_path, posted('{"imei":"356938035643809"}', headers=coded))
    assert flow.body == b'{"imei":"356938035643809"}'
    assert b"content-encoding" not in dict(flow.headers)
    with (tmp_path / "capture" / "flows.mitm").open("rb") as file:
        (kept,) = FlowReader(file).stream()
    assert f"content-encoding: {coding}" in kept.comment


def test_parameters_without_text_are_put_together_again(tmp_path: Path) -> None:
    params = [{"name": "phone", "value": "138 0013+8000"}, {"name": "名", "value": "李&"}]
    flow = import_one(tmp_path, posted(media="application/x-www-form-urlencoded", params=params))
    assert flow.body == b"phone=138+0013%2B8000&%E5%90%8D=%E6%9D%8E%26"


def test_multipart_parameters_keep_the_recorded_boundary(tmp_path: Path) -> None:
    media = "multipart/form-data; boundary=XX"
    flow = import_one(tmp_path, posted(media=media, params=[{"name": "a", "value": "1"}]))
    assert flow.body == b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--XX--\r\n'


def test_a_declared_charset_gives_back_the_bytes_that_were_sent(tmp_path: Path) -> None:
    flow = import_one(tmp_path, posted("name=李", media="text/plain; charset=GBK"))
    assert flow.body == "name=李".encode("gbk")


def test_a_body_that_was_not_recorded_is_a_gap_and_no_empty_body(tmp_path: Path) -> None:
    source = har(tmp_path / "a.har", entry(request={"method": "POST", "bodySize": 512}))
    result = import_recording([source], tmp_path / "capture")
    assert flows_of(result)[0].body is None
    assert [(gap["kind"], gap["host"]) for gap in gaps_of(result)[1:]] == [("undecodable", "api.example.com")]


def test_bytes_that_the_producer_replaced_are_said_to_be_lost(tmp_path: Path) -> None:
    result = import_recording(
        [har(tmp_path / "a.har", posted("a\ufffdb", media="application/octet-stream"))], tmp_path / "c"
    )
    assert "entry 0" in result.gaps[0]
    assert gaps_of(result)[1]["kind"] == "undecodable"


# --- the rest of an exchange


def test_chromes_http2_pseudo_headers_become_what_they_stand_for(tmp_path: Path) -> None:
    names = {":authority": "front.example.com", ":method": "GET", ":path": "/v1", ":scheme": "https", "accept": "*/*"}
    headers = [{"name": name, "value": value} for name, value in names.items()]
    flow = import_one(tmp_path, entry(request={"httpVersion": "http/2.0", "headers": headers}))
    assert (flow.http_version, flow.host, flow.headers) == ("HTTP/2.0", "front.example.com", ((b"accept", b"*/*"),))


def test_chromes_websocket_messages_keep_time_direction_and_bytes(tmp_path: Path) -> None:
    messages = [
        {"type": "send", "time": 1763899201.5, "opcode": 1, "data": '{"oaid":"x"}'},
        {"type": "receive", "time": 1763899202.25, "opcode": 2, "data": "AAH/"},
        {"type": "send", "time": 1763899203, "opcode": 9, "data": ""},
        {"type": "send", "time": 1763899204, "opcode": 1, "data": "/w==", "encoding": "base64"},
    ]
    answer = {"status": 101, "statusText": "Switching Protocols"}
    flow = import_one(
        tmp_path, entry(request={"url": "wss://ws.example.com/s"}, response=answer, _webSocketMessages=messages)
    )
    assert (flow.scheme, flow.port, flow.host) == ("https", 443, "ws.example.com")
    assert [(m.from_client, m.t_ns, m.is_text, m.content) for m in flow.messages] == [
        (True, 1763899201_500_000_000, True, b'{"oaid":"x"}'),
        (False, 1763899202_250_000_000, False, b"\x00\x01\xff"),
        (True, 1763899204_000_000_000, True, b"\xff"),
    ]


def test_cookies_and_query_that_stand_only_in_lists_are_not_lost(tmp_path: Path) -> None:
    lists = {
        "url": "http://t.example.com:8080/p",
        "cookies": [{"name": "uid", "value": "7"}, {"name": "k", "value": "v"}],
        "queryString": [{"name": "gaid", "value": "a b"}],
    }
    flow = import_one(tmp_path, entry(request=lists))
    assert (flow.port, flow.target, flow.headers) == (8080, b"/p?gaid=a+b", ((b"cookie", b"uid=7; k=v"),))


def test_a_request_without_an_answer_has_left_all_the_same(tmp_path: Path) -> None:
    flow = import_one(tmp_path, entry(response={"status": 0, "_error": "net::ERR_TIMED_OUT"}))
    assert (flow.response, flow.error) == (None, "net::ERR_TIMED_OUT")


def test_what_never_left_the_machine_is_left_out_and_counted(tmp_path: Path) -> None:
    local = [
        entry(request={"url": url})
        for url in ("data:image/png;base64,AA==", "blob:https://a/1", "chrome-extension://x/y")
    ]
    result = import_recording([har(tmp_path / "a.har", *local, entry())], tmp_path / "capture")
    assert (result.local, result.gaps, [flow.id for flow in flows_of(result)]) == (3, (), ["3"])


# --- ids, the capture, trouble


def test_ids_are_the_entrys_index_and_name_the_source_where_there_are_several(tmp_path: Path) -> None:
    one, two = har(tmp_path / "a.har", entry(), entry()), har(tmp_path / "b.har", entry())
    assert [f.id for f in flows_of(import_recording([one], tmp_path / "one"))] == ["0", "1"]
    assert [f.id for f in flows_of(import_recording([one, two], tmp_path / "two"))] == ["0:0", "0:1", "1:0"]


def test_the_session_names_tools_and_sources_and_spans_the_traffic(tmp_path: Path) -> None:
    later = entry(startedDateTime="2025-11-23T12:00:09Z")
    import_recording(
        [har(tmp_path / "a.har", later, entry(), creator="Firefox")], tmp_path / "c", package="com.example.loan"
    )
    session = orjson.loads((tmp_path / "c" / "session.json").read_bytes())
    assert session["app"]["package"] == "com.example.loan"
    assert session["id"] == "2025-11-23T120000Z-com.example.loan"
    assert (session["started_ns"], session["ended_ns"]) == (NOON_NS + 250_000_000, NOON_NS + 9 * 10**9)
    assert session["tools"]["recorded_by"] == {"a.har": "Firefox 1"}
    assert session["tools"]["sources"][0]["name"] == "a.har"


BROKEN = {
    "no object": 7,
    "no time": entry(startedDateTime=None),
    "not a time": entry(startedDateTime="yesterday"),
    "no such day": entry(startedDateTime="2025-02-30T00:00:00Z"),
    "no request": {"startedDateTime": "2025-11-23T12:00:00Z"},
    "no url": entry(request={"url": None}),
    "no host": entry(request={"url": "https:///x"}),
    "bad port": entry(request={"url": "https://a:99999/"}),
    "headers no list": entry(request={"headers": "x"}),
    "header no pair": entry(request={"headers": [{"name": "x"}]}),
    "body no text": posted(text=None, media="", headers=())
    | {"request": {**posted()["request"], "postData": {"text": 5}}},
    "body no object": entry(request={"postData": "x"}),
    "messages no list": entry(_webSocketMessages={}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_entry_is_a_gap_named_by_its_index_and_the_others_are_imported(name: str, tmp_path: Path) -> None:
    source = har(tmp_path / "a.har", entry(), BROKEN[name], entry())
    result = import_recording([source], tmp_path / "capture")
    assert [flow.id for flow in flows_of(result)] == ["0", "2"]
    assert result.gaps[0].startswith("a.har: entry 1: ")
    assert [gap["kind"] for gap in gaps_of(result)] == ["no_event_file", "broken_entry"]


def test_a_har_cut_off_in_the_middle_keeps_what_came_before(tmp_path: Path) -> None:
    text = har(tmp_path / "whole.har", entry(), entry()).read_text()
    (tmp_path / "torn.har").write_text(text[:-60])
    result = import_recording([tmp_path / "torn.har"], tmp_path / "capture")
    assert [flow.id for flow in flows_of(result)] == ["0"]
    assert result.gaps[0].startswith("torn.har: entry 1: the file is broken here")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"hello", "neither a HAR nor"),
        (b"{}", "not a HAR"),
        (b'{"log": {"entries": {}}}', "not a HAR"),
        (b'{"log": {"entries": [1, 2]}}', "none of its 2 entries"),
        (b"x not deflated", "deflated"),
        (b"12:hello", "no flow in it"),
    ],
)
def test_a_source_that_gives_nothing_is_one_clear_error_and_leaves_nothing_behind(
    content: bytes, said: str, tmp_path: Path
) -> None:
    source = tmp_path / "in" / "source"
    source.parent.mkdir()
    source.write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        import_recording([source], tmp_path / "out" / "capture")
    assert str(source) in caught.value.message
    assert not list((tmp_path / "out").iterdir() if (tmp_path / "out").exists() else [])


def test_a_folder_with_something_in_it_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "capture").mkdir()
    (tmp_path / "capture" / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="not an empty folder"):
        import_recording([har(tmp_path / "a.har", entry())], tmp_path / "capture")


def test_an_import_can_be_repeated_byte_for_byte(tmp_path: Path) -> None:
    source = har(tmp_path / "a.har", entry(), posted("x"))
    one, two = (import_recording([source], tmp_path / name).path for name in ("one", "two"))
    assert (one / "flows.mitm").read_bytes() == (two / "flows.mitm").read_bytes()


# --- mitmproxy


def test_a_flow_file_keeps_everything_but_the_ids(tmp_path: Path) -> None:
    with (tmp_path / "run.mitm").open("wb") as file:
        writer = FlowWriter(file)
        for flow in (tflow.tflow(resp=True), tflow.twebsocketflow(), tflow.ttcpflow(), tflow.tflow(err=True)):
            writer.add(flow)
    before = list(read_flows(tmp_path / "run.mitm", lambda _: None))
    after = list(read_flows(import_recording([tmp_path / "run.mitm"], tmp_path / "capture").path, lambda _: None))
    assert [flow.id for flow in after] == ["0", "1", "3"]
    for old, new in zip(before, after, strict=True):
        assert {**fields(old), "id": ""} == {**fields(new), "id": ""}


def fields(flow: Flow) -> dict[str, Any]:
    return {name: getattr(flow, name) for name in Flow.__slots__}


TOKEN = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
BODIES = st.one_of(
    st.tuples(
        st.just("application/json"),
        st.text(st.characters(codec="utf-8"), max_size=40).map(lambda t: json.dumps({"k": t}).encode()),
    ),
    st.tuples(st.just("application/octet-stream"), st.binary(max_size=60)),
    st.tuples(st.just("application/x-www-form-urlencoded"), TOKEN.map(lambda t: b"a=" + t.encode())),
    st.tuples(st.just("text/plain; charset=utf-8"), st.text(st.characters(codec="utf-8"), max_size=40).map(str.encode)),
)


@st.composite
def exchanges(draw: st.DrawFn) -> http.HTTPFlow:
    flow = tflow.tflow(resp=True)
    (media, sent), (answered_media, answered) = draw(BODIES), draw(BODIES)
    url = f"https://{draw(TOKEN).lower()}.example.com/{draw(TOKEN)}?{draw(TOKEN)}={draw(TOKEN)}"
    headers = {"Content-Type": media, "X-Id": draw(TOKEN)}
    flow.request = http.Request.make(draw(st.sampled_from(["POST", "PUT", "PATCH"])), url, sent, headers)
    flow.request.timestamp_start = flow.request.timestamp_end = draw(st.integers(1_500_000_000, 1_900_000_000)) + draw(
        st.floats(0, 1, exclude_max=True)
    )
    flow.response = http.Response.make(200, answered, {"Content-Type": answered_media})
    flow.response.timestamp_start = flow.response.timestamp_end = flow.request.timestamp_start + 1
    if draw(st.booleans()):
        flow.request.encode("gzip")
    return flow


@given(flows=st.lists(exchanges(), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_what_mitmproxy_exports_as_har_comes_back(
    flows: list[http.HTTPFlow], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same requests, times within a millisecond, the same bodies (decoded, as mitmproxy's HAR holds them)."""
    folder = tmp_path_factory.mktemp("har")
    (folder / "run.har").write_text(json.dumps(SaveHar().make_har(flows)))
    for flow, got in zip(flows, flows_of(import_recording([folder / "run.har"], folder / "capture")), strict=True):
        assert (got.method, got.host, got.target) == (
            flow.request.method,
            flow.request.host,
            flow.request.path.encode(),
        )
        assert abs(got.t_ns - flow.request.timestamp_start * 1e9) < 10**6
        assert got.body == flow.request.content
        assert got.response is not None
        assert flow.response is not None
        assert got.response.body == flow.response.content
        assert dict(got.headers)[b"X-Id"] == flow.request.headers["X-Id"].encode()


def test_a_gzipped_har_is_read_as_the_har_it_is(tmp_path: Path) -> None:
    plain = har(tmp_path / "a.har", posted('{"gaid":"x"}'))
    packed = tmp_path / "a.har.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    one, other = (import_recording([source], tmp_path / source.name.replace(".", "_")) for source in (plain, packed))
    assert [fields(flow) for flow in flows_of(one)] == [fields(flow) for flow in flows_of(other)]
