"""One match for one place: the same value seen in several ways at the same spot is reported in its simplest, most exact way."""

from collections.abc import Iterable

from pia_runtime.model.detection import Match

_VALUE_BASES = frozenset({"known", "observed", "derived"})
_BASIS_RANK = {"known": 0, "observed": 1, "derived": 2, "adapter": 3, "pattern": 4}


def complexity(encoding: str) -> int:
    """How much was done to a value: 0 for ``plain``, 1 for one step or spelling, more for every step on top."""
    return 0 if encoding == "plain" else 1 + encoding.count("(") + encoding.count(",")


def choose(matches: Iterable[Match]) -> list[Match]:
    """Keep one match where several say the same about the same place, in a stable order.

    Same place: the same location, and one path continues the other. There the simpler encoding wins (a base64 leaf that was
    decoded is ``plain`` under the longer path), then the longer path, which says more exactly where.
    """
    kept: list[Match] = []
    for match in sorted(dict.fromkeys(matches), key=_rank):
        if not any(_same_place(match, better) for better in kept):
            kept.append(match)
    return sorted(kept, key=lambda match: (match.location, match.path, match.data, match.value, match.encoding))


def _rank(match: Match) -> tuple[bool, int, int, int, str, tuple[str, ...]]:
    # A prefix is the weakest way to say it: the rest of a split value stands in the next field.
    shortened = match.encoding.startswith("prefix")
    return shortened, complexity(match.encoding), _BASIS_RANK[match.basis], -len(match.path), match.encoding, match.path


def _same_place(match: Match, better: Match) -> bool:
    if match.data != better.data or match.location != better.location:
        return False
    by_value = match.basis in _VALUE_BASES, better.basis in _VALUE_BASES
    if by_value == (True, True) and match.value != better.value:
        return False
    if match.path == better.path:
        if match.encoding == "prefix" and better.encoding.startswith("split"):
            return True
        # Plain and hashed side by side in one leaf are two findings; a pattern that saw a known value is not.
        return match.encoding == better.encoding or by_value != (True, True)
    shorter, longer = sorted((match.path, better.path), key=len)
    return len(shorter) < len(longer) and longer[: len(shorter)] == shorter
