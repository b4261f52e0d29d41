"""Rules that held, and what could not be seen (analysis document, ``findings``, ``blind_spots``, ``consent``)."""

from dataclasses import dataclass

from pia_runtime.model.detection import Act, Actor, Recipient, Verdict


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often.

    Attributes:
        min_interval_ns: smallest gap between two, None for a single one; 0 where one line stands for several calls.
        per_second: most within one second.
        period_ns: median gap where there are two gaps or more, else None.
    """

    count: int
    min_interval_ns: int | None
    per_second: int = 1
    period_ns: int | None = None


@dataclass(frozen=True, slots=True)
class UsedThreshold:
    """A number that a finding rests on: practice, not law."""

    id: str
    value: float
    unit: str
    source: str
    overridden: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that held for one kind of data, actor and recipient.

    Attributes:
        id: stable across captures of one app: hash over rule, act, data, actor and the recipient's registrable domain.
        margin_ns: smallest distance of a counted detection to the consent boundary, None without a boundary.
        err_ns: uncertainty that belongs to ``margin_ns``.
        clauses: clause ids of the knowledge.
        needs_human: what a person must still check, a message id, or None.
        act: the gravest act counted, None where the rule is about no data.
        data: taxonomy id, None where the rule is about no one kind of data.
        acts: every act counted, the gravest first.
        scope: the consent scope it is about, or None.
        state: ``foreground``, ``silent``, ``background`` where all counted rows agree, else None.
        events: ``seq`` of the events it rests on where those are no detections.
        thresholds: numbers it rests on.
        categories: kinds of app whose lists were applied.
        second_id: a second match for a renamed SDK or a moved host (:mod:`pia_runtime.judgement.recheck_match`).
    """

    id: str
    rule: str
    severity: str
    verdict: Verdict
    act: Act | None
    data: str | None
    actor: Actor
    recipient: Recipient | None
    count: int
    first_ns: int
    margin_ns: int | None
    err_ns: int | None
    frequency: Frequency
    detections: tuple[str, ...]
    clauses: tuple[str, ...]
    needs_human: str | None
    acts: tuple[Act, ...] = ()
    scope: str | None = None
    state: str | None = None
    events: tuple[int, ...] = ()
    thresholds: tuple[UsedThreshold, ...] = ()
    categories: tuple[int, ...] = ()
    second_id: str = ""


@dataclass(frozen=True, slots=True, order=True)
class BlindSpot:
    """Something that could not be seen. ``why_it_matters`` is a sentence of the knowledge, in English."""

    kind: str
    host: str
    count: int
    why_it_matters: str
    detail: str = ""
