"""Tables of a Word document, written as XML in one go: python-docx builds cell by cell, which takes minutes for 300 findings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

_WIDTH_TWIPS = 9_638
"""17 cm: A4 between margins of 2 cm."""

_TWIPS_A_CM = 567
_EDGES = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="8A949E"/>'
    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)


@dataclass(frozen=True, slots=True)
class Cell:
    """Lines of text; ``fonts`` are the Latin and the Chinese one, ``size`` is in points."""

    lines: Sequence[str]
    fonts: tuple[str, str]
    size: float
    bold: bool = False
    shaded: bool = False
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Cells; ``repeated`` on every page as a header."""

    cells: tuple[Cell, ...]
    repeated: bool = False
    height_cm: float = 0


def add_table(document: Any, shares: Sequence[int], rows: Sequence[Row]) -> None:  # noqa: ANN401 (python-docx's document)
    """Append a table as wide as the page; ``shares`` are relative widths."""
    widths = [_WIDTH_TWIPS * share // sum(shares) for share in shares]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    xml = (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{_WIDTH_TWIPS}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{_EDGES}</w:tblBorders><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>'
        f"{''.join(_row(row, widths) for row in rows)}</w:tbl>"
    )
    document.element.body.insert_element_before(parse_xml(xml), "w:sectPr")
    document.add_paragraph()


def _row(row: Row, widths: Sequence[int]) -> str:
    height = f'<w:trHeight w:val="{int(row.height_cm * _TWIPS_A_CM)}"/>' if row.height_cm else ""
    header = "<w:tblHeader/>" if row.repeated else ""
    cells = "".join(_cell(cell, width) for cell, width in zip(row.cells, widths, strict=True))
    return f"<w:tr><w:trPr><w:cantSplit/>{height}{header}</w:trPr>{cells}</w:tr>"


def _cell(cell: Cell, width: int) -> str:
    shade = '<w:shd w:val="clear" w:color="auto" w:fill="EEF1F4"/>' if cell.shaded else ""
    marks = _marks(cell)
    lines = "".join(
        f'<w:p><w:pPr><w:spacing w:after="0"/></w:pPr><w:r>{marks}<w:t xml:space="preserve">{escape(line)}</w:t></w:r></w:p>'
        for line in cell.lines or ("",)
    )
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr>{lines}</w:tc>'


def _marks(cell: Cell) -> str:
    latin, chinese = (quoteattr(font) for font in cell.fonts)
    fonts = f"<w:rFonts w:ascii={latin} w:hAnsi={latin} w:eastAsia={chinese} w:cs={latin}/>"
    bold = "<w:b/>" if cell.bold else ""
    colour = f'<w:color w:val="{cell.colour}"/>' if cell.colour else ""
    return f'<w:rPr>{fonts}{bold}{colour}<w:sz w:val="{int(cell.size * 2)}"/></w:rPr>'
