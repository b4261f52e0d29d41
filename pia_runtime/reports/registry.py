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
        module: of ``pia_runtime.reports``, loaded only when the format is used.
        function: ``(report) -> str | bytes`` in that module.
        quotes: whether it shows requests, decode steps and screenshots, which stand outside the document.
        draws: whether the still picture of the timeline stands in it.
        binary: whether a terminal cannot show it.
    """

    id: str
    suffix: str
    module: str
    function: str
    quotes: bool = False
    draws: bool = False
    binary: bool = False

    def render(self, report: "Report") -> bytes:
        """The report in this format, text in UTF-8."""
        made: str | bytes = getattr(import_module(f"pia_runtime.reports.{self.module}"), self.function)(report)
        return made.encode() if isinstance(made, str) else made


FORMATS: dict[str, Format] = {
    entry.id: entry
    for entry in (
        Format("html", ".html", "report_page", "render_report_page", quotes=True, draws=True),
        Format("xlsx", ".xlsx", "workbook", "render_workbook", binary=True),
        Format("docx", ".docx", "word", "render_word", quotes=True, draws=True, binary=True),
        Format("md", ".md", "markdown", "render_markdown", quotes=True),
        Format("json", ".json", "plain_document", "render_json"),
        Format("csv", ".csv", "flat_files", "render_csv"),
        Format("parquet", ".parquet", "flat_files", "render_parquet", binary=True),
        Format("sarif", ".sarif", "sarif", "render_sarif"),
        Format("junit", ".xml", "junit", "render_junit"),
        Format("notice", ".txt", "notice", "render_notice"),
    )
}
"""Formats by id."""


def format_named(name: str) -> Format:
    """The format ``name``. Raises UsageError naming those there are."""
    if name not in FORMATS:
        raise UsageError(f"there is no report format {name!r}", f"choose one of {', '.join(FORMATS)}")
    return FORMATS[name]
