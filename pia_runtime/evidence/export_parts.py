"""Parts of a flow in a shared copy: targets, headers, bodies, messages. Each stays where it is readable and clean."""

from collections.abc import Sequence
from typing import Any

import orjson

from pia_runtime.evidence.export_look import Scan, look
from pia_runtime.evidence.export_redactor import BLANK, Redactor, Why
from pia_runtime.model.detection import Match, Opaque

_NEVER_SHARED = frozenset(
    {b"cookie", b"set-cookie", b"authorization", b"proxy-authorization", b"x-auth-token", b"x-api-key", b"x-access-token"}
)  # fmt: skip
"""Headers that let whoever has them act as the user."""
_PLAIN_HEADERS = frozenset({b"host", b"content-type", b"connection", b"accept", b"upgrade", b"date", b"server"})
_OF_THE_BODY = frozenset(
    {b"content-encoding", b"transfer-encoding", b"content-length", b"content-md5", b"digest", b"etag"}
)
_TEXT = 1
"""Opcode of a text message."""


class PartRedactor:
    """Rewrites the parts of one flow after another.

    Args:
        redactor: replaces and lists.
        scan: the analysis's own detector, with everything that it searches for in this capture.
        everything: whether also content that is readable and clean is taken out.

    Attributes:
        known: what the detector found in the whole flow.
        forced: whether nothing that could hold a value may stay.
    """

    def __init__(self, redactor: Redactor, scan: Scan, *, everything: bool) -> None:
        self._redactor, self._scan, self._everything = redactor, scan, everything
        self._clean_words: set[str] = set()
        self.known: tuple[Match, ...] = ()
        self.forced = False

    def target(self, name: str, target: bytes) -> bytes:
        """A request target: names of its query's fields stay where they are clean, their values go."""
        path, mark, query = target.partition(b"?")
        where = f"{name} request.url"
        matches, opaque = self.look(target, as_target=True)
        matches = matches or self._at("request.url.path", "request.url.query")
        if not (matches or opaque or (self._everything and query) or (self.forced and len(target) > 1)):
            return target
        self._redactor.note(where, "value" if matches else "unreadable" if opaque else "always", target,
                            self._redactor.values(matches))  # fmt: skip
        if self.forced:
            return b"/redacted"
        names = [pair.partition(b"=")[0] for pair in query.split(b"&")] if query else []
        shorter = b"/".join(part if _plain(part) else b"redacted" if part else b"" for part in path.split(b"/"))
        for kept in (path, shorter, b"/redacted"):
            for shown in (names, [b"p%d" % number for number in range(len(names))]):
                candidate = kept + mark + b"&".join(one + b"=redacted" for one in shown)
                if not any(self.look(candidate, as_target=True)):
                    return candidate
        return b"/redacted"

    def headers(
        self, where: str, headers: Sequence[Sequence[bytes]], host: tuple[bytes, bytes] | None = None
    ) -> list[list[bytes]]:
        """Headers, or trailers; ``host`` is a name that carries a value and what stands for it."""
        told = []
        for key, value in headers:
            low, place = key.lower(), f"{where}:{key.decode('ascii', 'replace').lower()}"
            if host is not None and host[0] in value:
                value = value.replace(*host)
            matches, opaque = self.look(value) if value else ((), ())
            if not matches:
                place_of = "response" if "response." in where else "request"
                matches = tuple(
                    match
                    for match in self._at(f"{place_of}.header", f"{place_of}.trailer")
                    if match.path and match.path[0].partition("#")[0] == f"header:{low.decode('ascii', 'replace')}"
                )
            if self.look(key)[0] or (self.forced and low not in _PLAIN_HEADERS):
                key, place = b"redacted", f"{where}:redacted"
                self._redactor.note(place, "value", None)
            why: Why | None = "value" if matches else "unreadable" if opaque else None
            if why is None and (low in _NEVER_SHARED or (self.forced and low not in _PLAIN_HEADERS)):
                why = "always"
            if why is not None:
                self._redactor.note(place, why, value, self._redactor.values(matches))
                value = BLANK.encode()
            told.append([key, value])
        return told

    def fields(self, where: str, fields: Sequence[Sequence[bytes]] | None) -> list[list[bytes]] | None:
        """Headers that a message may lack."""
        return None if fields is None else self.headers(where, fields)

    def content(self, where: str, message: dict[str, Any], *, always: bool) -> None:
        """A body goes as a whole: what was in it is listed, and its bytes are committed to."""
        body = message.get("content")
        if not body:
            return
        coding = next((value for key, value in message["headers"] if key.lower() == b"content-encoding"), b"")
        media = next((value for key, value in message["headers"] if key.lower() == b"content-type"), b"")
        matches, opaque = self.look(body, headers=((b"content-encoding", coding), (b"content-type", media)))
        matches = matches or self._at(where.rpartition(" ")[2])
        why: Why | None = "value" if matches else "unreadable" if opaque else None
        if why is None and (always or self._everything or self.forced):
            why = "always"
        if why is None:
            return
        entry = self._redactor.note(where, why, body, self._redactor.values(matches))
        message["content"] = _placeholder(entry)
        kept = [
            [key, value] for key, value in message["headers"] if key.lower() not in _OF_THE_BODY | {b"content-type"}
        ]
        message["headers"] = [*kept, [b"content-type", b"application/json"]]

    def messages(self, name: str, messages: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """Messages of a WebSocket, as mitmproxy stores them; what a server said always goes."""
        told = []
        for number, message in enumerate(messages):
            opcode, from_client, content, *rest = message
            where = f"{name} websocket.{'client' if from_client else 'server'}:{number}"
            content = content if isinstance(content, bytes) else str(content).encode()
            matches, opaque = self.look(content) if content else ((), ())
            why: Why | None = "value" if matches else "unreadable" if opaque else None
            if not matches:
                matches = tuple(
                    one for one in self._at("websocket.client", "websocket.server") if one.message in (None, number)
                )
                why = "value" if matches and content else why
            if why is None and content and (self._everything or self.forced or not from_client):
                why = "always"
            if why is not None:
                entry = self._redactor.note(where, why, content, self._redactor.values(matches))
                opcode, content = _TEXT, _placeholder(entry)
            told.append([opcode, from_client, content, *rest])
        return told

    def words(self, where: str, fields: dict[str, Any], *names: str) -> None:
        """Short fields of a protocol, which say nothing of anybody unless somebody put it there."""
        for field in names:
            given = fields.get(field)
            text = given.decode("utf-8", "replace") if isinstance(given, bytes) else given
            if not isinstance(text, str) or text in self._clean_words:
                continue
            shown = self.text(f"{where} {field}", text)
            if shown == text:
                self._clean_words.add(text)
            else:
                fields[field] = shown.encode() if isinstance(given, bytes) else shown

    def text(self, where: str, text: str) -> str:
        """A text without its values, or nothing of it where something is still found."""
        shorter = self._redactor.secrets.mask_within(text)
        if any(self.look(shorter.encode())):
            shorter = BLANK
        if shorter != text:
            self._redactor.note(where, "value", text.encode())
        return shorter

    def _at(self, *places: str) -> tuple[Match, ...]:
        """What the detector found in the whole flow at places of it; documented requests are known only as a whole."""
        return tuple(match for match in self.known if match.location in places)

    def look(
        self,
        content: bytes,
        *,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        as_target: bool = False,
        as_host: bool = False,
    ) -> tuple[tuple[Match, ...], tuple[Opaque, ...]]:
        """:func:`pia_runtime.evidence.export_look.look` with this detector."""
        return look(self._scan, self._redactor, content, headers=headers, as_target=as_target, as_host=as_host)


def _plain(part: bytes) -> bool:
    return len(part) <= 24 and not any(48 <= byte <= 57 for byte in part)


def _placeholder(entry: dict[str, Any]) -> bytes:
    """What stands for a body; without masks, which an analysis of the copy would take for values read and then sent."""
    values = [{name: one[name] for name in ("data", "encoding", "commitment")} for one in entry["values"]]
    return orjson.dumps(
        {"redacted": entry["why"], "bytes": entry["bytes"], "commitment": entry["commitment"], "values": values}
    )
