"""One run as a re-check asks about it: what its analysis document says was reached, watched, talked to and answered."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from pia_runtime.knowledge.domains import registrable_domain
from pia_runtime.model.event import scope_key

PRE_CONSENT = ("before_prompt", "before_choice")
"""Phases that are one situation: the app was started and nothing was agreed to yet."""

ANSWERED: Mapping[str, str] = {"given": "after_grant", "refused": "after_refusal", "withdrawn": "after_withdrawal"}


class Run:
    """An analysis document, asked.

    Attributes:
        document: as ``pia analyze --format json`` writes it.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    @cached_property
    def seen(self) -> dict[str, Mapping[str, Any]]:
        """Detections by id."""
        return {str(one["id"]): one for one in self.document.get("detections") or ()}

    @property
    def findings(self) -> Sequence[Mapping[str, Any]]:
        """As in the document."""
        return self.document.get("findings") or ()

    @property
    def coverage(self) -> Mapping[str, Any]:
        """The ``coverage`` object."""
        return self.document.get("coverage") or {}

    @property
    def exercised(self) -> Mapping[str, Any] | None:
        """What was reached by name; None in a document written before that was recorded."""
        return self.coverage.get("exercised")

    @property
    def app(self) -> Mapping[str, Any]:
        """The ``session.app`` object."""
        return (self.document.get("session") or {}).get("app") or {}

    @property
    def first_launch(self) -> bool | None:
        """Whether it was the app's first launch; None where nobody said."""
        told = self.coverage.get("first_launch")
        return told if isinstance(told, bool) else None

    def detections_of(self, finding: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The detections a finding counts."""
        return [self.seen[one] for one in finding.get("detections") or () if one in self.seen]

    @cached_property
    def policy(self) -> list[Mapping[str, Any]]:
        """Consent intervals of the policy in the order of time."""
        return [one for one in self.document.get("consent") or () if one.get("scope") == "policy"]

    @cached_property
    def told(self) -> dict[str, set[str]]:
        """Scope → everything that was said about it in this run."""
        found: dict[str, set[str]] = {}
        for one in self.document.get("consent") or ():
            found.setdefault(scope_key(str(one.get("scope"))), set()).add(str(one.get("state")))
        return found

    @cached_property
    def stays(self) -> dict[str, int | None]:
        """Phases this run was in, and for how long in ns (None: reached, length not known). ``before`` is both before consent."""
        phases = self.coverage.get("phases") or {}
        found: dict[str, int | None] = {}
        for phase, facts in phases.items():
            length = facts.get("duration_ns")
            seen = sum(facts.get(name) or 0 for name in ("accesses", "attempts", "transmissions"))
            if phase not in (*PRE_CONSENT, "unknown") and (length or seen):
                found[phase] = length
        for one in self.policy:
            if one.get("state") in ANSWERED:
                found.setdefault(ANSWERED[one["state"]], None)
        before = self._before(phases)
        return found if before == 0 else {**found, "before": before}

    def _before(self, phases: Mapping[str, Any]) -> int | None:
        """How long nothing was agreed to yet: 0 where that was not seen, None where it was and the length is not known."""
        here = [phases[phase] for phase in PRE_CONSENT if phase in phases]
        lengths = [facts["duration_ns"] for facts in here if facts.get("duration_ns") is not None]
        if lengths:
            return sum(map(int, lengths))
        start, answers = self.coverage.get("started_ns"), [one for one in self.policy if one["state"] != "requested"]
        if here or (self.policy and (start is None or not answers)):
            return None
        return max(0, int(answers[0]["from_ns"]) - int(start or 0)) if answers else 0

    def offset(self, phase: str, t_ns: int) -> int | None:
        """How long after the begin of its phase an instant lies, ns; None where that is not known."""
        if phase == "before":
            start = self.coverage.get("started_ns")
            return None if start is None else max(0, t_ns - start)
        begins = [
            one["from_ns"] for one in self.policy if ANSWERED.get(one["state"]) == phase and one["from_ns"] <= t_ns
        ]
        return t_ns - max(begins) if begins else None

    def phase_at(self, t_ns: int) -> str:
        """The phase of the policy at an instant: ``before``, ``after_…`` or ``unknown`` without any signal."""
        answers = [one for one in self.policy if one["state"] in ANSWERED]
        passed = [one for one in answers if one["from_ns"] <= t_ns]
        if passed:
            return ANSWERED[passed[-1]["state"]]
        return "before" if self.policy else "unknown"

    def talked_to(self, domain: str) -> bool:
        """Whether any flow went to this registrable domain."""
        return any(_domain(host) == domain for host in (self.exercised or {}).get("hosts") or ())

    def spots(self, kinds: Iterable[str]) -> list[Mapping[str, Any]]:
        """Blind spots of these kinds."""
        wanted = set(kinds)
        return [spot for spot in self.document.get("blind_spots") or () if spot.get("kind") in wanted]

    def blind_in(self, phases: Iterable[str]) -> set[str]:
        """Kinds of blind spots in these phases; all of the run's where it does not tell phases apart."""
        told = self.coverage.get("phases") or {}
        names = [name for phase in phases for name in (PRE_CONSENT if phase == "before" else (phase,))]
        if not any(name in told for name in names):
            return {str(spot.get("kind")) for spot in self.document.get("blind_spots") or ()}
        return {kind for name in names for kind in (told.get(name) or {}).get("because") or ()}


def phase_name(phase: object) -> str:
    """The phase as a re-check tells phases apart."""
    return "before" if phase in PRE_CONSENT else str(phase)


def _domain(host: str) -> str:
    name = host.strip("[]").rstrip(".").lower()
    return name if name.replace(".", "").isdigit() or ":" in name else registrable_domain(name)
