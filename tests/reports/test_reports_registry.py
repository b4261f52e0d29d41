"""Formats are listed in one place and load only when used."""

import subprocess
import sys

import pytest
from report_documents import LABELS, loan_document, silent_document

from pia_runtime.errors import UsageError
from pia_runtime.reports.registry import FORMATS, format_named


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("document", [loan_document(), silent_document()], ids=["ordinary", "silent"])
def test_every_format_renders_any_document_in_both_languages(name: str, document: dict):
    zh, en = (format_named(name).render(document, LABELS, lang) for lang in ("zh", "en"))
    assert zh
    assert zh != en


def test_an_unknown_format_names_those_there_are():
    with pytest.raises(UsageError, match="choose one of table, timeline, html"):
        format_named("pdf")


def test_listing_the_formats_loads_no_renderer():
    heavy = "('rich', 'jinja2', 'yaml', 'pandas')"
    script = f"import sys, pia_runtime.reports.registry; print([name for name in {heavy} if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
        == "[]"
    )
