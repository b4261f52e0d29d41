"""The report as a Word document to sign: fonts named for both scripts, header rows that repeat, page numbers, signature lines."""

import io
from datetime import datetime
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from pia_runtime.reports.blocks import Block, Facts, Heading, Paragraph, Photo, Signatures, Table
from pia_runtime.reports.chapters import chapters, report_title
from pia_runtime.reports.report import Report
from pia_runtime.reports.word_table import Cell, Row, add_table
from pia_runtime.reports.zip_files import same_bytes

BODY, HEADINGS, QUOTED = ("Times New Roman", "宋体"), ("Arial", "黑体"), ("Consolas", "等线")
"""Latin and Chinese fonts of running text, of headings and of quoted text: those of official Chinese documents. Word and
LibreOffice put the nearest font in their place where they have not got them."""

_SEVERITY = {"critical": "A3121F", "high": "C2410C", "medium": "92610A", "low": "2B6777"}
_EPOCH = datetime(1980, 1, 1)  # the same report gives the same bytes


def render_word(report: Report) -> bytes:
    """The document. The same report gives the same bytes."""
    document = docx.Document()
    title, subtitle = report_title(report)
    _page(document)
    _styles(document, report.wording.lang)
    document.core_properties.title = f"{title} · {subtitle}"[:250]
    document.core_properties.author = "pia_runtime"
    document.core_properties.comments = ""
    document.core_properties.created = document.core_properties.modified = _EPOCH
    heading = document.add_paragraph(style="Title")
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(heading, title, HEADINGS, 20, bold=True)
    under = document.add_paragraph()
    under.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(under, subtitle, BODY, 13)
    for block in chapters(report, signed=True):
        _add(document, block)
    _page_numbers(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return same_bytes(buffer.getvalue())


def _page(document: Any) -> None:  # noqa: ANN401 (python-docx's document)
    section = document.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.0)
    section.top_margin = section.bottom_margin = Cm(2.0)


def _styles(document: Any, lang: str) -> None:  # noqa: ANN401
    for name, fonts, size in (
        ("Normal", BODY, 10.5),
        ("Title", HEADINGS, 20),
        ("Heading 1", HEADINGS, 14),
        ("Heading 2", HEADINGS, 11.5),
    ):
        style = document.styles[name]
        style.font.name, style.font.size = fonts[0], Pt(size)
        style.font.color.rgb = RGBColor(0, 0, 0)
        _east_asian(style.element.get_or_add_rPr(), fonts)
        language = OxmlElement("w:lang")
        language.set(qn("w:val"), "en-US")
        language.set(qn("w:eastAsia"), "zh-CN")
        style.element.get_or_add_rPr().append(language)
    document.styles["Normal"].paragraph_format.space_after = Pt(4)
    document.core_properties.language = "zh-CN" if lang == "zh" else "en-US"


def _east_asian(properties: Any, fonts: tuple[str, str]) -> None:  # noqa: ANN401
    named = properties.get_or_add_rFonts()
    for script in ("ascii", "hAnsi", "cs"):
        named.set(qn(f"w:{script}"), fonts[0])
    named.set(qn("w:eastAsia"), fonts[1])
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        named.attrib.pop(qn(f"w:{theme}"), None)


def _run(paragraph: Any, text: str, fonts: tuple[str, str], size: float, **marks: Any) -> Any:  # noqa: ANN401
    run = paragraph.add_run(text)
    run.font.name, run.font.size = fonts[0], Pt(size)
    run.bold = marks.get("bold")
    run.italic = marks.get("italic")
    if marks.get("colour"):
        run.font.color.rgb = RGBColor.from_string(marks["colour"])
    _east_asian(run._element.get_or_add_rPr(), fonts)
    return run


def _add(document: Any, block: Block) -> None:  # noqa: ANN401
    if isinstance(block, Heading):
        heading = document.add_heading(level=block.level)
        colour = _SEVERITY.get(block.severity, "16202B")
        _run(heading, block.text, HEADINGS, 14 if block.level == 1 else 11.5, bold=True, colour=colour)
    elif isinstance(block, Paragraph):
        small = block.kind in ("note", "warning")
        _run(
            document.add_paragraph(), block.text, BODY, 9 if small else 10.5, bold=block.kind == "strong", italic=small
        )
    elif isinstance(block, Facts):
        _facts(document, block)
    elif isinstance(block, Table):
        _table(document, block)
    elif isinstance(block, Photo):
        across = 17.0 if block.wide else min(5.0, 9.0 * block.width / max(block.height, 1))
        document.add_picture(io.BytesIO(block.content), width=Cm(across))
        _run(document.add_paragraph(), block.caption, BODY, 9, italic=True)
    else:
        _signatures(document, block)


def _facts(document: Any, block: Facts) -> None:  # noqa: ANN401
    rows = []
    for name, lines in block.rows:
        quoted = name in block.code
        said = Cell(lines, QUOTED if quoted else BODY, 8 if quoted else 9)
        rows.append(Row((Cell((name,), BODY, 9, bold=True, shaded=True), said)))
    add_table(document, (22, 78), rows)


def _table(document: Any, block: Table) -> None:  # noqa: ANN401
    rows = [Row(tuple(Cell((name,), BODY, 8.5, bold=True, shaded=True) for name in block.columns), repeated=True)]
    for number, texts in enumerate(block.rows):
        colour = _SEVERITY.get(block.tones[number], "") if block.tones else ""
        cells = (
            Cell(
                tuple(text.split("\n")),
                BODY,
                8.5,
                bold=bool(colour) and place == 1,
                colour=colour if place == 1 else "",
            )
            for place, text in enumerate(texts)
        )
        rows.append(Row(tuple(cells)))
    add_table(document, block.shares or (1,) * len(block.columns), rows)


def _signatures(document: Any, block: Signatures) -> None:  # noqa: ANN401
    head = tuple(Cell((name,), BODY, 10, bold=True, shaded=True) for name in ("", *block.columns))
    empty = tuple(Cell(("",), BODY, 10) for _ in block.columns)
    rows = [Row(head), *(Row((Cell((role,), BODY, 10, bold=True), *empty), height_cm=1.4) for role in block.roles)]
    add_table(document, (16, *(84 // len(block.columns) for _ in block.columns)), rows)


def _page_numbers(document: Any) -> None:  # noqa: ANN401
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text, field in (("", "PAGE"), (" / ", "NUMPAGES")):
        _run(paragraph, text, BODY, 9)
        run = _run(paragraph, "", BODY, 9)
        for kind, code in (("begin", None), (None, field), ("end", None)):
            element = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                element.set(qn("w:fldCharType"), kind)
            else:
                element.text = code
            run._element.append(element)
