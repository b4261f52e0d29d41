"""What is wrong with sealed files, as exactly as it can be said."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault.

    Attributes:
        file: name in the capture, with ``/`` between folders.
        what: one sentence for people.
        first_line: first line concerned, counted from 1, or None where the file has no lines.
        last_line: the last one.
        start: first byte concerned, counted from 0, or None where the whole file is meant.
        stop: the byte after the last one.
    """

    file: str
    what: str
    first_line: int | None = None
    last_line: int | None = None
    start: int | None = None
    stop: int | None = None

    def document(self) -> dict[str, Any]:
        """The fields that are known, as JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def __str__(self) -> str:
        where = [self.file]
        if self.first_line is not None:
            many = self.last_line is not None and self.last_line != self.first_line
            where.append(f"lines {self.first_line} to {self.last_line}" if many else f"line {self.first_line}")
        if self.start is not None:
            where.append(f"bytes {self.start} to {self.stop}")
        return f"{', '.join(where)}: {self.what}"
