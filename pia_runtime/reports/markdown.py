"""The report as Markdown; captured text cannot become markup, and tables are those of GitHub and Pandoc."""

import re
from collections.abc import Iterator

from pia_runtime.reports.blocks import Block, Facts, Heading, Paragraph, Photo, Signatures, Table
from pia_runtime.reports.chapters import chapters, report_title
from pia_runtime.reports.report import Report

_MARKUP = re.compile(r"([\\`*_{}\[\]<>|#!~&$])")
_LINK = re.compile(r"(?i)\b(https?|ftp|mailto|javascript|www)([:.])")
_LEADING = re.compile(r"^(\s*)([-+=]|\d+[.)])(?=\s|$)")


def render_markdown(report: Report) -> str:
    """The whole document."""
    title, subtitle = report_title(report)
    lines = [f"# {_plain(title)}", "", f"**{_plain(subtitle)}**", ""]
    for block in chapters(report):
        lines += [*_lines(block), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _lines(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"{'#' * (block.level + 1)} {_plain(block.text)}"
    elif isinstance(block, Paragraph):
        text = _plain(block.text)
        yield {"strong": f"**{text}**", "warning": f"> {text}", "note": f"*{text}*"}.get(block.kind, text)
    elif isinstance(block, Facts):
        yield "| | |"
        yield "|---|---|"
        for name, lines in block.rows:
            yield f"| {_plain(name)} | {'<br>'.join(_plain(line) for line in lines)} |"
    elif isinstance(block, Table):
        yield f"| {' | '.join(_plain(column) for column in block.columns)} |"
        yield f"|{'---|' * len(block.columns)}"
        for row in block.rows:
            yield f"| {' | '.join(_cell(cell) for cell in row)} |"
    elif isinstance(block, Photo | Signatures):
        yield from ()


def _cell(text: str) -> str:
    return "<br>".join(_plain(line) for line in text.split("\n"))


def _plain(text: str) -> str:
    """Text that stays text: markup escaped, and no address becomes a link by itself."""
    escaped = _MARKUP.sub(r"\\\1", text)
    escaped = _LINK.sub(lambda match: f"{match[1]}&#{ord(match[2])};", escaped)
    return _LEADING.sub(lambda match: f"{match[1]}\\{match[2]}" if match[2] in "-+=" else match[0], escaped)
