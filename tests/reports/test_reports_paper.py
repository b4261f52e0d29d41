"""Reports on paper: the page printed by Chromium and the Word document converted by LibreOffice, read back by pdftotext."""

import shutil
import subprocess

import pytest
from hostile import POISONS, hostile_document
from report_documents import LABELS, loan_document

from pia_runtime.reports.registry import FORMATS
from pia_runtime.reports.report import Report
from pia_runtime.reports.report_timeline import timeline_photo

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
OFFICE, PDFTOTEXT = shutil.which("soffice"), shutil.which("pdftotext")


def needs(**tools):
    """Skip loudly where a program is missing."""
    missing = [name for name, found in tools.items() if not found]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)} (apt-get install)")


def read(pdf):
    """The text of a PDF, lines joined: where a line breaks is the layout's affair."""
    done = subprocess.run([PDFTOTEXT, "-layout", pdf, "-"], capture_output=True, text=True, check=True, timeout=60)
    return "".join(done.stdout.split())


def write(folder, name, document, lang):
    report = Report.of(document, LABELS, lang, timeline=timeline_photo(document, LABELS, lang))
    path = folder / f"report{FORMATS[name].suffix}"
    path.write_bytes(FORMATS[name].render(report))
    return path


def printed(folder, document, lang):
    page, pdf = write(folder, "html", document, lang), folder / "report.pdf"
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
        f"--user-data-dir={folder / 'profile'}",
    ]
    subprocess.run(
        [CHROMIUM, *options, f"--print-to-pdf={pdf}", page.as_uri()], capture_output=True, check=True, timeout=120
    )
    return read(pdf)


@needs(chromium=CHROMIUM, pdftotext=PDFTOTEXT)
@pytest.mark.live
@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ["检测报告", "发现1", "191号3.1", "签署", "未能看到的内容"]), ("en", ["Signatures"])]
)
def test_the_page_prints_whole_with_its_pages_numbered(tmp_path, lang, words):
    document = loan_document()
    text = printed(tmp_path, document, lang)
    for word in [*words, *(finding["id"] for finding in document["findings"])]:
        assert word in text, word


@needs(chromium=CHROMIUM, pdftotext=PDFTOTEXT)
@pytest.mark.live
def test_hostile_text_prints_as_text(tmp_path):
    text = printed(tmp_path, hostile_document(POISONS["html"] + POISONS["right_to_left"]), "en")
    assert "<script>window.pwned=1</script>" in text
    assert "\\u202e" in text


@needs(soffice=OFFICE, pdftotext=PDFTOTEXT)
@pytest.mark.live
def test_the_word_document_opens_in_an_office_with_hostile_text_in_every_field(tmp_path):
    poison = POISONS["html"] + POISONS["ansi"] + POISONS["xml"] + POISONS["nul_and_surrogate"]
    path = write(tmp_path, "docx", hostile_document(poison), "zh")
    options = ["--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--convert-to", "pdf"]
    subprocess.run([OFFICE, *options, "--outdir", tmp_path, path], capture_output=True, check=True, timeout=180)
    text = read(tmp_path / "report.pdf")
    for word in ("检测报告", "时间线", "签署", "<script>window.pwned=1</script>", "\\x1b[31m", "\\ud800"):
        assert word in text, word
