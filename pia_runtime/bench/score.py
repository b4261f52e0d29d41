"""Labels against detections: what was missed, what was named wrongly, what was invented."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pia_runtime.bench.case import Case, Expected

Detection = dict[str, Any]
_FIELDS = ("data", "location", "path", "encoding", "basis")


@dataclass(slots=True)
class GroupScore:
    """Counts of one group.

    Attributes:
        expected: labels.
        found: labels whose kind of data was reported at their location.
        named: those of them whose path, encoding and basis are right as well.
        invented: detections that no label accounts for.
    """

    cases: int = 0
    expected: int = 0
    found: int = 0
    named: int = 0
    invented: int = 0

    @property
    def recall(self) -> float | None:
        """Share of the labels that were found; None where there are none."""
        return self.found / self.expected if self.expected else None

    @property
    def precision(self) -> float | None:
        """Share of the detections that a label accounts for; None where there are none."""
        reported = self.found + self.invented
        return self.found / reported if reported else None


@dataclass(slots=True)
class Score:
    """The result: groups in the order of the battery, and every deviation as a line of the report."""

    groups: dict[str, GroupScore] = field(default_factory=dict)
    deviations: list[dict[str, Any]] = field(default_factory=list)

    def total(self) -> GroupScore:
        """All groups together."""
        sums = (sum(getattr(group, name) for group in self.groups.values()) for name in GroupScore.__slots__)
        return GroupScore(*sums)

    def document(self) -> dict[str, Any]:
        """The result as a JSON object."""
        return {
            "groups": {name: _document(group) for name, group in self.groups.items()},
            "total": _document(self.total()),
            "deviations": self.deviations,
        }


def score(cases: Iterable[Case], detections: Iterable[Detection]) -> Score:
    """Compare the labels of the cases with the ``detections`` of an analysis document; accesses are left out."""
    by_flow: dict[str, list[Detection]] = defaultdict(list)
    for detection in detections:
        if detection["act"] == "transmission":
            by_flow[detection["flow"]].append(detection)
    result = Score()
    for case in cases:
        _score_case(case, by_flow.get(case.flow.id, []), result)
    return result


def _score_case(case: Case, reported: list[Detection], result: Score) -> None:
    group = result.groups.setdefault(case.group, GroupScore())
    group.cases += 1
    left = list(reported)
    for label in case.expected:
        group.expected += 1
        best = max(left, key=lambda detection: _likeness(label, detection), default=None)
        if best is None or _likeness(label, best) < 0:
            result.deviations.append(_line("missed", case, label, None))
            continue
        left.remove(best)
        group.found += 1
        if _likeness(label, best) == len(_FIELDS):
            group.named += 1
        else:
            result.deviations.append(_line("named otherwise", case, label, best))
    for detection in left:
        group.invented += 1
        result.deviations.append(_line("invented", case, None, detection))


def _likeness(label: Expected, detection: Detection) -> int:
    """How many fields agree; -1 where kind or location differ, which makes it another detection."""
    if (label.data, label.location) != (detection["data"], detection["location"]):
        return -1
    wanted = (list(label.path), label.encoding, label.basis)
    return 2 + sum(bool(mine == theirs) for mine, theirs in zip(wanted, _named(detection), strict=True))


def _named(detection: Detection) -> tuple[Any, Any, Any]:
    return detection["path"], detection["encoding"], detection["basis"]


def _line(what: str, case: Case, label: Expected | None, detection: Detection | None) -> dict[str, Any]:
    wanted = None if label is None else {name: _plain(getattr(label, name)) for name in _FIELDS}
    got = None if detection is None else {name: detection[name] for name in _FIELDS}
    return {
        "what": what,
        "group": case.group,
        "case": case.name,
        "flow": case.flow.id,
        "expected": wanted,
        "reported": got,
    }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _document(group: GroupScore) -> dict[str, Any]:
    counts = {name: getattr(group, name) for name in GroupScore.__slots__}
    return {**counts, "recall": group.recall, "precision": group.precision}
