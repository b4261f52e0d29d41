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
    """The run from ``start_ns`` to ``end_ns`` with its boundaries and phases in time order."""

    start_ns: int
    end_ns: int
    boundaries: tuple[Boundary, ...]
    bands: tuple[Band, ...]

    def first(self, *states: str) -> Boundary | None:
        """The earliest boundary to one of ``states``."""
        return next((boundary for boundary in self.boundaries if boundary.state in states), None)

    @property
    def choice(self) -> Boundary | None:
        """The user's first answer, given or refused; None where there was none."""
        return self.first("given", "refused")


def consent_line(document: Document) -> ConsentLine:
    """Read boundaries and span of a document. A run without any time has the span 0 to 1 ns."""
    boundaries = tuple(
        sorted(
            (
                Boundary(str(entry["state"]), entry["from_ns"], entry.get("from_err_ns"))
                for entry in document.get("consent") or ()
                if entry.get("scope") == "policy"
                and entry.get("state") in _PHASE_AFTER
                and entry.get("from_ns") is not None
            ),
            key=lambda boundary: boundary.t_ns,
        )
    )
    times = [*_run_times(document), *(boundary.t_ns for boundary in boundaries)]
    start = min(times, default=0)
    end = max([*times, start + 1])
    return ConsentLine(start, end, boundaries, tuple(_bands(start, end, boundaries)))


def _run_times(document: Document) -> Iterator[int]:
    for holder in (document.get("session") or {}, document.get("coverage") or {}):
        yield from (holder[name] for name in ("started_ns", "ended_ns") if isinstance(holder.get(name), int))
    yield from (
        detection["t_ns"] for detection in document.get("detections") or () if detection.get("t_ns") is not None
    )


def _bands(start: int, end: int, boundaries: tuple[Boundary, ...]) -> Iterator[Band]:
    if any(
        boundary.err_ns is None for boundary in boundaries
    ):  # on no known clock: nothing lies certainly on either side
        yield Band("unknown", start, end)
        return
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
