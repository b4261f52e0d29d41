"""The battery as a capture folder that any tool can read: flows in mitmproxy's own format, events, identifiers, labels."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from mitmproxy import connection, http, websocket
from mitmproxy.io import FlowWriter
from wsproto.frame_protocol import Opcode

from pia_runtime.bench.battery import Battery
from pia_runtime.bench.case import START_NS, Case
from pia_runtime.model.flow import Flow, Headers
from pia_runtime.storage.jsonlines import encode_line

_SECOND = 1_000_000_000


def write_battery(folder: Path, battery: Battery, cases: Iterable[Case] | None = None) -> None:
    """Write ``flows.mitm``, ``events.jsonl``, ``identifiers.json``, ``session.json`` and ``labels.jsonl``.

    Args:
        folder: is made; must not exist or be empty of these files.
        battery: whose events and identifiers are written whole.
        cases: which requests; all of them if not given.
    """
    chosen = list(battery.cases if cases is None else cases)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "flows.mitm").open("wb") as file:
        writer = FlowWriter(file)  # type: ignore[no-untyped-call]
        for case in chosen:
            writer.add(to_mitmproxy(case.flow))
    (folder / "events.jsonl").write_bytes(b"".join(map(encode_line, battery.events.lines)))
    identifiers = {"schema": "pia.identifiers/1", "identifiers": battery.person.identifiers()}
    session = {
        "schema": "pia.session/1",
        "id": "battery",
        "app": {"package": "com.example.app"},
        "started_ns": START_NS,
    }
    (folder / "identifiers.json").write_text(
        json.dumps(identifiers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (folder / "session.json").write_text(json.dumps(session, indent=1) + "\n")
    labels = (
        {"flow": case.flow.id, "group": case.group, "name": case.name, "expected": [asdict(e) for e in case.expected]}
        for case in chosen
    )
    lines = "".join(json.dumps(label, ensure_ascii=False) + "\n" for label in labels)
    (folder / "labels.jsonl").write_text(lines, encoding="utf-8")


def to_mitmproxy(flow: Flow) -> http.HTTPFlow:
    """The request as mitmproxy would have recorded it. The connection ids follow from the flow's, so that bytes repeat."""
    at = flow.t_ns / _SECOND
    client = connection.Client(peername=("10.0.0.2", 40001), sockname=("10.0.0.1", 8080), timestamp_start=at)
    server = connection.Server(address=(flow.host, flow.port))
    client.id, server.id = f"{flow.id}-c", f"{flow.id}-s"
    client.sni = server.sni = flow.host
    made = http.HTTPFlow(client, server)
    made.id, made.timestamp_created = flow.id, at
    made.request = http.Request(
        flow.host, flow.port, flow.method.encode(), flow.scheme.encode(), b"", flow.target, flow.http_version.encode(),
        http.Headers(flow.headers), flow.body, _fields(flow.trailers), at, at + 0.001,
    )  # fmt: skip
    if flow.response is not None:
        answer = flow.response
        made.response = http.Response(
            flow.http_version.encode(), answer.status, b"OK", http.Headers(answer.headers), answer.body,
            _fields(answer.trailers), at + 0.002, at + 0.003,
        )  # fmt: skip
    if flow.messages:
        made.websocket = websocket.WebSocketData(
            messages=[
                websocket.WebSocketMessage(
                    Opcode.TEXT if message.is_text else Opcode.BINARY,
                    message.from_client,
                    message.content,
                    message.t_ns / _SECOND,
                )
                for message in flow.messages
            ]
        )
    return made


def _fields(headers: Headers) -> http.Headers | None:
    return http.Headers(headers) if headers else None
