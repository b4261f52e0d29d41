"""What the pages point to is there: links, and files of the project that they name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "captures/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "benchmarks").rglob("*.md")),
]
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
NAMED = re.compile(r"(?<![\w./-])((?:pia_runtime|docs|scripts|benchmarks|tests|hooks)/[\w./-]*\w)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_points_only_to_what_is_there(page):
    text = page.read_text(encoding="utf-8")
    links = {target for target in LINK.findall(text) if not (page.parent / target).exists()}
    files = {name for name in NAMED.findall(text) if not (ROOT / name).exists()}
    assert not links | files
