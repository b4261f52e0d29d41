"""Flows of a shared copy: who talked to whom and when stays; what was said is kept only where it is readable and clean."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from mitmproxy.io import tnetstring

from pia_runtime.detection.scanner_incoming import as_flow
from pia_runtime.evidence.export_redactor import BLANK, Redactor, Why
from pia_runtime.model.detection import Match, Opaque
from pia_runtime.model.flow import Flow
from pia_runtime.storage.flow_mapping import map_http_flow
from pia_runtime.storage.flow_reader import flow_files, load_record, read_records

type Scan = Callable[[Any], tuple[tuple[Match, ...], tuple[Opaque, ...]]]

READ_ERRORS = (ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, RecursionError)
_NEVER_SHARED = frozenset(
    {b"cookie", b"set-cookie", b"authorization", b"proxy-authorization", b"x-auth-token", b"x-api-key", b"x-access-token"}
)  # fmt: skip
"""Headers that let whoever has them act as the user."""
_PLAIN_HEADERS = frozenset({b"host", b"content-type", b"connection", b"accept", b"upgrade", b"date", b"server"})
_OF_THE_BODY = frozenset(
    {b"content-encoding", b"transfer-encoding", b"content-length", b"content-md5", b"digest", b"etag"}
)
_NOWHERE = ["0.0.0.0", 0]  # noqa: S104 - stands for an address that is not told


class FlowRedactor:
    """Rewrites flow records.

    Args:
        redactor: replaces and lists.
        scan: the analysis's own detector, with everything that it searches for in this capture.
        everything: whether also content that is readable and clean is taken out.
    """

    def __init__(self, redactor: Redactor, scan: Scan, *, everything: bool) -> None:
        self._redactor, self._scan, self._everything = redactor, scan, everything
        self._known: list[Match] = []
        self._clean_words: set[str] = set()
        self._forced = False

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
        self._known = [match for part in (read, turned(read)) for match in self._scan(part)[0]]
        self._forced = False
        listed = len(self._redactor.entries)
        told = self._flow(state)
        again = map_http_flow(type(flow).from_state(deepcopy(told)))  # which takes its argument apart
        if any(self._scan(part)[0] for part in (again, turned(again))):
            del self._redactor.entries[listed:]
            self._forced = True
            told = self._flow(state)
        return told

    def _at(self, *places: str) -> tuple[Match, ...]:
        """What the detector found in the whole flow at places of it; documented requests are known only as a whole."""
        return tuple(match for match in self._known if match.location in places)

    def _flow(self, state: dict[str, Any]) -> dict[str, Any]:
        name = f"flow {state['id']}"
        request, response = dict(state["request"]), state.get("response")
        self._request(name, request)
        if response:
            response = dict(response)
            self._words(f"{name} response", response, "http_version", "reason")
            response["headers"] = self._headers(f"{name} response.header", response["headers"])
            response["trailers"] = self._fields(f"{name} response.trailer", response.get("trailers"))
            self._content(f"{name} response.body", response, always=True)
        websocket = state.get("websocket")
        if websocket:
            websocket = {**websocket, "messages": self._messages(name, websocket["messages"]), "close_reason": ""}
        error = state.get("error")
        if error:
            error = {**error, "msg": self._text(f"{name} error", str(error.get("msg") or ""))}
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
        self._words(f"{name} request", request, "method", "scheme", "http_version")
        request["path"] = self._target(name, request["path"])
        request["headers"] = self._headers(f"{name} request.header", request["headers"], hidden)
        request["trailers"] = self._fields(f"{name} request.trailer", request.get("trailers"))
        self._content(f"{name} request.body", request, always=False)

    def _host(self, name: str, request: dict[str, Any]) -> tuple[bytes, bytes] | None:
        """A name that carries a value goes, wherever the request repeats it; the rest of the domain stays."""
        named = request["authority"] or next((v for k, v in request["headers"] if k.lower() == b"host"), b"")
        for host in dict.fromkeys((named.decode("ascii", "replace"), str(request["host"]))):
            matches, _ = self._look(host.encode(), as_host=True)
            if not matches:
                continue
            self._redactor.note(f"{name} request.url.host", "value", host.encode(), self._redactor.values(matches))
            kept = ".".join(["redacted", *host.partition(":")[0].split(".")[-2:]])
            request["host"] = kept
            request["authority"] = kept.encode() if request["authority"] else b""
            return host.encode(), kept.encode()
        return None

    def _target(self, name: str, target: bytes) -> bytes:
        path, mark, query = target.partition(b"?")
        where = f"{name} request.url"
        matches, opaque = self._look(target, as_target=True)
        matches = matches or self._at("request.url.path", "request.url.query")
        if not (matches or opaque or (self._everything and query) or (self._forced and len(target) > 1)):
            return target
        self._redactor.note(where, "value" if matches else "unreadable" if opaque else "always", target,
                            self._redactor.values(matches))  # fmt: skip
        if self._forced:
            return b"/redacted"
        names = [pair.partition(b"=")[0] for pair in query.split(b"&")] if query else []
        shorter = b"/".join(part if _plain(part) else b"redacted" if part else b"" for part in path.split(b"/"))
        for kept in (path, shorter, b"/redacted"):
            for shown in (names, [b"p%d" % number for number in range(len(names))]):
                candidate = kept + mark + b"&".join(one + b"=redacted" for one in shown)
                if not any(self._look(candidate, as_target=True)):
                    return candidate
        return b"/redacted"

    def _headers(
        self, where: str, headers: Sequence[Sequence[bytes]], host: tuple[bytes, bytes] | None = None
    ) -> list[list[bytes]]:
        told = []
        for key, value in headers:
            low, place = key.lower(), f"{where}:{key.decode('ascii', 'replace').lower()}"
            if host is not None and host[0] in value:
                value = value.replace(*host)
            matches, opaque = self._look(value) if value else ((), ())
            if not matches:
                place_of = "response" if "response." in where else "request"
                matches = tuple(
                    match
                    for match in self._at(f"{place_of}.header", f"{place_of}.trailer")
                    if match.path and match.path[0].partition("#")[0] == f"header:{low.decode('ascii', 'replace')}"
                )
            if self._look(key)[0] or (self._forced and low not in _PLAIN_HEADERS):
                key, place = b"redacted", f"{where}:redacted"
                self._redactor.note(place, "value", None)
            why: Why | None = "value" if matches else "unreadable" if opaque else None
            if why is None and (low in _NEVER_SHARED or (self._forced and low not in _PLAIN_HEADERS)):
                why = "always"
            if why is not None:
                self._redactor.note(place, why, value, self._redactor.values(matches))
                value = BLANK.encode()
            told.append([key, value])
        return told

    def _fields(self, where: str, fields: Sequence[Sequence[bytes]] | None) -> list[list[bytes]] | None:
        return None if fields is None else self._headers(where, fields)

    def _content(self, where: str, message: dict[str, Any], *, always: bool) -> None:
        """A body goes as a whole: what was in it is listed, and its bytes are committed to."""
        body = message.get("content")
        if not body:
            return
        coding = next((value for key, value in message["headers"] if key.lower() == b"content-encoding"), b"")
        media = next((value for key, value in message["headers"] if key.lower() == b"content-type"), b"")
        matches, opaque = self._look(body, headers=((b"content-encoding", coding), (b"content-type", media)))
        matches = matches or self._at(where.rpartition(" ")[2])
        why: Why | None = "value" if matches else "unreadable" if opaque else None
        if why is None and (always or self._everything or self._forced):
            why = "always"
        if why is None:
            return
        entry = self._redactor.note(where, why, body, self._redactor.values(matches))
        message["content"] = _placeholder(entry)
        kept = [
            [key, value] for key, value in message["headers"] if key.lower() not in _OF_THE_BODY | {b"content-type"}
        ]
        message["headers"] = [*kept, [b"content-type", b"application/json"]]

    def _messages(self, name: str, messages: Sequence[Sequence[Any]]) -> list[list[Any]]:
        told = []
        for number, message in enumerate(messages):
            opcode, from_client, content, *rest = message
            where = f"{name} websocket.{'client' if from_client else 'server'}:{number}"
            content = content if isinstance(content, bytes) else str(content).encode()
            matches, opaque = self._look(content) if content else ((), ())
            why: Why | None = "value" if matches else "unreadable" if opaque else None
            if not matches:
                matches = tuple(
                    one for one in self._at("websocket.client", "websocket.server") if one.message in (None, number)
                )
                why = "value" if matches and content else why
            if why is None and content and (self._everything or self._forced or not from_client):
                why = "always"
            if why is not None:
                opcode, content = (
                    1,
                    _placeholder(self._redactor.note(where, why, content, self._redactor.values(matches))),
                )
            told.append([opcode, from_client, content, *rest])
        return told

    def _words(self, where: str, fields: dict[str, Any], *names: str) -> None:
        """Short fields of a protocol, which say nothing of anybody unless somebody put it there."""
        for field in names:
            given = fields.get(field)
            text = given.decode("utf-8", "replace") if isinstance(given, bytes) else given
            if not isinstance(text, str) or text in self._clean_words:
                continue
            shown = self._text(f"{where} {field}", text)
            if shown == text:
                self._clean_words.add(text)
            else:
                fields[field] = shown.encode() if isinstance(given, bytes) else shown

    def _connection(self, where: str, state: dict[str, Any], host: str) -> dict[str, Any]:
        told = _connection(state, host)
        told["id"] = self._redactor.secrets.mask_within(str(told["id"]))
        self._words(where, told, "alpn", "cipher", "tls_version")
        return told

    def _text(self, where: str, text: str) -> str:
        shorter = self._redactor.secrets.mask_within(text)
        if any(self._look(shorter.encode())):
            shorter = BLANK
        if shorter != text:
            self._redactor.note(where, "value", text.encode())
        return shorter

    def _look(
        self,
        content: bytes,
        *,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        as_target: bool = False,
        as_host: bool = False,
    ) -> tuple[tuple[Match, ...], tuple[Opaque, ...]]:
        return look(self._scan, self._redactor, content, headers=headers, as_target=as_target, as_host=as_host)


def turned(flow: Flow) -> Flow:
    """What came back, in the place of what was sent: responses are else searched only for what stands in them in clear."""
    messages = tuple(replace(message, from_client=not message.from_client) for message in flow.messages)
    messages = tuple(message if message.from_client else replace(message, content=b"") for message in messages)
    answer = flow.response
    empty = replace(as_flow(b""), id=flow.id, messages=messages)
    return (
        empty if answer is None else replace(empty, headers=answer.headers, body=answer.body, trailers=answer.trailers)
    )


def look(
    scan: Scan,
    redactor: Redactor,
    content: bytes,
    *,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    as_target: bool = False,
    as_host: bool = False,
) -> tuple[tuple[Match, ...], tuple[Opaque, ...]]:
    """Everything that the detector finds in some bytes, as the body (or target, or host) of a request of its own."""
    flow = as_flow(b"" if as_target or as_host else content)
    if as_target:
        flow = replace(flow, target=content)
    elif as_host:
        flow = replace(flow, host=content.decode("ascii", "replace"))
    else:
        flow = replace(flow, headers=tuple(pair for pair in headers if pair[1]))
    matches, opaque = scan(flow)
    text = content.decode("utf-8", "replace")
    if not matches and redactor.secrets.mask_within(text) != text:  # also what is too weak to be a finding
        opaque = (*opaque, Opaque("request.body", (), "undecodable", len(content)))
    return matches, opaque


def _plain(part: bytes) -> bool:
    return len(part) <= 24 and not any(48 <= byte <= 57 for byte in part)


def _placeholder(entry: dict[str, Any]) -> bytes:
    """What stands for a body; without masks, which an analysis of the copy would take for values read and then sent."""
    values = [{name: one[name] for name in ("data", "encoding", "commitment")} for one in entry["values"]]
    return orjson.dumps(
        {"redacted": entry["why"], "bytes": entry["bytes"], "commitment": entry["commitment"], "values": values}
    )


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
