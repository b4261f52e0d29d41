"""One match for one place: the same value seen in several ways at the same spot is reported in its simplest, most exact way."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from pia_runtime.model.detection import Match

_VALUE_BASES = frozenset({"known", "observed", "derived"})
_UNCOVERS = ("decrypt:", "decompress:", "decode:")
_BASIS_RANK = {"known": 0, "observed": 1, "derived": 2, "adapter": 3, "pattern": 4}


def complexity(encoding: str) -> int:
    """How much was done to a value: 0 for ``plain``, 1 for one step or spelling, more for every step on top."""
    return 0 if encoding == "plain" else 1 + encoding.count("(") + encoding.count(",")


def choose(matches: Iterable[Match]) -> list[Match]:
    """Keep one match where several say the same about the same place, in a stable order.

    Same place: the same location, and one path continues the other. There the simpler encoding wins (a base64 leaf that was
    decoded is ``plain`` under the longer path), then the longer path, which says more exactly where.
    """
    # Values are compared with the same value only: an uploaded address book has thousands of others.
    by_value: dict[tuple[str, str, str], list[Match]] = {}
    by_place: dict[tuple[str, str], list[Match]] = {}
    by_text: dict[tuple[str, str], list[Match]] = {}
    pieced: dict[str, list[str]] = defaultdict(list)
    for match in sorted(dict.fromkeys(matches), key=_rank):
        of_value = by_value.setdefault((match.data, match.location, match.value), [])
        rivals = of_value if match.basis in _VALUE_BASES else by_place.get((match.data, match.location), ())
        # The telephone number of a contact is that contact's, not one more telephone number.
        named = by_text.get((match.location, _folded(match.value)), ()) if match.basis == "pattern" else ()
        piece = match.basis == "pattern" and any(_folded(match.value) in whole for whole in pieced[match.location])
        if not piece and not any(_same_place(match, better) for better in (*rivals, *named)):
            of_value.append(match)
            by_place.setdefault((match.data, match.location), []).append(match)
            if match.encoding.startswith("split"):
                pieced[match.location].append(_folded(match.value))
            if match.basis in _VALUE_BASES:
                by_text.setdefault((match.location, _folded(match.value)), []).append(match)
    kept = (match for found in by_value.values() for match in found)
    return sorted(kept, key=lambda match: (match.location, match.path, match.data, match.value, match.encoding))


def _folded(value: str) -> str:
    return "".join(filter(str.isalnum, value)).lower()


def _rank(match: Match) -> tuple[bool, bool, int, int, int, int, str, tuple[str, ...]]:
    # A value is proof, a pattern or an adapter is an opinion; a prefix is the weakest way to say a value.
    opinion, shortened = match.basis not in _VALUE_BASES, match.encoding.startswith("prefix")
    # A digest is usually printed as hex, so undoing the hex says nothing more about where it stands.
    printed = bool(match.path) and match.path[-1] == "hex"
    # Android gives the name of a network in quotes: they are the value's own, not a JSON text around it.
    printed = printed or (match.data == "ssid" and len(match.path) > 1 and match.path[-1] == "json:$")
    steps = len(match.path) + sum(step.count(".") for step in match.path if step.startswith("protobuf:"))
    return (
        opinion,
        shortened,
        complexity(match.encoding),
        _BASIS_RANK[match.basis],
        printed - steps,
        len(match.path),
        match.encoding,
        match.path,
    )


def _same_place(match: Match, better: Match) -> bool:
    """Whether ``better`` already says what ``match`` says; their kind, location and (for values) value are the same."""
    if match.path == better.path:
        if match.encoding == "prefix" and better.encoding.startswith("split"):
            return True
        # Plain and hashed side by side in one leaf are two findings; a pattern that saw a known value is not.
        return match.encoding == better.encoding or match.basis not in _VALUE_BASES
    if (ends := _uncovered_alike(match, better)) is not None:
        match, better = (replace(one, path=path) for one, path in zip((match, better), ends, strict=True))
    shorter, longer = sorted((match.path, better.path), key=len)
    return (
        _leads_to(shorter, longer)
        or (len(shorter) == len(longer) and _leads_to(longer, shorter))
        or _across(match, better)
        or _same_run(match, better)
    )


def _uncovered_alike(match: Match, better: Match) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Where both stand in what one recorded transform made: the paths to its output."""
    cuts = [next((at for at, step in enumerate(one.path) if step.startswith(_UNCOVERS)), -1) for one in (match, better)]
    if min(cuts) < 0 or match.path[cuts[0] :] != better.path[cuts[1] :]:
        return None
    return match.path[: cuts[0]], better.path[: cuts[1]]


def _leads_to(outer: tuple[str, ...], inner: tuple[str, ...]) -> bool:
    """Whether one path continues the other; ``protobuf:3`` also leads to ``protobuf:3.2`` and ``protobuf:3:packed[0]``."""
    if not outer:
        return True
    at = len(outer) - 1
    if inner[:at] != outer[:at] or len(inner) <= at:
        return False
    step, other = outer[at], inner[at]
    return step == other or (step.startswith("protobuf:") and other.startswith((f"{step}.", f"{step}:")))


def _across(match: Match, better: Match) -> bool:
    """A run of base64 across the segments of a URL path says again what one segment says."""
    first = {path[0].partition(":")[0].partition("@")[0] for path in (match.path, better.path) if path}
    return first == {"segment", "base64"}


def _same_run(match: Match, better: Match) -> bool:
    """A run found inside a value that was undone as a whole says the same value once more."""
    one, two = match.path, better.path
    if not one or not two or len(one) != len(two) or one[:-1] != two[:-1] or match.encoding != better.encoding:
        return False
    names = {step.partition("@")[0] for step in (one[-1], two[-1])}
    return (names == {"hex"} or names <= {"base64", "base64url"}) and not ("@" in one[-1] and "@" in two[-1])
