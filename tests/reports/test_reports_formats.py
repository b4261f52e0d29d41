"""Each format of ``pia report``, read by somebody else's program."""

import io
import json
import os
import zipfile
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import docx
import jsonschema
import lxml.etree
import openpyxl
import pandas as pd
import pytest
from docx.oxml.ns import qn
from hostile import POISONS, hostile_document
from report_documents import LABELS, loan_document, silent_document

from pia_runtime.reports.columns import DETECTIONS, FINDINGS, TABLES
from pia_runtime.reports.escape import _INVISIBLE
from pia_runtime.reports.registry import FORMATS
from pia_runtime.reports.report import Report

SCHEMAS = Path(__file__).parents[1] / "data" / "schemas"
TEXTS = ("html", "md", "csv", "sarif", "junit", "notice")


def rendered(name, document=None, lang="zh", **more):
    return FORMATS[name].render(Report.of(document or loan_document(), LABELS, lang, **more))


def cells(content):
    """Every cell of every sheet, as an independent reader sees it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row]


def paragraphs(content):
    document = docx.Document(io.BytesIO(content))
    inside = [cell for table in document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for holder in (document, *inside) for paragraph in holder.paragraphs]


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("document", [loan_document(), silent_document()], ids=["ordinary", "silent"])
def test_every_format_renders_any_document_the_same_every_time(name, document):
    for lang in ("zh", "en"):
        assert rendered(name, document, lang) == rendered(name, document, lang) != b""


@pytest.mark.parametrize(
    ("name", "lang", "file"),
    [(n, lang, f"report-{lang}{FORMATS[n].suffix}") for n in ("md", "notice") for lang in ("zh", "en")]
    + [("csv", "en", "report-detections.csv"), ("sarif", "en", "report-en.sarif"), ("junit", "zh", "report-zh.xml")],
)
def test_the_text_formats_are_as_kept(name, lang, file, golden):
    golden(file, rendered(name, lang=lang).decode("utf-8-sig" if name == "csv" else "utf-8"))


class _Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.seen, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("poison", sorted(POISONS))
def test_hostile_text_stays_text_in_every_format(poison):
    document = hostile_document(POISONS[poison])
    plain = {shape for shape, _ in _Tags(rendered("html").decode()).seen}
    made = {name: rendered(name, document) for name in FORMATS if name != "json"}
    for name in TEXTS:
        text = made[name].decode("utf-8-sig")
        kept = text.replace("\n", "").replace("\t", "")
        assert not _INVISIBLE.search(kept), name
    page = _Tags(made["html"].decode())
    assert {tag for tag, _ in page.seen} <= plain | {"img"}
    assert not [attributes for tag, attributes in page.seen if tag == "img"]
    jsonschema.validate(json.loads(made["sarif"]), json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()))
    xsd = lxml.etree.XMLSchema(lxml.etree.parse(SCHEMAS / "junit-10.xsd"))
    xsd.assertValid(lxml.etree.fromstring(made["junit"]))
    seen = cells(made["xlsx"])
    assert not [cell.coordinate for cell in seen if cell.data_type == "f" or cell.hyperlink]
    assert not [text for text in paragraphs(made["docx"]) if _INVISIBLE.search(text)]
    table = pd.read_csv(io.BytesIO(made["csv"]), dtype=str, keep_default_na=False)
    assert not [value for column in table for value in table[column] if value[:1] in ("=", "+", "@", "\t", "\r")]
    assert len(pd.read_parquet(io.BytesIO(made["parquet"]))) == len(document["detections"])
    assert max(map(len, made.values())) < 12_000_000


def test_a_link_is_never_made_of_captured_text():
    markdown = rendered("md", hostile_document(POISONS["markdown"])).decode()
    assert "](" not in markdown.replace("\\]", "")
    assert "![" not in markdown.replace("\\!\\[", "")
    assert "\n# heading" not in markdown
    with zipfile.ZipFile(io.BytesIO(rendered("docx", hostile_document("http://evil.example")))) as archive:
        assert "hyperlink" not in archive.read("word/document.xml").decode()
        assert "evil.example" not in archive.read("word/_rels/document.xml.rels").decode()


def test_the_workbook_has_the_sheets_that_laboratories_use_with_real_dates_filters_and_fixed_headers():
    book = openpyxl.load_workbook(io.BytesIO(rendered("xlsx", lang="zh")))
    assert book.sheetnames == ["概要", "发现", "同意前行为", "调用次数", "传输", "SDK", "必要性", "检查表", "盲区"]
    for sheet in book:
        assert sheet.freeze_panes == "A2"
        assert sheet.max_row == 1 or sheet.auto_filter.ref
    findings = book["发现"]
    head = [cell.value for cell in findings[1]]
    assert findings.max_row == 1 + len(loan_document()["findings"])
    kinds = {row[head.index("主体类别")].value for row in findings.iter_rows(min_row=2)}
    assert kinds == {"第三方SDK", "不明"}
    first = findings[2][head.index("首次（UTC）")]
    assert isinstance(first.value, datetime)
    assert "yyyy-mm-dd hh:mm:ss.000" in first.number_format


def test_the_sheet_of_acts_before_consent_has_a_row_for_every_consent_signal_in_the_order_of_time():
    sheet = openpyxl.load_workbook(io.BytesIO(rendered("xlsx", lang="en")))["Before consent"]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    marks = [row[0] for row in rows if str(row[0]).startswith("consent signal")]
    assert marks == ["consent signal: asked", "consent signal: given", "consent signal: withdrawn"]
    times = [row[1] for row in rows if row[1]]
    assert times == sorted(times)
    assert "certainly" not in str(rows)


def test_the_word_document_names_chinese_fonts_repeats_headers_and_can_be_signed():
    content = rendered("docx", lang="zh")
    document = docx.Document(io.BytesIO(content))
    fonts = {run.get(qn("w:eastAsia")) for run in document.element.body.iter(qn("w:rFonts"))}
    assert fonts <= {"宋体", "黑体", "等线"}
    assert fonts >= {"宋体", "黑体"}
    assert list(document.element.body.iter(qn("w:tblHeader")))
    text = "\n".join(paragraphs(content))
    assert all(word in text for word in ("检测报告", "签署", "审核", "批准", "盖章", "发现 1"))
    assert document.core_properties.created.year == 1980


def test_the_tables_have_the_documented_columns_and_types():
    for name, columns in (("detections", DETECTIONS), ("findings", FINDINGS)):
        table = pd.read_parquet(io.BytesIO(rendered("parquet", table=name)))
        assert list(table.columns) == [column.name for column in columns]
        for column in columns:
            kind = str(table[column.name].dtype)
            assert kind.startswith(column.dtype.split("[")[0].replace("string", "str")) or column.dtype == kind, column
        assert len(table) == len(loan_document()[name])


def test_the_columns_are_documented():
    lines = ["# Columns of the flat tables", ""]
    lines += [
        "`pia report --format csv|parquet --table NAME`. Times are UTC; empty is unknown. Texts are escaped for the eye and bounded."
    ]
    lines += ["`pia_runtime.open_capture` has tables of its own for notebooks ([notebook.md](notebook.md))."]
    for name, columns in TABLES.items():
        lines += ["", f"## {name}", "", "| column | pandas type | what |", "|---|---|---|"]
        lines += [f"| `{column.name}` | `{column.dtype}` | {column.meaning} |" for column in columns]
    page = Path(__file__).parents[2] / "docs" / "report-columns.md"
    if os.environ.get("PIA_REFRESH_GOLDEN") == "1":
        page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert page.read_text(encoding="utf-8") == "\n".join(lines) + "\n"


def test_csv_and_parquet_say_the_same():
    csv = pd.read_csv(io.BytesIO(rendered("csv")))
    parquet = pd.read_parquet(io.BytesIO(rendered("parquet")))
    for name in ("id", "t_ns", "err_ns", "margin_ns", "verdict"):
        assert csv[name].tolist() == parquet[name].tolist()
    assert (pd.to_datetime(csv["time"]).dt.floor("us") == parquet["time"].dt.floor("us")).all()


def test_the_sarif_document_follows_the_official_schema_and_sends_undecided_findings_to_review():
    log = json.loads(rendered("sarif", lang="en"))
    jsonschema.validate(log, json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()))
    results = log["runs"][0]["results"]
    assert {one["kind"] for one in results if one["properties"]["verdict"] == "indeterminate"} == {"review"}
    assert all(one["level"] != "none" for one in results if one["kind"] == "fail")
    assert log["runs"][0]["invocations"][0]["toolExecutionNotifications"]


def test_the_junit_document_follows_its_schema_and_counts():
    root = lxml.etree.fromstring(rendered("junit", lang="en"))
    lxml.etree.XMLSchema(lxml.etree.parse(SCHEMAS / "junit-10.xsd")).assertValid(root)
    suite = root.find("testsuite")
    failing = sum(one["verdict"] != "indeterminate" for one in loan_document()["findings"])
    assert int(suite.get("failures")) == len(suite.findall(".//failure")) == failing


def test_a_finding_s_sheet_has_every_field_of_the_trade():
    text = _Tags(rendered("html", lang="zh").decode()).text
    for field in (
        "编号与规则", "时间", "行为主体", "App与设备", "行为API与参数", "取值（脱敏）", "调用/获得/传输", "调用堆栈", "同意状态",
        "判定与时间差", "前台/静默/后台", "频次", "触发的用户操作", "传输目的", "解码链", "截图", "声明对照", "必要个人信息对照",
        "依据条款", "置信度与理由", "须人工核查", "复测状态", "未能看到的内容", "本次运行覆盖范围",
    ):  # fmt: skip
        assert field in text, field


def test_a_dismissed_finding_is_marked_in_every_format_and_left_out_of_the_notice():
    document = loan_document()
    given = {
        "id": "0a",
        "kind": "dismissal",
        "by": "SHA256:abcdefghijkl",
        "text": "经核实为误报",
        "t_ns": 1_763_884_900_000_000_000,
    }
    document["findings"][0]["annotations"] = [given]
    for name in ("html", "md", "csv", "sarif", "junit"):
        more = {"table": "findings"} if name == "csv" else {}
        assert "经核实为误报" in rendered(name, document, **more).decode(), name
    assert any("经核实为误报" in text for text in paragraphs(rendered("docx", document)))
    assert any("经核实为误报" in str(cell.value) for cell in cells(rendered("xlsx", document)))
    assert "排除" in rendered("notice", document).decode()
    assert json.loads(rendered("sarif", document))["runs"][0]["results"][0]["suppressions"]
