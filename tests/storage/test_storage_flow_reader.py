"""Flow files are read whole, whatever their version, and what cannot be read is said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import flow as mitm_flow
from mitmproxy import http
from mitmproxy.io import FlowReader, FlowWriter, tnetstring
from mitmproxy.test import tflow

from pia_runtime.errors import InputError
from pia_runtime.model.flow import Flow
from pia_runtime.storage.flow_mapping import ERR_KEY, map_http_flow
from pia_runtime.storage.flow_reader import FlowTrouble, flow_files, read_flows, read_records
from pia_runtime.storage.flow_record import load_record
from pia_runtime.storage.flow_template import parse_flow

NOON = 1_763_899_200.123456


def write(path: Path, *flows: mitm_flow.Flow) -> Path:
    with path.open("wb") as file:
        writer = FlowWriter(file)
        for flow in flows:
            writer.add(flow)
    return path


def read(path: Path) -> tuple[list[Flow], list[FlowTrouble]]:
    troubles: list[FlowTrouble] = []
    return list(read_flows(path, troubles.append)), troubles


def exchange(url: str = "https://api.example.com/v1/log?a=%20b", **request: Any) -> http.HTTPFlow:
    flow = tflow.tflow(resp=True)
    flow.request = http.Request.make("POST", url, b"{}", {"Host": "api.example.com", "X-Note": "a,b: c"})
    flow.request.timestamp_start = flow.request.timestamp_end = flow.timestamp_created = NOON
    for name, value in request.items():
        setattr(flow.request, name, value)
    return flow


def with_comment(flow: http.HTTPFlow, comment: str) -> http.HTTPFlow:
    flow.comment = comment
    flow.marked = ":grapes:"
    return flow


def with_metadata(flow: http.HTTPFlow, **metadata: Any) -> http.HTTPFlow:
    flow.metadata.update(metadata)
    return flow


def with_response(flow: http.HTTPFlow, **fields: Any) -> http.HTTPFlow:
    for name, value in fields.items():
        setattr(flow.response, name, value)
    return flow


def modified(flow: http.HTTPFlow) -> http.HTTPFlow:
    flow.backup()
    flow.request.path = "/changed"
    return flow


ODD: dict[str, Callable[[], http.HTTPFlow]] = {
    "ordinary": exchange,
    "websocket": tflow.twebsocketflow,
    "websocket without messages": lambda: tflow.tflow(ws=True),
    "no response": tflow.tflow,
    "failed": lambda: tflow.tflow(err=True),
    "request trailers": lambda: exchange(trailers=http.Headers([(b"x-sum", b"1"), (b"y", b"")])),
    "response trailers": lambda: with_response(exchange(), trailers=http.Headers([(b"grpc-status", b"0")])),
    "empty trailers": lambda: with_response(exchange(), trailers=http.Headers()),
    "http/2": lambda: exchange(http_version="HTTP/2.0", authority="h2.example.com:443"),
    "http/3": lambda: exchange(http_version="HTTP/3", authority="h3.example.com"),
    "big body": lambda: exchange(raw_content=bytes(range(256)) * 20_000),
    "no bodies": lambda: with_response(exchange(raw_content=None), raw_content=None),
    "empty bodies": lambda: with_response(exchange(raw_content=b""), raw_content=b""),
    "body like a record": lambda: exchange(raw_content=b",7:headers;0:]12:http_version;8:HTTP/1.1,}"),
    "no headers": lambda: with_response(exchange(headers=http.Headers()), headers=http.Headers()),
    "header with a list's end in it": lambda: exchange(headers=http.Headers([(b"x", b"[1,]2,]"), (b"a,b", b"1")])),
    "header of odd bytes": lambda: exchange(headers=http.Headers([(b"\xff:", b"\r\n\x00"), (b"", b"")])),
    "path with commas": lambda: exchange(path="/a,b,c?x=,1,9:,"),
    "path like a record": lambda: exchange(path="/a,b,9:authority;0:,c?x=,"),
    "response that never ended": lambda: with_response(exchange(), timestamp_end=None),
    "whole seconds": lambda: exchange(timestamp_start=1_763_899_200),
    "seven decimals": lambda: exchange(timestamp_start=1_763_899_200.1234567),
    "long ago": lambda: exchange(timestamp_start=0.5),
    "comment and mark": lambda: with_comment(exchange(), "seen; by a tester,}"),
    "noted error": lambda: with_metadata(exchange(), **{ERR_KEY: 5_000_000}),
    "other metadata": lambda: with_metadata(exchange(), tag="x", **{ERR_KEY: 7_000}),
    "modified in mitmweb": lambda: modified(exchange()),
    "status with two digits": lambda: with_response(exchange(), status_code=99),
    "reason with a comma": lambda: with_response(exchange(), reason="No, thanks"),
    "lower-case method": lambda: exchange(method="get"),
    "address only": lambda: exchange("https://198.51.100.7/x", headers=http.Headers([(b"Host", b"198.51.100.7")])),
    "ipv6": lambda: exchange("https://[2001:db8::1]:8443/x", headers=http.Headers([(b"Host", b"[2001:db8::1]:8443")])),
}
"""Flows as mitmproxy can hold them, each odd in one way."""


@pytest.mark.parametrize("name", ODD)
def test_the_fast_path_says_what_mitmproxys_own_objects_say_or_leaves_it_to_them(name: str, tmp_path: Path) -> None:
    ((_, record),) = read_records(write(tmp_path / "flows.mitm", ODD[name]()), pytest.fail)
    truth = map_http_flow(load_record(record))
    assert parse_flow(record) in (truth, None)
    assert read(tmp_path / "flows.mitm") == ([truth], [])


SLOW = {
    "path like a record",
    "header with a list's end in it",
    "modified in mitmweb",
    "long ago",
    "status with two digits",
    "lower-case method",
    "reason with a comma",
}


def test_the_fast_path_takes_all_but_the_oddest_flows(tmp_path: Path) -> None:
    """Otherwise the comparison above would compare mitmproxy with itself."""
    for name, make in ODD.items():
        ((_, record),) = read_records(write(tmp_path / "flows.mitm", make()), pytest.fail)
        assert (parse_flow(record) is None) == (name in SLOW), name


@given(data=st.data())
def test_a_record_with_any_byte_changed_is_read_as_mitmproxy_reads_it_or_not_at_all(data: st.DataObject) -> None:
    """A length that lies must not move the reader somewhere else; the connections, which are stepped over, are left out."""
    record = bytearray(RECORD)
    at = data.draw(st.integers(0, RECORD.index(b"11:server_conn;") - 1))
    record[at] = data.draw(st.integers(0, 255))
    fast = parse_flow(bytes(record))
    if fast is not None:
        assert fast == map_http_flow(load_record(bytes(record)))


RECORD = tnetstring.dumps(exchange().get_state()).partition(b":")[2]


def test_a_flow_becomes_plain_values(tmp_path: Path) -> None:
    (flow,), troubles = read(write(tmp_path / "flows.mitm", exchange()))
    assert troubles == []
    assert (flow.t_ns, flow.err_ns) == (1_763_899_200_123_456_000, 1_000)
    assert (flow.method, flow.scheme, flow.host, flow.port) == ("POST", "https", "api.example.com", 443)
    assert (flow.target, flow.body) == (b"/v1/log?a=%20b", b"{}")
    assert flow.headers[1] == (b"X-Note", b"a,b: c")
    assert flow.response is not None
    assert (flow.response.status, flow.response.body) == (200, b"message")


def test_the_time_is_rounded_to_the_microsecond(tmp_path: Path) -> None:
    times = [1_763_899_200.000001, 1_763_899_200.999999, 1_763_899_200.1234565]
    flows, _ = read(write(tmp_path / "flows.mitm", *(exchange(timestamp_start=time) for time in times)))
    assert [flow.t_ns % 10**9 for flow in flows] == [1_000, 999_999_000, 123_456_000]


def test_an_importers_error_bar_comes_back_and_is_never_under_a_microsecond(tmp_path: Path) -> None:
    flows = [with_metadata(exchange(), **{ERR_KEY: err}) for err in (250_000_000, 3, -1, True, "x")]
    assert [flow.err_ns for flow in read(write(tmp_path / "f.mitm", *flows))[0]] == [
        250_000_000,
        1000,
        1000,
        1000,
        1000,
    ]


@pytest.mark.parametrize(
    ("flow", "host"),
    [
        (
            exchange("https://198.51.100.7/", headers=http.Headers([(b"host", b"API.Example.com.:443")])),
            "api.example.com",
        ),
        (
            exchange("https://198.51.100.7/", headers=http.Headers()),
            "address",
        ),  # mitmproxy's test client asked for it in SNI
        (exchange(headers=http.Headers()), "api.example.com"),
        (exchange(http_version="HTTP/2.0", authority="h2.example.com:8443"), "h2.example.com"),
        (exchange(http_version="HTTP/1.1", authority="proxy.example.com"), "api.example.com"),
    ],
)
def test_the_host_is_the_one_that_was_meant(flow: http.HTTPFlow, host: str, tmp_path: Path) -> None:
    assert read(write(tmp_path / "flows.mitm", flow))[0][0].host == host


def test_websocket_messages_keep_their_own_times_and_directions(tmp_path: Path) -> None:
    (flow,), _ = read(write(tmp_path / "flows.mitm", tflow.twebsocketflow()))
    assert [(m.from_client, m.is_text, m.content) for m in flow.messages] == [
        (True, False, b"hello binary"),
        (True, True, b"hello text"),
        (False, True, b"it's me"),
    ]
    assert [m.t_ns for m in flow.messages] == [946681203 * 10**9, 946681204 * 10**9, 946681205 * 10**9]


def test_flows_that_are_not_http_are_a_counted_blind_spot(tmp_path: Path) -> None:
    others = [tflow.ttcpflow(), tflow.ttcpflow(), tflow.tudpflow(), tflow.tdnsflow(resp=True)]
    flows, troubles = read(write(tmp_path / "flows.mitm", *others, exchange()))
    assert len(flows) == 1
    assert {(t.kind, t.host, t.count) for t in troubles} == {
        ("non_http_flow", "address", 2),
        ("non_http_flow", "address", 1),
        ("non_http_flow", "dns.google", 1),
    }


def test_an_empty_file_says_that_it_is_empty(tmp_path: Path) -> None:
    flows, (trouble,) = read(write(tmp_path / "flows.mitm"))
    assert (flows, trouble.kind) == ([], "empty_flow_file")


@given(cut=st.integers(1, 10**9))
def test_a_file_cut_anywhere_keeps_every_whole_flow(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Kill -9 while writing: the flows before are there, and the loss is said."""
    path = tmp_path_factory.mktemp("cut") / "flows.mitm"
    one, two = (b"%d:%b" % (len(RECORD) - 1, RECORD),) * 2
    path.write_bytes((one + two)[: len(one) + 1 + cut % (len(two) - 1)])
    flows, (trouble,) = read(path)
    assert (len(flows), trouble.kind, trouble.offset) == (1, "torn_flow", len(one))


