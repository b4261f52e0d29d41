"""The analysis document itself: the same bytes as ``pia analyze --format json``."""

from pia_runtime.pipeline import document_bytes
from pia_runtime.reports.report import Report


def render_json(report: Report) -> bytes:
    """The document as it is stored."""
    return document_bytes(report.document)
