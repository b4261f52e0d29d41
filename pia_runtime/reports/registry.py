"""The formats there are. To add one: one file that renders the document, one line here, one message, one golden file."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from pia_runtime.errors import UsageError
from pia_runtime.reports.labels import Document, Labels, Lang

Renderer = Callable[[Document, Labels, Lang], str]


@dataclass(frozen=True, slots=True)
class Format:
    """One report format.

    Attributes:
        id: what ``--format`` takes; ``messages/*.yaml`` describe it under ``formats``.
        suffix: of a file in this format, with the dot.
        media_type: content type.
        module: of ``pia_runtime.reports``, loaded only when the format is used.
        function: ``(document, labels, lang) -> str`` in that module.
    """

    id: str
    suffix: str
    media_type: str
    module: str
    function: str

    def render(self, document: Document, labels: Labels, lang: Lang) -> str:
        """The document in this format."""
        renderer: Renderer = getattr(import_module(f"pia_runtime.reports.{self.module}"), self.function)
        return renderer(document, labels, lang)


FORMATS: dict[str, Format] = {
    entry.id: entry
    for entry in (
        Format("table", ".txt", "text/plain; charset=utf-8", "table", "render_table"),
        Format("timeline", ".txt", "text/plain; charset=utf-8", "terminal", "render_timeline"),
        Format("html", ".html", "text/html; charset=utf-8", "html", "render_html"),
    )
}
"""Formats by id."""


def format_named(name: str) -> Format:
    """The format ``name``. Raises UsageError naming those there are."""
    if name not in FORMATS:
        raise UsageError(f"there is no report format {name!r}", f"choose one of {', '.join(FORMATS)}")
    return FORMATS[name]
