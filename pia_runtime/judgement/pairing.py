"""The same fault in two captures: by id, then by a second, stated match where an SDK was renamed or a host moved."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

How = Literal["id", "second_id"]

SECOND_MATCH = "same rule, act, data, kind of actor, and APIs called or places in the request"
"""What two findings share that are paired by their second id."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One fault seen in two captures; ``how`` says by which match."""

    before: str
    after: str
    how: How


def pair_findings(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> tuple[Pair, ...]:
    """Pairs of finding ids of two analysis documents, in the order of the first.

    A second id pairs only where it names one finding on each side among those that no id paired: what could be either is neither.
    """
    known = {finding["id"] for finding in after}
    pairs = {finding["id"]: Pair(finding["id"], finding["id"], "id") for finding in before if finding["id"] in known}
    old = [finding for finding in before if finding["id"] not in pairs]
    new = [finding for finding in after if finding["id"] not in pairs]
    counts = [Counter(finding.get("second_id") for finding in side) for side in (old, new)]
    by_second = {finding["second_id"]: finding["id"] for finding in new if finding.get("second_id")}
    for finding in old:
        second = finding.get("second_id")
        if second in by_second and counts[0][second] == counts[1][second] == 1:
            pairs[finding["id"]] = Pair(finding["id"], by_second[second], "second_id")
    return tuple(pairs[finding["id"]] for finding in before if finding["id"] in pairs)
