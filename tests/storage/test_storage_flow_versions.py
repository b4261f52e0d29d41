"""Flow files of every format version that mitmproxy still reads give the same flow.

Old programs are not at hand, so a flow of today is taken back one version at a time: each step undoes what mitmproxy's own
migration (``mitmproxy/io/compat.py``) does, and mitmproxy's migration must bring it here again.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mitmproxy.io import compat, tnetstring
from mitmproxy.test import tflow
from mitmproxy.version import FLOW_FORMAT_VERSION

from pia_runtime.model.flow import Flow
from pia_runtime.storage.flow_reader import read_flows
from pia_runtime.storage.flow_template import parse_flow

State = dict[Any, Any]


def both(state: State) -> tuple[State, State]:
    return state["client_conn"], state["server_conn"]


def rename(record: State, **names: str) -> None:
    for new, old in names.items():
        record[old] = record.pop(new)


def to_20(state: State) -> None:
    """Versions 20 and 21 differ in the name of QUIC only."""


def to_19(state: State) -> None:
    for conn in both(state):
        conn["state"] = 0


def to_18(state: State) -> None:
    client, server = both(state)
    rename(client, peername="address")
    client["tls_extensions"] = None
    rename(server, peername="ip_address", sockname="source_address", via="via2")
    server["via"] = None
    for conn in (client, server):
        conn["tls_established"] = True
        rename(conn, cipher="cipher_name")
        del conn["transport_protocol"]


def to_17(state: State) -> None:
    del state["client_conn"]["proxy_mode"]


def to_16(state: State) -> None:
    state["mode"] = "regular"


def to_15(state: State) -> None:
    del state["timestamp_created"]


def to_14(state: State) -> None:
    if state["websocket"]:
        state["websocket"]["messages"] = [list(message[:5]) for message in state["websocket"]["messages"]]


def to_13(state: State) -> None:
    del state["comment"]


def to_12(state: State) -> None:
    state["marked"] = bool(state["marked"])


def to_11(state: State) -> None:
    del state["websocket"]


def to_10(state: State) -> None:
    for conn in both(state):
        rename(conn, alpn="alpn_proto_negotiated")


def to_9(state: State) -> None:
    client, server = both(state)
    for conn in (client, server):
        for name in ("state", "error", "tls", "alpn_offers", "cipher_list"):
            del conn[name]
    del client["sockname"], server["via2"]
    client["clientcert"], server["cert"] = None, None
    del client["certificate_list"], server["certificate_list"]


def to_8(state: State) -> None:
    state["request"] |= {"first_line_format": "relative", "is_replay": False}
    state["response"]["is_replay"] = False
    del state["request"]["authority"], state["is_replay"]


def to_7(state: State) -> None:
    del state["request"]["trailers"], state["response"]["trailers"]


def to_6(state: State) -> None:
    del state["client_conn"]["tls_extensions"]


def to_5(state: State) -> None:
    for conn in both(state):
        rename(conn, tls_established="ssl_established", timestamp_tls_setup="timestamp_ssl_setup")


def to_4(state: State) -> None:
    for conn in both(state):
        del conn["id"]


def to_300(state: State) -> None:
    """Version 4 is 3.0 under a new numbering."""


def to_200(state: State) -> None:
    client, server = both(state)
    del client["mitmcert"], server["tls_version"]


def to_100(state: State) -> None:
    client, server = both(state)
    for conn, names in ((client, ["address"]), (server, ["address", "source_address", "ip_address"])):
        for name in names:
            conn[name] = {"address": conn[name], "use_ipv6": False}


def to_019(state: State) -> None:
    """Version 1.0 changed nothing."""


def to_018(state: State) -> None:
    client, server = both(state)
    for name in ("sni", "alpn_proto_negotiated", "cipher_name", "tls_version"):
        del client[name]
    del server["alpn_proto_negotiated"], state["mode"], state["metadata"]
    state["request"] |= {"stickyauth": False, "stickycookie": False}


def to_017(state: State) -> None:
    rename(state["server_conn"], ip_address="peer_address")
    del state["marked"]
    bytes_only(state)


def to_016(state: State) -> None:
    del state[b"server_conn"][b"peer_address"]


def to_015(state: State) -> None:
    for name in (b"request", b"response"):
        state[name][b"body"] = state[name].pop(b"content")
    state[b"response"][b"msg"] = state[b"response"].pop(b"reason")
    state[b"request"][b"form_out"] = b"relative"


def to_014(state: State) -> None:
    """Version 0.15 changed nothing."""


def to_013(state: State) -> None:
    request, response = state[b"request"], state[b"response"]
    request[b"form_in"] = request.pop(b"first_line_format")
    response[b"code"] = response.pop(b"status_code")
    for message in (request, response):
        message[b"httpversion"] = [1, 1]
        del message[b"http_version"]
        message[b"content"] = message.pop(b"body")
    state[b"server_conn"][b"state"] = []
    del state[b"server_conn"][b"via"]


def to_012(state: State) -> None:
    """Version 0.13 changed nothing."""


def to_011(state: State) -> None:
    """Version 0.12 changed nothing."""


def bytes_only(record: State) -> None:
    """Python 2 knew no text: all keys and strings are bytes."""
    for key in list(record):
        value = record.pop(key)
        if isinstance(value, dict):
            bytes_only(value)
        record[key.encode()] = value.encode() if isinstance(value, str) else value


STEPS: list[tuple[int | list[int], Callable[[State], None]]] = [
    (20, to_20), (19, to_19), (18, to_18), (17, to_17), (16, to_16), (15, to_15), (14, to_14), (13, to_13), (12, to_12),
    (11, to_11), (10, to_10), (9, to_9), (8, to_8), (7, to_7), (6, to_6), (5, to_5), (4, to_4), ([3, 0, 0], to_300),
    ([2, 0, 0], to_200), ([1, 0, 0], to_100), ([0, 19], to_019), ([0, 18], to_018), ([0, 17], to_017), ([0, 16], to_016),
    ([0, 15], to_015), ([0, 14], to_014), ([0, 13], to_013), ([0, 12], to_012), ([0, 11], to_011),
]  # fmt: skip


def taken_back(version: int | list[int]) -> bytes:
    """A flow as that version wrote it."""
    flow = tflow.twebsocketflow() if isinstance(version, int) and version >= 12 else tflow.tflow(resp=True)
    flow.id = "00000000-0000-4000-8000-000000000001"
    flow.request.headers["host"] = "api.example.com"
    flow.request.timestamp_start = 1_400_000_000.25
    state: State = flow.get_state()
    del state["backup"]
    for number, step in STEPS:
        step(state)
        state[b"version" if b"request" in state else "version"] = number
        if number == version:
            break
    return tnetstring.dumps(state)


def test_every_version_that_mitmproxy_migrates_is_tried() -> None:
    tried = {tuple(number[:2]) if isinstance(number, list) else number for number, _ in STEPS}
    assert tried == set(compat.converters)
    assert FLOW_FORMAT_VERSION not in tried


@pytest.mark.parametrize("version", [number for number, _ in STEPS], ids=str)
def test_an_old_flow_reads_like_a_new_one(version: int | list[int], tmp_path: Path) -> None:
    record = taken_back(version)
    assert parse_flow(record.partition(b":")[2]) is None, "the template must not take a version it does not know"
    (tmp_path / "flows.mitm").write_bytes(record)
    flows: list[Flow] = list(read_flows(tmp_path / "flows.mitm", lambda trouble: pytest.fail(str(trouble))))
    (flow,) = flows
    assert (flow.id, flow.host) == ("00000000-0000-4000-8000-000000000001", "api.example.com")
    assert flow.t_ns == 1_400_000_000_250_000_000
    assert (flow.method, flow.http_version) == ("GET", "HTTP/1.1")
    assert flow.response is not None
    if isinstance(version, int) and version >= 12:
        assert [message.content for message in flow.messages] == [b"hello binary", b"hello text", b"it's me"]
    else:
        assert (flow.target, flow.body) == (b"/path", b"content")
        assert (flow.response.status, flow.response.body) == (200, b"message")
        assert (b"header-response", b"svalue") in flow.response.headers
