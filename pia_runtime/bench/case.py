"""A labelled request: what it holds, where, in which disguise."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pia_runtime.model.detection import Basis
from pia_runtime.model.flow import Flow, Headers, Location, Response, WebSocketMessage

START_NS = 1_763_884_800_000_000_000
"""2025-11-23 08:00 UTC."""
_NAMES = uuid.UUID("5f1d3f0e-2d0c-4a52-9d0e-6f1b7a3c9e11")
HOST = "collect.battery.example"


@dataclass(frozen=True, slots=True)
class Expected:
    """One detection that a request must give.

    Attributes:
        data: taxonomy id.
        path: the decode steps as the analysis document writes them, all of them.
        encoding: of the value itself.
    """

    data: str
    location: Location
    path: tuple[str, ...]
    encoding: str = "plain"
    basis: Basis = "known"


@dataclass(frozen=True, slots=True)
class Case:
    """One request of the battery. ``expected`` is empty in the negative set.

    Attributes:
        group: the class under which it is counted.
        name: unique within the group.
    """

    group: str
    name: str
    flow: Flow
    expected: tuple[Expected, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a request that cases differ in; everything else is ordinary."""

    body: bytes | None = None
    target: bytes = b"/v2/report"
    headers: Headers = ()
    method: str = "POST"
    host: str = HOST
    trailers: Headers = ()
    messages: tuple[tuple[bool, bytes], ...] = ()
    response: Response | None = None
    kind: bytes = field(default=b"application/octet-stream")

    def flow(self, group: str, name: str, number: int) -> Flow:
        """The request as it would be recorded, with an id that follows from its name."""
        at = START_NS + number * 20_000_000
        headers: Headers = ((b"Host", self.host.encode()), (b"User-Agent", b"okhttp/4.12.0"), *self.headers)
        if self.body is not None and not any(key.lower() == b"content-type" for key, _ in headers):
            headers = (*headers, (b"Content-Type", self.kind))
        messages = tuple(
            WebSocketMessage(from_client, at + 1_000_000 * (index + 1), _is_text(content), content)
            for index, (from_client, content) in enumerate(self.messages)
        )
        answer = self.response or Response(101 if messages else 200, (), b"")
        return Flow(
            id=str(uuid.uuid5(_NAMES, f"{group}/{name}")),
            t_ns=at,
            err_ns=1_000,
            method=self.method,
            scheme="https",
            host=self.host,
            port=443,
            target=self.target,
            http_version="HTTP/1.1",
            headers=headers,
            body=self.body,
            trailers=self.trailers,
            response=answer,
            messages=messages,
        )


Draft = tuple[str, Request, tuple[Expected, ...]]
"""Name, request and labels of a case before it is numbered."""


def numbered(group: str, drafts: Iterable[Draft], start: int) -> Iterator[Case]:
    """Cases of one group, 20 ms apart from ``start`` on; a repeated name gets a number of its own."""
    seen: dict[str, int] = {}
    for offset, (name, request, expected) in enumerate(drafts):
        count = seen[name] = seen.get(name, 0) + 1
        unique = name if count == 1 else f"{name} ({count})"
        yield Case(group, unique, request.flow(group, unique, start + offset), expected)


def in_body(body: bytes, *expected: Expected) -> tuple[Request, tuple[Expected, ...]]:
    """A POST with these bytes."""
    return Request(body), expected


def sampled(cases: Iterable[Case], per_group: int) -> list[Case]:
    """At most ``per_group`` cases of every group, spread evenly over it."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.group, []).append(case)
    return [
        case
        for found in groups.values()
        for case in (
            found if len(found) <= per_group else [found[i * len(found) // per_group] for i in range(per_group)]
        )
    ]


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
