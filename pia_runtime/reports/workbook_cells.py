"""Cells and sheets of the workbook as plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pia_runtime.reports.escape import visible
from pia_runtime.reports.report import Report


@dataclass(frozen=True, slots=True)
class Instant:
    """A time, ns since the Unix epoch."""

    t_ns: int


@dataclass(frozen=True, slots=True)
class Seconds:
    """A span or error, shown in seconds."""

    ns: int


Cell = str | int | Instant | Seconds | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet.

    Attributes:
        name: key under ``sheet`` of the messages.
        rows: each with a tone for its colour (a severity, ``mark`` or "").
        prose: a list of facts, not a table: everything stands at the left, numbers too.
    """

    name: str
    columns: tuple[str, ...]
    widths: tuple[int, ...]
    rows: list[tuple[str, tuple[Cell, ...]]]
    prose: bool = False


def sheet_of(
    report: Report, name: str, columns: Mapping[str, int], rows: Iterator[tuple[str, tuple[Cell, ...]]]
) -> Sheet:
    """A sheet with its columns named; ``columns`` are message keys and widths."""
    heads = tuple(report.wording.say(key) for key in columns)
    return Sheet(name, heads, tuple(columns.values()), list(rows))


def instant(t_ns: Any) -> Cell:  # noqa: ANN401 (a field of the document)
    """A time; blank where there is none."""
    return Instant(t_ns) if type(t_ns) is int else None


def span(ns: Any) -> Cell:  # noqa: ANN401
    """A span in seconds; blank where there is none."""
    return Seconds(ns) if type(ns) is int else None


def whole(number: Any) -> Cell:  # noqa: ANN401
    """A whole number that a workbook keeps exactly; a larger one as text."""
    return number if type(number) is int and abs(number) < 2**53 else visible(number)


def offset(report: Report, t_ns: Any) -> Cell:  # noqa: ANN401
    """Seconds after the start of the run."""
    return Seconds(t_ns - report.line.start_ns) if type(t_ns) is int else None
