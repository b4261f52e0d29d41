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
    """One identifier in one request or client message."""

    flow: str
    host: str
    t_ns: int
    err_ns: int
    match: Match


@dataclass(slots=True)
class Transmissions:
    """What all flows gave.

    Attributes:
        sent: in the order of the flows.
        opaque: how often content stayed unreadable, by (reason, host).
        faults: flows whose analysis failed, by (host, error).
        hosts: flows by host.
    """

    sent: list[Sent] = field(default_factory=list)
    opaque: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)


def detect_transmissions(flows: Iterable[Flow], scan: Scan) -> Transmissions:
    """Scan every flow. A fault in one flow is counted as a blind spot and the rest goes on."""
    result = Transmissions()
    for flow in flows:
        result.hosts[flow.host] += 1
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
    return Sent(flow.id, flow.host, t_ns, max(flow.err_ns, 1_000), match)