def test_garbage_after_a_flow_is_named_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "flows.mitm", exchange())
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + b"\x00" * 40)
    flows, (trouble,) = read(path)
    assert (len(flows), trouble.kind, trouble.offset) == (1, "unreadable_flow", size)


def test_a_damaged_flow_does_not_cost_its_neighbours(tmp_path: Path) -> None:
    whole = b"%d:%b" % (len(RECORD) - 1, RECORD)
    path = tmp_path / "flows.mitm"
    path.write_bytes(whole + whole.replace(b"4:type;4:http;", b"4:type;4:htto;") + b"4:true!" + whole)
    flows, troubles = read(path)
    assert (len(flows), [t.kind for t in troubles]) == (2, ["unreadable_flow", "unreadable_flow"])


def test_a_length_beyond_the_file_asks_for_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "flows.mitm"
    path.write_bytes(b"999999999999:" + RECORD)
    assert read(path)[1][0].kind == "torn_flow"


def test_a_hostile_nesting_is_one_unreadable_flow(tmp_path: Path) -> None:
    nested = b"0:]"
    for _ in range(3000):
        nested = b"%d:%b]" % (len(nested), nested)
    inner = b"1:x;" + nested
    path = tmp_path / "flows.mitm"
    path.write_bytes(b"%d:%b}" % (len(inner), inner) + b"%d:%b" % (len(RECORD) - 1, RECORD))
    flows, (trouble,) = read(path)
    assert (len(flows), trouble.kind) == (1, "unreadable_flow")


