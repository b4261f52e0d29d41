"""The battery as a whole: every group of cases about one person, in a fixed order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pia_runtime.bench import (
    cases_hashed,
    cases_learned,
    cases_placed,
    cases_public,
    cases_spelled,
    cases_wrapped,
    negatives,
)
from pia_runtime.bench.case import Case, Draft, numbered
from pia_runtime.bench.events import EventLog
from pia_runtime.bench.person import Person

NEGATIVE = "negative set"

_GROUPS: dict[str, Callable[[Person, EventLog], Iterator[Draft]]] = {
    "public: encodings": cases_public.encodings,
    "public: placements": cases_public.placements,
    "kinds of data": cases_wrapped.kinds,
    "structures": cases_wrapped.structures,
    "compressions": cases_wrapped.compressions,
    "text encodings": cases_wrapped.texts,
    "spellings": cases_spelled.spellings,
    "numbers and bytes": cases_spelled.numbers,
    "positions": cases_spelled.positions,
    "contacts and apps": cases_spelled.lists,
    "hashes": cases_hashed.digests,
    "hashes of spellings": cases_hashed.spelled_digests,
    "forms of hashes": cases_hashed.digest_forms,
    "hidden": cases_hashed.hidden,
    "placements": cases_placed.placements,
    "hosts": cases_placed.hosts,
    "encoded paths": cases_placed.encoded_paths,
    "authorisation": cases_placed.authorisations,
    "websocket": cases_placed.streams,
    "derived: salted and keyed": cases_learned.salted,
    "derived: chains": cases_learned.chains,
    "derived: ciphers": cases_learned.ciphers,
    "observed": cases_learned.observed,
    "patterns": cases_learned.proven,
}


@dataclass(frozen=True, slots=True)
class Battery:
    """Requests with labels, and the events of the run they belong to.

    Attributes:
        cases: in the order of their times; the negative set last.
        events: lines of ``events.jsonl``.
    """

    person: Person
    cases: tuple[Case, ...]
    events: EventLog


def make_battery(seed: int = 1) -> Battery:
    """The battery of a seed; the same seed gives the same bytes."""
    person, log = Person.of(seed), EventLog()
    cases: list[Case] = []
    for group, make in _GROUPS.items():
        cases += numbered(group, make(person, log), len(cases))
    cases += numbered("nestings", cases_wrapped.nestings(person, log, seed), len(cases))
    cases += numbered(NEGATIVE, negatives.negatives(person, seed), len(cases))
    return Battery(person, tuple(cases), log)
