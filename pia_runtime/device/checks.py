"""One point that is looked at before a run: how it is, why, and what would help."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """How a point stands.

    ``not_ready`` keeps a run from working; a ``warning`` lets it run and see less, or needs a human's look.
    """

    ok = "ok"
    warning = "warning"
    not_ready = "not_ready"
    not_checked = "not_checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One point.

    Attributes:
        id: stable, ``host.adb`` or ``device.root``.
        detail: what was found.
        fix: what to do, or "" where nothing is needed.
        apply: does it, where that changes nothing that a person might want kept; returns what it did.
    """

    id: str
    status: Status
    detail: str
    fix: str = ""
    apply: Callable[[], str] | None = field(default=None, compare=False)

    def document(self) -> dict[str, str]:
        """As ``pia doctor --json`` prints it."""
        return {"id": self.id, "status": self.status.value, "detail": self.detail, "fix": self.fix}


def is_ready(checks: list[Check]) -> bool:
    """Whether nothing keeps a run from working."""
    return all(check.status is not Status.not_ready for check in checks)
