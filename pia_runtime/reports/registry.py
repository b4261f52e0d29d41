"""The formats of ``pia report``. To add one: one file that renders a report, one line here, one message, one golden file."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from pia_runtime.errors import UsageError

if TYPE_CHECKING:
    from pia_runtime.reports.report import Report


@dataclass(frozen=True, slots=True)
class Format:
    """One report format.

    Attributes:
        id: what ``--format`` takes; ``messages/*.yaml`` describe it under ``formats``.
        suffix: of a file in this format, with the dot.
        media_type: content type.
        module: of ``pia_runtime.reports``, loaded only when the format is used.
        function: ``(report) -> str | bytes`` in that module.
        quotes: whether it shows requests, decode steps and screenshots, which stand outside the document.
        draws: whether the still picture of the timeline stands in it.
        binary: whether a terminal cannot show it.
    """

    id: str
    suffix: str
    media_type: str
    module: str
    function: str
    quotes: bool = False
    draws: bool = False
    binary: bool = False

    def render(self, report: "Report") -> bytes:
        """The report in this format, text in UTF-8."""
        made: str | bytes = getattr(import_module(f"pia_runtime.reports.{self.module}"), self.function)(report)
        return made.encode() if isinstance(made, str) else made


_OFFICE = "application/vnd.openxmlformats-officedocument"

FORMATS: dict[str, Format] = {
    entry.id: entry
    for entry in (
        Format(
            "html", ".html", "text/html; charset=utf-8", "report_page", "render_report_page", quotes=True, draws=True
        ),
        Format("xlsx", ".xlsx", f"{_OFFICE}.spreadsheetml.sheet", "workbook", "render_workbook", binary=True),
        Format(
            "docx",
            ".docx",
            f"{_OFFICE}.wordprocessingml.document",
            "word",
            "render_word",
            quotes=True,
            draws=True,
            binary=True,
        ),
        Format("md", ".md", "text/markdown; charset=utf-8", "markdown", "render_markdown", quotes=True),
        Format("json", ".json", "application/json", "plain_document", "render_json"),
        Format("csv", ".csv", "text/csv; charset=utf-8", "flat_files", "render_csv"),
        Format("parquet", ".parquet", "application/vnd.apache.parquet", "flat_files", "render_parquet", binary=True),
        Format("sarif", ".sarif", "application/sarif+json", "sarif", "render_sarif"),
        Format("junit", ".xml", "application/xml", "junit", "render_junit"),
        Format("notice", ".txt", "text/plain; charset=utf-8", "notice", "render_notice"),
    )
}
"""Formats by id."""


def format_named(name: str) -> Format:
    """The format ``name``. Raises UsageError naming those there are."""
    if name not in FORMATS:
        raise UsageError(f"there is no report format {name!r}", f"choose one of {', '.join(FORMATS)}")
    return FORMATS[name]