@pytest.mark.parametrize("content", [b"\x89PNG\r\n", b"hello", b":", b"4:true!", b"12a:", b'{"log": {}}'])
def test_what_is_no_flow_file_is_one_clear_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "flows.mitm"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"flows\.mitm.*not .*mitmproxy flow") as caught:
        read(path)
    assert caught.value.fix


def test_a_version_of_the_future_is_named_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "flows.mitm"
    path.write_bytes(tnetstring.dumps(exchange().get_state() | {"version": 99}))
    with pytest.raises(InputError, match=r"flows\.mitm: flow format version 99 .*it reads up to 21") as caught:
        read(path)
    assert "mitmproxy" in caught.value.fix


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.mitm: cannot be read"):
        read(tmp_path / "gone.mitm")


@pytest.mark.parametrize("seconds", [None, float("nan"), float("inf"), -1.0, 1e30])
def test_a_flow_without_a_usable_time_is_a_stated_gap(seconds: float | None, tmp_path: Path) -> None:
    state = exchange().get_state()
    state["request"]["timestamp_start"] = seconds
    path = tmp_path / "flows.mitm"
    path.write_bytes(tnetstring.dumps(state))
    flows, (trouble,) = read(path)
    assert (flows, trouble.kind) == ([], "undated_flow")


