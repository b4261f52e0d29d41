"""What a run can say about each behaviour of 191号: silence means something only where the capture holds what it needs."""

from collections.abc import Collection
from dataclasses import dataclass

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.data_file import ROOT, load_yaml

NEEDS = frozenset(
    {
        "events",
        "first_launch",
        "prompts",
        "requests",
        "consent",
        "refusal",
        "withdrawal",
        "category",
        "declaration",
        "flows",
    }
)
"""What must be in a capture before a behaviour can be looked for."""


@dataclass(frozen=True, slots=True)
class Assessable:
    """One behaviour.

    Attributes:
        clause: its clause id.
        needs: what must be in the capture (:data:`NEEDS`).
        never: message id of why no run can decide, or "".
        partly: message id of what stays with a person even where a rule looked, or "".
    """

    clause: str
    needs: tuple[str, ...] = ()
    never: str = ""
    partly: str = ""


def load_blinding() -> dict[str, frozenset[str]]:
    """Kinds of blind spots by what they hide: ``flows`` or ``events``."""
    return {hidden: frozenset(kinds) for hidden, kinds in load_yaml(ROOT / "assessable.yaml")["blind"].items()}


def load_assessable(known_clauses: Collection[str]) -> tuple[Assessable, ...]:
    """All behaviours in file order. Raises KnowledgeError for an unknown clause or need."""
    found = []
    for entry in load_yaml(ROOT / "assessable.yaml")["behaviours"]:
        where = f"assessable.yaml: {entry.get('id')}"
        needs = tuple(entry.get("needs") or ())
        if entry.get("id") not in known_clauses or set(needs) - NEEDS or bool(needs) == ("never" in entry):
            raise KnowledgeError(f"{where}: unknown clause or need, or both `needs` and `never`")
        found.append(Assessable(entry["id"], needs, entry.get("never") or "", entry.get("partly") or ""))
    return tuple(found)
