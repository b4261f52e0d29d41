"""All that is searched for in one capture: needles for the matcher, and positions, which are found by arithmetic."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pia_runtime.detection.confirm import Needle
from pia_runtime.detection.matcher import Engine, JoinedMatcher, Matcher, Pattern, compile_patterns
from pia_runtime.detection.needles_forms import Basis, Secret, forms
from pia_runtime.detection.needles_positions import Position, position_patterns, position_text
from pia_runtime.detection.needles_strength import common_package, weak, weak_text
from pia_runtime.detection.transforms import apply_steps
from pia_runtime.detection.variants import contact_part_id
from pia_runtime.knowledge.encodings import Encoding
from pia_runtime.model.session import Contact, Coordinates, Identifier, Packages

THOROUGH = {"known": 100, "observed": 60, "derived": 0}
"""So many values are searched in every form; further ones (address books are long) in the everyday forms."""
HASHED_APPS = ("md5", "sha1", "sha256")
"""How lists of installed apps are hashed, name by name."""
MOST_VALUES = 2000
"""Beyond these, values are listed and not searched; the matcher would grow without bound."""
PATTERN_LENGTH = 16
"""Only so many bytes of a needle go into the matcher; the rest is compared on a hit. Keeps the automaton small."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A value together with how it became known.

    Attributes:
        learned_from: ``seq`` of the events that returned it; empty for known values.
    """

    identifier: Identifier
    basis: Basis = "known"
    learned_from: tuple[int, ...] = ()


@dataclass(frozen=True)
class NeedleSet:
    """Everything searched for.

    Attributes:
        needles: every form of every textual value.
        too_weak: ``(taxonomy id, reason)`` of values that a bare match would not prove.
        base: the set that this one extends, whose matcher it takes over.
        matcher: finds :attr:`patterns`; ``by_pattern`` says which needles begin so (none: digits of a position).
    """

    needles: tuple[Needle, ...]
    positions: tuple[Position, ...]
    too_weak: tuple[tuple[str, str], ...]
    engine: Engine | None = None
    base: "NeedleSet | None" = field(default=None, repr=False)
    patterns: tuple[Pattern, ...] = field(init=False)
    by_pattern: tuple[tuple[Needle, ...], ...] = field(init=False)
    matcher: Matcher = field(init=False)

    def __post_init__(self) -> None:
        grouped: dict[Pattern, list[Needle]] = {}
        for needle in self.needles:
            head = needle.data[:PATTERN_LENGTH]
            grouped.setdefault(Pattern(head.lower() if needle.caseless else head, needle.caseless), []).append(needle)
        for pattern in position_patterns(self.positions):
            grouped.setdefault(pattern, [])
        compiled = self.base.patterns if self.base else ()
        known = frozenset(compiled)
        later = tuple(pattern for pattern in grouped if pattern not in known)
        patterns = (*compiled, *later)
        object.__setattr__(self, "patterns", patterns)
        object.__setattr__(self, "by_pattern", tuple(tuple(grouped[pattern]) for pattern in patterns))
        matcher = compile_patterns(later, self.engine)
        if self.base:
            matcher = JoinedMatcher(self.base.matcher, len(compiled), matcher) if later else self.base.matcher
        object.__setattr__(self, "matcher", matcher)

    @classmethod
    def build(
        cls,
        identifiers: Iterable[Identifier],
        encodings: tuple[Encoding, ...],
        *,
        placeholders: frozenset[str] = frozenset(),
        observed: Iterable[Learned] = (),
        app_package: str = "",
        engine: Engine | None = None,
    ) -> "NeedleSet":
        """Make needles of known and observed values.

        Args:
            identifiers: known values (``identifiers.json``).
            encodings: transforms of the knowledge.
            placeholders: values that stand for "nothing", lower case.
            observed: values that APIs returned in this run.
            app_package: the app under test, whose own name says nothing about the user.
            engine: which matcher to take; None takes the fastest that is installed.
        """
        learned = (*(Learned(identifier) for identifier in identifiers), *observed)
        reasons = _reasons(learned, placeholders)
        strong = [item for index, item in enumerate(learned) if reasons[index] is None]
        return cls(
            needles=_unique((*_text_needles(strong, encodings, placeholders), *_app_needles(strong, app_package))),
            positions=tuple(_positions(strong)),
            too_weak=tuple((learned[index].identifier.id, reason) for index, reason in reasons.items() if reason),
            engine=engine,
        )

    def extended(self, more: Iterable[Needle]) -> "NeedleSet":
        """The same set with further needles, for instance derived ones."""
        added = tuple(more)
        if not added:
            return self
        needles = _unique((*self.needles, *added))
        return NeedleSet(needles, self.positions, self.too_weak, self.engine, self.base or self)


def _unique(needles: Iterable[Needle]) -> tuple[Needle, ...]:
    """One needle for the same bytes of the same value; what came first (known before observed before derived) stays."""
    seen: dict[tuple[str, str, bytes, int], Needle] = {}
    for needle in needles:
        seen.setdefault((needle.identifier, needle.value, needle.data, needle.offset), needle)
    return tuple(seen.values())


def _reasons(learned: tuple[Learned, ...], placeholders: frozenset[str]) -> dict[int, str | None]:
    """Why each value is not searched for, None where it is."""
    reasons = {index: weak(item.identifier, placeholders) for index, item in enumerate(learned)}
    searched = [index for index, reason in reasons.items() if reason is None and learned[index].basis == "observed"]
    reasons.update((index, f"more than {MOST_VALUES} values were observed") for index in searched[MOST_VALUES:])
    return reasons


def _text_needles(
    strong: list[Learned], encodings: tuple[Encoding, ...], placeholders: frozenset[str]
) -> Iterator[Needle]:
    everyday = tuple(encoding for encoding in encodings if encoding.everyday)
    # Single values come before address books, whose length must not take their place.
    ordered = sorted(strong, key=lambda item: isinstance(item.identifier.value, Contact))
    for number, secret in enumerate(secret for item in ordered for secret in _secrets(item, placeholders)):
        yield from forms(secret, encodings if number < THOROUGH[secret.basis] else everyday)


def _secrets(item: Learned, placeholders: frozenset[str]) -> Iterator[Secret]:
    identifier, value = item.identifier.id, item.identifier.value
    if isinstance(value, str):
        yield Secret(identifier, value, identifier, item.basis, item.learned_from)
    elif isinstance(value, Contact):
        for text in (value.name, *value.phones, *value.emails):
            if not weak_text("contacts", text, placeholders):
                yield Secret(identifier, text, contact_part_id(text), item.basis, item.learned_from)
    elif isinstance(value, Coordinates):
        # As one text, for hashes and encodings of it; numbers are compared by arithmetic.
        canonical = position_text(value)
        for text in (canonical, f"{value.lon!r},{value.lat!r}"):
            yield Secret(identifier, text, "coordinates", item.basis, item.learned_from, canonical)


def _positions(strong: list[Learned]) -> Iterator[Position]:
    for item in strong:
        value = item.identifier.value
        if isinstance(value, Coordinates):
            yield Position(item.identifier.id, value, item.identifier.tolerance_m, item.basis, item.learned_from)


def _app_needles(strong: list[Learned], app_package: str) -> Iterator[Needle]:
    """Names of installed apps, each a member of its list: one alone proves nothing."""
    for item in strong:
        value = item.identifier.value
        if not isinstance(value, Packages):
            continue
        telling = sorted({name for name in value.packages if name != app_package and not common_package(name)})
        whole = ",".join(telling)
        for name in telling if len(telling) >= 2 else ():
            plain = Needle(
                data=name.encode(),
                identifier=item.identifier.id,
                value=whole,
                basis=item.basis,
                encoding="plain",
                shape="package",
                learned_from=item.learned_from,
                group=item.identifier.id,
            )
            yield plain
            for algorithm in HASHED_APPS:
                digest = apply_steps((algorithm, "hex"), plain.data)
                yield plain._replace(data=digest, encoding=algorithm, shape="hex", caseless=True)