def test_a_rotated_capture_is_read_in_the_order_it_was_written(tmp_path: Path) -> None:
    for name in ("flows-0010.mitm", "flows-0002.mitm", "flows.mitm"):
        flow = exchange()
        flow.id = name
        write(tmp_path / name, flow)
    assert [path.name for path in flow_files(tmp_path)] == ["flows.mitm", "flows-0002.mitm", "flows-0010.mitm"]
    assert [flow.id for flow in read(tmp_path)[0]] == ["flows.mitm", "flows-0002.mitm", "flows-0010.mitm"]


def test_the_parts_of_a_websocket_that_was_still_open_are_joined(tmp_path: Path) -> None:
    parts = []
    for index in range(3):
        part = tflow.twebsocketflow()
        part.id = "socket"
        part.websocket.messages = part.websocket.messages[index : index + 1]
        parts.append(part)
    write(tmp_path / "flows-ws-socket.mitm", *parts)
    write(tmp_path / "flows.mitm", exchange())
    flows, _ = read(tmp_path)
    assert [len(flow.messages) for flow in flows] == [0, 3]
    whole = tflow.twebsocketflow()
    whole.id = "socket"
    write(tmp_path / "flows.mitm", whole)
    assert [flow.id for flow in read(tmp_path)[0]] == ["socket"]


def test_mitmproxy_reads_the_same_number_of_flows(tmp_path: Path) -> None:
    path = write(tmp_path / "flows.mitm", *(make() for make in ODD.values()))
    with path.open("rb") as file:
        assert sum(1 for _ in FlowReader(file).stream()) == len(read(path)[0])
