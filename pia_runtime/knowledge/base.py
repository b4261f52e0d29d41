"""The whole knowledge as one value, and its fingerprint."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pia_runtime.knowledge.assessable import Assessable, load_assessable, load_blinding
from pia_runtime.knowledge.categories import Category, OutsideTheLists, load_categories, load_outside_the_lists
from pia_runtime.knowledge.clauses import Clause, load_clauses
from pia_runtime.knowledge.data_file import ROOT, load_yaml
from pia_runtime.knowledge.permission_groups import PermissionGroups, load_permission_groups
from pia_runtime.knowledge.rules import Rule, load_rules
from pia_runtime.knowledge.taxonomy import (
    DataType,
    ExemptAccess,
    load_exempt_accesses,
    load_placeholders,
    load_taxonomy,
)
from pia_runtime.knowledge.thresholds import Threshold, load_thresholds

_DATA_SUFFIXES = (".yaml", ".csv", ".json", ".dat")


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the judgement rests on. SDKs, encodings, trackers and patterns have indexes of their own (see their loaders).

    Attributes:
        blind_spots: kind → sentence in each language (``zh``, ``en``).
        categories: the 39 kinds of app by number, and what no list speaks about (``outside``).
        assessable: what a run can say about each behaviour of 191号.
        blinding: kinds of blind spots that keep silence from meaning anything, by what they hide.
        notices: headings of public notices by id, with sentences in each language and the clause.
        sha256: over names and contents of every data file; the same knowledge gives the same verdicts.
    """

    taxonomy: dict[str, DataType]
    placeholders: frozenset[str]
    exempt_accesses: tuple[ExemptAccess, ...]
    clauses: dict[str, Clause]
    rules: tuple[Rule, ...]
    blind_spots: dict[str, dict[str, str]]
    thresholds: dict[str, Threshold]
    categories: dict[int, Category]
    outside: OutsideTheLists
    assessable: tuple[Assessable, ...]
    blinding: dict[str, frozenset[str]]
    notices: dict[str, dict[str, str]]
    permissions: PermissionGroups
    sha256: str


def load_knowledge() -> Knowledge:
    """Read the knowledge that ships with the program. Raises KnowledgeError naming file and entry."""
    clauses, thresholds = load_clauses(), load_thresholds()
    return Knowledge(
        taxonomy=load_taxonomy(),
        placeholders=load_placeholders(),
        exempt_accesses=load_exempt_accesses(),
        clauses=clauses,
        rules=load_rules(clauses, thresholds),
        blind_spots=load_yaml(ROOT / "blind_spots.yaml")["blind_spots"],
        thresholds=thresholds,
        categories=load_categories(),
        outside=load_outside_the_lists(),
        assessable=load_assessable(clauses),
        blinding=load_blinding(),
        notices={entry["id"]: entry for entry in load_yaml(ROOT / "notices.yaml")["notices"]},
        permissions=load_permission_groups(),
        sha256=fingerprint(ROOT),
    )


def fingerprint(root: Path) -> str:
    """SHA-256 over the relative name and content of every data file below ``root``, in name order."""
    digest = hashlib.sha256()
    files = (path for path in root.rglob("*") if path.suffix in _DATA_SUFFIXES and path.is_file())
    for path in sorted(files, key=lambda item: item.relative_to(root).as_posix()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
