"""Who sent a request: the code that opened its connection where that is certain, else whoever its host belongs to.

A ``connect`` hook tells the local port of a connection with the stack that opened it; the proxy tells the port that a request
came from. They are the same connection only where all of this holds:

- One event, and only one, names that local address and port: ports are used again.
- The address is not a loopback one, unless the session says that app and proxy share one machine: behind ``adb reverse``
  another program opens the connection to the proxy, with a port of its own.
- The request is the first on its connection. A connection is kept open and handed to whoever asks next for the same host.
- The stack shows an SDK or the app. A dispatcher's thread shows neither.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pia_runtime.detection.attribution import actor_of_host, actors_of_stacks
from pia_runtime.knowledge.sdks import SdkIndex
from pia_runtime.model.detection import Actor
from pia_runtime.model.event import Events
from pia_runtime.model.session import Session
from pia_runtime.pipeline.transmissions import Sent, Transmissions

CONNECT_HOOKS = ("traffic.socket_connect", "traffic.channel_connect")
"""Catalog ids whose events tell both ends of a connection in ``value``."""

Endpoint = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an actor was named.

    Attributes:
        basis: ``connection`` (the stack that opened it), ``host``, or ``stack`` (of the call itself).
        event: number of the event that shows the stack, or None.
    """

    basis: Literal["connection", "host", "stack"]
    event: int | None = None

    def document(self) -> dict[str, Any]:
        """As the analysis document writes it."""
        return {"basis": self.basis, "event": self.event}


@dataclass(frozen=True, slots=True)
class Senders:
    """The connections of a capture that can be told, and the knowledge for the rest."""

    opened: Mapping[Endpoint, tuple[int, Actor]]
    found: Transmissions
    package: str
    sdks: SdkIndex

    @classmethod
    def of(cls, events: Events, session: Session, found: Transmissions, sdks: SdkIndex) -> "Senders":
        """Gather the connections of a capture.

        Args:
            events: what was observed; ``connect`` events stand among the API calls.
            session: names the app, and says whether app and proxy share their ports (``tools.ports_shared``).
            found: the transmissions, which know the first request of each connection.
            sdks: for attribution.
        """
        package = session.app.package
        return cls(_opened(events, session, package, sdks), found, package, sdks)

    def sender(self, item: Sent) -> tuple[Actor, Evidence]:
        """Who sent this, and why that is said."""
        opened = self.opened.get(item.client) if item.client is not None else None
        if opened is not None and item.client is not None and self.found.openers[item.client][1] == item.flow:
            return opened[1], Evidence("connection", opened[0])
        return actor_of_host(item.host, self.package, self.sdks), Evidence("host")


def _opened(events: Events, session: Session, package: str, sdks: SdkIndex) -> dict[Endpoint, tuple[int, Actor]]:
    calls = events.api_calls
    rows = calls[calls["hook"].isin(CONNECT_HOOKS)]
    stacks = [str(stack) for stack in rows["stack"]]
    actors = actors_of_stacks(stacks, package, sdks)
    shared = session.tools.get("ports_shared") is True
    opened: dict[Endpoint, tuple[int, Actor]] = {}
    twice: set[Endpoint] = set()
    for seq, value, actor in zip(rows["seq"].tolist(), rows["value"], actors, strict=True):
        end = local_endpoint(value, shared=shared)
        if end is None:
            continue
        if end in opened:
            twice.add(end)
        opened[end] = (seq, actor)
    return {end: entry for end, entry in opened.items() if end not in twice and entry[1].kind in ("app", "sdk")}


def local_endpoint(value: object, *, shared: bool) -> Endpoint | None:
    """The address and port that a ``connect`` event names as its own; None for a loopback one unless ports are shared."""
    if not isinstance(value, Mapping):
        return None
    address, port = value.get("local_address"), value.get("local_port")
    if not isinstance(address, str) or type(port) is not int:
        return None
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return (str(mapped), port) if shared or not mapped.is_loopback else None
