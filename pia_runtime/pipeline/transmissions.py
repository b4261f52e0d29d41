"""Flows → what left in each of them: one record per identifier and place, in the order of the flows."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pia_runtime.model.detection import Match, Opaque
from pia_runtime.model.flow import Flow

Scan = Callable[[Flow], tuple[tuple[Match, ...], tuple[Opaque, ...]]]
"""Finds identifiers in one flow, and names what stayed opaque."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One identifier in one request or client message.

    Attributes:
        client: address and port that the request came from, or None where they were not recorded.
    """

    flow: str
    host: str
    t_ns: int
    err_ns: int
    match: Match
    client: tuple[str, int] | None = None


@dataclass(slots=True)
class Transmissions:
    """What all flows gave.

    Attributes:
        sent: in the order of the flows.
        opaque: how often content stayed unreadable, by (reason, host).
        faults: flows whose analysis failed, by (host, error).
        hosts: flows by host.
        arrivals: when each client's connections arrived: the earliest and the latest that was recorded.
        openers: the earliest request that came from each client address and port, as (its time, its flow).
    """

    sent: list[Sent] = field(default_factory=list)
    opaque: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    openers: dict[tuple[str, int], tuple[int, str]] = field(default_factory=dict)
    arrivals: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)

    def add(self, later: "Transmissions") -> None:
        """Take in what the flows behind these gave."""
        self.sent += later.sent
        self.opaque.update(later.opaque)
        self.faults.update(later.faults)
        self.hosts.update(later.hosts)
        for client, opener in later.openers.items():
            self.open(client, opener)
        for client, times in later.arrivals.items():
            self.arrive(client, *times)

    def open(self, client: tuple[str, int], opener: tuple[int, str]) -> None:
        """Keep the earliest request of a client address and port."""
        self.openers[client] = min(opener, self.openers.get(client, opener))

    def arrive(self, client: tuple[str, int], *times: int) -> None:
        """Keep the first and the last time at which a connection of a client address and port arrived."""
        known = (*self.arrivals.get(client, ()), *times)
        self.arrivals[client] = (min(known), max(known))


def detect_transmissions(flows: Iterable[Flow], scan: Scan) -> Transmissions:
    """Scan every flow. A fault in one flow is counted as a blind spot and the rest goes on."""
    result = Transmissions()
    for flow in flows:
        result.hosts[flow.host] += 1
        if flow.client is not None:
            result.open(flow.client, (flow.t_ns, flow.id))
            if flow.connected_ns is not None:
                result.arrive(flow.client, flow.connected_ns)
        try:
            matches, opaque = scan(flow)
        except Exception as error:  # noqa: BLE001  (one hostile flow must not end the run; it is recorded)
            result.faults[flow.host, type(error).__name__] += 1
            continue
        for item in opaque:
            if item.location.startswith(("request", "websocket.client")):
                result.opaque[item.reason, flow.host] += 1
        result.sent += [_sent(flow, match) for match in matches if _is_outgoing(match)]
    return result


def _is_outgoing(match: Match) -> bool:
    return match.location.startswith("request.") or match.location == "websocket.client"


def _sent(flow: Flow, match: Match) -> Sent:
    t_ns = flow.t_ns
    if match.message is not None and match.message < len(flow.messages):
        t_ns = flow.messages[match.message].t_ns
    return Sent(flow.id, flow.host, t_ns, max(flow.err_ns, 1_000), match, flow.client)
