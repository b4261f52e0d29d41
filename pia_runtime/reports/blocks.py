"""What a document is made of, whatever file it becomes: HTML, Word and Markdown each lay out the same blocks.

Every text in a block is already escaped for the eye (:mod:`pia_runtime.reports.escape`); a layout escapes for its own syntax.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; ``level`` 1 is a chapter, 2 a part of one. ``anchor`` is a name that links may point to."""

    level: int
    text: str
    anchor: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text. ``kind``: ``plain``, ``note`` (small), ``strong`` or ``warning``."""

    text: str
    kind: str = "plain"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what is said under each, one or more lines; ``code`` names those whose lines are quoted from the capture."""

    rows: tuple[tuple[str, tuple[str, ...]], ...]
    code: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows of texts. ``shares`` are relative widths; ``tones`` one word a row for its colour, or "".

    Attributes:
        links: one anchor a row that its first cell points to, or "".
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[int, ...] = ()
    tones: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture (JPEG or PNG) with its size in pixels and its caption; a wide one takes the page's width."""

    content: bytes
    width: int
    height: int
    caption: str
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Signatures:
    """Lines to sign: one row a role, one column a thing to fill in."""

    columns: tuple[str, ...]
    roles: tuple[str, ...]


Block = Heading | Paragraph | Facts | Table | Photo | Signatures
