"""The policy's consent boundaries and the phases between them, for drawing only: verdicts come from the document."""

from collections.abc import Iterator
from dataclasses import dataclass

from pia_runtime.model.detection import Phase
from pia_runtime.reports.labels import Document

_PHASE_AFTER: dict[str, Phase] = {
    "requested": "before_choice",
    "given": "after_grant",
    "refused": "after_refusal",
    "withdrawn": "after_withdrawal",
}


@dataclass(frozen=True, slots=True)
class Boundary:
    """Where the state of consent to the policy changed. Times in ns; ``err_ns`` is a half-width, None where nobody knows it."""

    state: str
    t_ns: int
    err_ns: int | None


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the run in one phase, ns."""

    phase: Phase
    from_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """The run from ``start_ns`` to ``end_ns`` with its boundaries and phases in time order.

    Attributes:
        uncompared: every time is of a device clock that was never compared with the host's: order and distances hold,
            but the instants themselves are that clock's. Where only some times are, phases cannot be drawn.
    """

    start_ns: int
    end_ns: int
    boundaries: tuple[Boundary, ...]
    bands: tuple[Band, ...]
    uncompared: bool = False

    def first(self, *states: str) -> Boundary | None:
        """The earliest boundary to one of ``states``."""
        return next((boundary for boundary in self.boundaries if boundary.state in states), None)

    @property
    def choice(self) -> Boundary | None:
        """The user's first answer, given or refused; None where there was none."""
        return self.first("given", "refused")


def consent_line(document: Document) -> ConsentLine:
    """Read boundaries and span of a document. A run without any time has the span 0 to 1 ns."""
    boundaries = _boundaries(document)
    dated = [one for one in document.get("detections") or () if one.get("t_ns") is not None]
    errors = [*(boundary.err_ns for boundary in boundaries), *(one.get("err_ns") for one in dated)]
    uncompared = bool(errors) and all(err is None for err in errors)
    times = [*(boundary.t_ns for boundary in boundaries), *(one["t_ns"] for one in dated)]
    if not uncompared:  # the run's own start and end are the host's
        times += [*_run_times(document), *_moment_times(document)]
    start = min(times, default=0)
    end = max([*times, start + 1])
    parted = uncompared or all(boundary.err_ns is not None for boundary in boundaries)
    bands = tuple(_bands(start, end, boundaries)) if parted else (Band("unknown", start, end),)
    return ConsentLine(start, end, boundaries, bands, uncompared)


def _boundaries(document: Document) -> tuple[Boundary, ...]:
    found = (
        Boundary(str(entry["state"]), entry["from_ns"], entry.get("from_err_ns"))
        for entry in document.get("consent") or ()
        if entry.get("scope") == "policy" and entry.get("state") in _PHASE_AFTER and entry.get("from_ns") is not None
    )
    return tuple(sorted(found, key=lambda boundary: boundary.t_ns))


def _run_times(document: Document) -> Iterator[int]:
    for holder in (document.get("session") or {}, document.get("coverage") or {}):
        yield from (holder[name] for name in ("started_ns", "ended_ns") if isinstance(holder.get(name), int))


def _moment_times(document: Document) -> Iterator[int]:
    """Times of what is drawn beside the detections, as far as they are the host's: a run without an end goes on that long."""
    moments = document.get("moments") or {}
    for group, names in (("screen", ("from_ns", "until_ns")), ("gaps", ("t_ns",))):
        for one in moments.get(group) or ():
            if one.get("err_ns") is not None:
                yield from (one[name] for name in names)


def _bands(start: int, end: int, boundaries: tuple[Boundary, ...]) -> Iterator[Band]:
    since, phase = start, _first_phase(boundaries)
    for boundary in boundaries:
        following = _phase_after(phase, boundary.state)
        if following == phase:
            continue
        if boundary.t_ns > since:
            yield Band(phase, since, boundary.t_ns)
        since, phase = boundary.t_ns, following
    if end > since:
        yield Band(phase, since, end)


def _first_phase(boundaries: tuple[Boundary, ...]) -> Phase:
    """A ``given`` without ``requested`` makes what precedes it ``before_choice`` (capture format)."""
    if not boundaries or boundaries[0].state == "withdrawn":
        return "unknown"
    return "before_prompt" if boundaries[0].state == "requested" else "before_choice"


def _phase_after(phase: Phase, state: str) -> Phase:
    """Being asked again undoes neither a consent nor a refusal."""
    if state == "requested" and phase not in ("before_prompt", "unknown"):
        return phase
    return _PHASE_AFTER[state]
