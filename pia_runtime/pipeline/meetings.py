"""Connections that a hook saw being opened and the proxy saw arrive: they were opened no later, which bounds the device's clock.

The ``connect`` event is stamped before the call goes through, so its moment precedes the arrival whatever the network did. The
other side has no such witness: no hook of the catalog sees an answer arrive, and bytes that an app unpacks may be from its cache.

The two are one connection only where nothing else is possible: one event and one arrival name that address and port. A pair that
stands more than :data:`ALONE_NS` earlier than every other is left out too: its port may have served a connection no hook saw.
"""

from collections import defaultdict

from pia_runtime.correlation.axis import Meeting
from pia_runtime.model.event import Events, Stamp
from pia_runtime.model.session import Session
from pia_runtime.pipeline.senders import CONNECT_HOOKS, Endpoint, local_endpoint
from pia_runtime.pipeline.transmissions import Transmissions

ALONE_NS = 30_000_000_000
"""Half of the minute that a port usually rests before it is used again."""

_LONGEST_SETUP_NS = 60_000_000_000
"""An arrival recorded longer before its first request is not believed; the request itself bounds the clock then."""

_FLOAT_NS = 1_000


def meetings_of(events: Events, session: Session, found: Transmissions) -> tuple[Meeting, ...]:
    """The meetings of a capture, by the number of their event."""
    met = []
    for end, stamps in _opened(events, shared=session.tools.get("ports_shared") is True).items():
        if len(stamps) == 1 and stamps[0].clock == "device" and (host_ns := _arrival(end, found)) is not None:
            met.append(Meeting(stamps[0], host_ns + _FLOAT_NS))
    return tuple(sorted(_supported(met), key=lambda one: one.stamp.seq))


def _opened(events: Events, *, shared: bool) -> dict[Endpoint, list[Stamp]]:
    calls = events.api_calls
    rows = calls[calls["hook"].isin(CONNECT_HOOKS)]
    opened: dict[Endpoint, list[Stamp]] = defaultdict(list)
    for seq, t_ns, clock, mono_ns, boot_id, value in (
        rows[["seq", "t_ns", "clock", "mono_ns", "boot_id", "value"]].astype(object).itertuples(index=False)
    ):
        end = local_endpoint(value, shared=shared)
        if end is not None:
            mono = mono_ns if isinstance(mono_ns, int) else None
            opened[end].append(Stamp(seq, t_ns, clock, mono, boot_id))
    return opened


def _arrival(end: Endpoint, found: Transmissions) -> int | None:
    """When the only connection from there had certainly been opened."""
    if end not in found.openers:
        return None
    request = found.openers[end][0]
    first, last = found.arrivals.get(end, (request, request))
    if first != last:
        return None
    return first if 0 <= request - first <= _LONGEST_SETUP_NS else request


def _supported(met: list[Meeting]) -> list[Meeting]:
    met = sorted(met, key=_delay)
    while len(met) > 1 and _delay(met[1]) - _delay(met[0]) > ALONE_NS:
        met = met[1:]
    return met


def _delay(one: Meeting) -> int:
    return one.host_ns - one.stamp.t_ns
