"""Flows of a shared copy: who talked to whom and when stays; what was said is kept only where it is readable and clean."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from mitmproxy.io import tnetstring

from pia_runtime.evidence.export_look import Scan, turned
from pia_runtime.evidence.export_parts import PartRedactor
from pia_runtime.evidence.export_redactor import Redactor
from pia_runtime.storage.flow_mapping import map_http_flow
from pia_runtime.storage.flow_reader import flow_files, read_records
from pia_runtime.storage.flow_record import READ_ERRORS, load_record

_NOWHERE = ["0.0.0.0", 0]  # noqa: S104 - stands for an address that is not told


class FlowRedactor:
    """Rewrites flow records.

    Args:
        redactor: replaces and lists.
        scan: the analysis's own detector, with everything that it searches for in this capture.
        everything: whether also content that is readable and clean is taken out.
    """

    def __init__(self, redactor: Redactor, scan: Scan, *, everything: bool) -> None:
        self._redactor, self._scan = redactor, scan
        self._parts = PartRedactor(redactor, scan, everything=everything)

    def records(self, folder: Path) -> Iterator[bytes]:
        """The records of a capture's flow files, rewritten; what is no HTTP or cannot be read is listed and left out."""
        for path in flow_files(folder):
            for offset, record in read_records(path, lambda _: None):
                where = f"{path.name}: byte {offset}"
                try:
                    flow = load_record(record)
                    state = flow.get_state()
                except READ_ERRORS:
                    self._redactor.note(where, "left_out", record)
                    continue
                if flow.type != "http":
                    self._redactor.note(where, "left_out", record)
                else:
                    yield tnetstring.dumps(self._clean(flow, state))

    def _clean(self, flow: Any, state: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - mitmproxy's flow
        """The flow without what the detector finds in its parts; without all of it where the whole still holds something."""
        read = map_http_flow(flow)
        self._parts.known = tuple(match for part in (read, turned(read)) for match in self._scan(part)[0])
        self._parts.forced = False
        listed = len(self._redactor.entries)
        told = self._flow(state)
        again = map_http_flow(type(flow).from_state(deepcopy(told)))  # which takes its argument apart
        if any(self._scan(part)[0] for part in (again, turned(again))):
            del self._redactor.entries[listed:]
            self._parts.forced = True
            told = self._flow(state)
        return told

    def _flow(self, state: dict[str, Any]) -> dict[str, Any]:
        name = f"flow {state['id']}"
        request, response = dict(state["request"]), state.get("response")
        self._request(name, request)
        if response:
            response = dict(response)
            self._parts.words(f"{name} response", response, "http_version", "reason")
            response["headers"] = self._parts.headers(f"{name} response.header", response["headers"])
            response["trailers"] = self._parts.fields(f"{name} response.trailer", response.get("trailers"))
            self._parts.content(f"{name} response.body", response, always=True)
        websocket = state.get("websocket")
        if websocket:
            websocket = {**websocket, "messages": self._parts.messages(name, websocket["messages"]), "close_reason": ""}
        error = state.get("error")
        if error:
            error = {**error, "msg": self._parts.text(f"{name} error", str(error.get("msg") or ""))}
        err_ns = (state.get("metadata") or {}).get("pia_err_ns")
        return {
            **state,
            "request": request,
            "response": response,
            "websocket": websocket,
            "error": error,
            "metadata": {} if err_ns is None else {"pia_err_ns": err_ns},
            "comment": "",
            "marked": "",
            "backup": None,
            "client_conn": self._connection(f"{name} client", state["client_conn"], request["host"]),
            "server_conn": {
                **self._connection(f"{name} server", state["server_conn"], request["host"]),
                "address": [request["host"], request["port"]],
            },
        }

    def _request(self, name: str, request: dict[str, Any]) -> None:
        hidden = self._host(name, request)
        self._parts.words(f"{name} request", request, "method", "scheme", "http_version")
        request["path"] = self._parts.target(name, request["path"])
        request["headers"] = self._parts.headers(f"{name} request.header", request["headers"], hidden)
        request["trailers"] = self._parts.fields(f"{name} request.trailer", request.get("trailers"))
        self._parts.content(f"{name} request.body", request, always=False)

    def _host(self, name: str, request: dict[str, Any]) -> tuple[bytes, bytes] | None:
        """A name that carries a value goes, wherever the request repeats it; the rest of the domain stays."""
        named = request["authority"] or next((v for k, v in request["headers"] if k.lower() == b"host"), b"")
        for host in dict.fromkeys((named.decode("ascii", "replace"), str(request["host"]))):
            matches, _ = self._parts.look(host.encode(), as_host=True)
            if not matches:
                continue
            self._redactor.note(f"{name} request.url.host", "value", host.encode(), self._redactor.values(matches))
            kept = ".".join(["redacted", *host.partition(":")[0].split(".")[-2:]])
            request["host"] = kept
            request["authority"] = kept.encode() if request["authority"] else b""
            return host.encode(), kept.encode()
        return None

    def _connection(self, where: str, state: dict[str, Any], host: str) -> dict[str, Any]:
        told = _connection(state, host)
        told["id"] = self._redactor.secrets.mask_within(str(told["id"]))
        self._parts.words(where, told, "alpn", "cipher", "tls_version")
        return told


def _connection(state: dict[str, Any], host: str) -> dict[str, Any]:
    """Names and versions stay; addresses of the device's network and of this machine do not."""
    told = {
        **state,
        "peername": _NOWHERE if state.get("peername") else None,
        "sockname": _NOWHERE if state.get("sockname") else None,
        "sni": host if state.get("sni") else state.get("sni"),
        "certificate_list": [],
        "error": None,
    }
    return {**told, **{name: None for name in ("mitmcert", "via") if name in told}}
