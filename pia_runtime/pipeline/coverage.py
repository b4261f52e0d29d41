"""What was looked at, for how long and how well: the part of the document that keeps silence from being read as a pass."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pia_runtime.correlation.axis import Clocks
from pia_runtime.correlation.consent import SOURCE_ERROR_NS
from pia_runtime.model.event import Events
from pia_runtime.model.session import Session
from pia_runtime.pipeline.blind_spots import hooks_by_status, processes_of

_PHASE_AFTER = {
    "requested": "before_choice",
    "given": "after_grant",
    "refused": "after_refusal",
    "withdrawn": "after_withdrawal",
}


def coverage(
    session: Session,
    events: Events,
    clocks: Clocks,
    intervals: Sequence[Mapping[str, Any]],
    records: Iterable[Mapping[str, Any]],
    flows: int,
) -> dict[str, Any]:
    """The ``coverage`` object of the document."""
    hooks = hooks_by_status(events)
    acts: Counter[tuple[str, str]] = Counter()
    verdicts: Counter[str] = Counter()
    for record in records:
        acts[record["phase"], record["act"]] += 1
        verdicts[record["verdict"]] += 1
    durations = _durations(session, [item for item in intervals if item["scope"] == "policy"])
    return {
        "phases": {
            phase: {
                "duration_ns": durations.get(phase),
                "accesses": acts[phase, "access"],
                "attempts": acts[phase, "attempt"],
                "transmissions": acts[phase, "transmission"],
            }
            for phase in sorted({*durations, *(phase for phase, _ in acts)})
        },
        "hooks_installed": len(hooks.get("installed", ())),
        "hooks_failed": len(hooks.get("failed", ())),
        "hooks_absent": len(hooks.get("absent", ())),
        "processes": processes_of(events),
        "flows": flows,
        "events": events.count,
        "verdicts": {name: verdicts[name] for name in ("without_consent", "indeterminate", "with_consent")},
        "indeterminate": verdicts["indeterminate"],
        "clock": _clock(session, clocks),
        "consent_source_error_ns": SOURCE_ERROR_NS,
        "started_ns": session.started_ns,
        "ended_ns": session.ended_ns,
        "first_launch": session.first_launch,
    }


def _durations(session: Session, intervals: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How long the run stayed in each phase, where its start and end are known."""
    start, end = session.started_ns, session.ended_ns
    if start is None or end is None or end <= start:
        return {}
    if not intervals or any(item["from_err_ns"] is None for item in intervals):
        return {"unknown": end - start}  # never asked, or asked on a clock that was not compared with the host's
    durations: Counter[str] = Counter()
    asked = any(item["state"] == "requested" for item in intervals)
    phase, since = ("before_prompt" if asked else "before_choice"), start
    for item in intervals:
        answered = phase in ("after_grant", "after_refusal", "after_withdrawal")
        if answered and item["state"] == "requested":
            continue  # a question changes no answer
        until = min(max(item["from_ns"], since), end)
        durations[phase] += until - since
        phase, since = _PHASE_AFTER[item["state"]], until
    durations[phase] += end - since
    return dict(durations)


def _clock(session: Session, clocks: Clocks) -> dict[str, Any]:
    samples = session.clock_samples
    best = min(samples, key=lambda sample: sample.rtt_ns, default=None)
    return {
        "samples": len(samples),
        "offset_ns": best.device_ns - best.host_ns if best else None,
        "err_ns": (best.rtt_ns + 1) // 2 if best else None,
        "axis": "monotonic" if clocks.boots else "wall",
        "steps": clocks.steps,
        "connections": {"used": clocks.met, "disputed": clocks.disputed},
    }
