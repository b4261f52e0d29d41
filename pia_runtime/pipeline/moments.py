"""What a timeline shows beside the detections: the states of the app, when something could not be seen, and kept pictures.

Nothing here decides anything. A verdict or rule that needs a state asks :mod:`pia_runtime.pipeline.screen` about its own instant
with its own error; these stretches are for the eye, each with the error of its ends.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pia_runtime.correlation.axis import Clocks
from pia_runtime.correlation.states import ScreenHistory
from pia_runtime.model.event import Events, Stamp
from pia_runtime.model.session import Session
from pia_runtime.pipeline.placing import placed
from pia_runtime.pipeline.screen import screen_history

MOST = 5_000
"""Stretches, gaps and blobs of a document, each; a timeline shows no more than its pixels."""

_LONGEST_ERROR = 3_600_000_000_000
_DIGEST = re.compile(r"[0-9a-f]{64}")


def screen_stretches(events: Events, clocks: Clocks, session: Session, silence_ns: int) -> list[dict[str, Any]]:
    """Stretches of ``foreground``, ``silent`` and ``background`` in the order of time.

    Args:
        events: what was observed.
        clocks: the run's clocks.
        session: gives the end of the last stretch, where it is known.
        silence_ns: how long without a touch makes an app silent.

    Returns:
        Objects with ``state``, ``from_ns``, ``until_ns`` and ``err_ns``, the largest error of an end; None where the times are
        of a device clock that was never compared with the host's.
    """
    history, error, uncompared = screen_history(events, clocks)
    if not history.changes:
        return []
    last = max([history.changes[-1][0], *history.touches[-1:], *_end(session, uncompared=uncompared)])
    found = [
        {"state": state, "from_ns": since, "until_ns": until, "err_ns": None if uncompared else error}
        for state, since, until in _merged(_stretches(history, last, silence_ns))
    ]
    return found[:MOST]


def _end(session: Session, *, uncompared: bool) -> list[int]:
    """The run's end is the host's; it says nothing about a clock that was never compared with it."""
    return [] if uncompared or session.ended_ns is None else [session.ended_ns]


def _stretches(history: ScreenHistory, last: int, silence_ns: int) -> Iterator[tuple[str, int, int]]:
    ends = [time for time, _ in history.changes[1:]] + [last]
    for (since, state), until in zip(history.changes, ends, strict=True):
        if state == "background" or not history.touches_watched:
            yield state, since, until
            continue
        acts = [since, *(touch for touch in history.touches if since < touch < until), until]
        for act, following in itertools.pairwise(acts):
            silent = act + silence_ns
            yield "foreground", act, min(silent, following)
            if silent < following:
                yield "silent", silent, following


def _merged(stretches: Iterator[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    for state, group in itertools.groupby((one for one in stretches if one[2] > one[1]), key=lambda one: one[0]):
        members = list(group)
        yield state, members[0][1], members[-1][2]


def gap_moments(events: Events, clocks: Clocks) -> list[dict[str, Any]]:
    """When something could not be seen, as far as that has a time: ``kind``, ``host``, ``t_ns`` and ``err_ns``."""
    found = [
        {
            "kind": str(gap.fields.get("kind") or "undecodable")[:80],
            "host": _host(gap.fields),
            **_when(gap.stamp, clocks),
        }
        for gap in events.occurrences
        if gap.type == "gap"
    ]
    return sorted(found, key=lambda one: (one["t_ns"], one["kind"], one["host"] or ""))[:MOST]


def blob_moments(events: Events, clocks: Clocks) -> list[dict[str, Any]]:
    """Files of ``blobs/`` that events point to (screenshots, UI trees): ``blob``, ``event``, ``t_ns`` and ``err_ns``."""
    held: list[tuple[Stamp, object, object]] = [(signal.stamp, signal.blob, 0) for signal in events.consents]
    held += [(one.stamp, one.fields.get("blob"), one.fields.get("err_ns")) for one in events.occurrences]
    found = [
        {"blob": blob, "event": stamp.seq, **_when(stamp, clocks, error)}
        for stamp, blob, error in held
        if isinstance(blob, str) and _DIGEST.fullmatch(blob)
    ]
    return sorted(found, key=lambda one: (one["t_ns"], one["event"]))[:MOST]


def _when(stamp: Stamp, clocks: Clocks, error: object = 0) -> dict[str, int | None]:
    at = placed(stamp, clocks, error if type(error) is int and 0 < error < _LONGEST_ERROR else 0)
    return {"t_ns": at.t_ns, "err_ns": at.err_ns}


def _host(fields: dict[str, Any]) -> str | None:
    host = fields.get("host")
    return host[:253] if isinstance(host, str) and host else None


def moments(events: Events, clocks: Clocks, session: Session, silence_ns: int) -> dict[str, Sequence[dict[str, Any]]]:
    """The three of them, as the document's ``moments``."""
    return {
        "screen": screen_stretches(events, clocks, session, silence_ns),
        "gaps": gap_moments(events, clocks),
        "blobs": blob_moments(events, clocks),
    }
