"""Rules that held, and what could not be seen (analysis document, ``findings``, ``blind_spots``, ``consent``)."""

from dataclasses import dataclass

from pia_runtime.model.detection import Act, Actor, Recipient, Verdict


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often: count, and the smallest gap between two in ns (None for a single one)."""

    count: int
    min_interval_ns: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that held for one kind of data, actor and recipient.

    Attributes:
        id: stable across captures of one app: hash over rule, act, data, actor and the recipient's registrable domain.
        margin_ns: smallest distance of a counted detection to the consent boundary, None without a boundary.
        err_ns: uncertainty that belongs to ``margin_ns``.
        clauses: clause ids of the knowledge.
        needs_human: what a person must still check, a message id, or None.
    """

    id: str
    rule: str
    severity: str
    verdict: Verdict
    act: Act
    data: str
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


@dataclass(frozen=True, slots=True, order=True)
class BlindSpot:
    """Something that could not be seen. ``why_it_matters`` is a sentence of the knowledge, in English."""

    kind: str
    host: str
    count: int
    why_it_matters: str
    detail: str = ""
