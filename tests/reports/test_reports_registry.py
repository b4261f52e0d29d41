"""Formats are listed in one place and load only when used."""

import subprocess
import sys

import pytest

from pia_runtime.errors import UsageError
from pia_runtime.reports.registry import format_named


def test_an_unknown_format_names_those_there_are():
    with pytest.raises(
        UsageError, match="choose one of html, xlsx, docx, md, json, csv, parquet, sarif, junit, notice"
    ):
        format_named("pdf")


def test_listing_the_formats_loads_no_renderer():
    heavy = "('rich', 'jinja2', 'yaml', 'pandas', 'docx', 'xlsxwriter')"
    script = f"import sys, pia_runtime.reports.registry; print([name for name in {heavy} if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
        == "[]"
    )
