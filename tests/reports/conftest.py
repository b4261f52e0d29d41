"""Golden files of the text formats: ``pytest tests/reports --refresh-golden`` (or PIA_REFRESH_GOLDEN=1) writes them anew."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh-golden", action="store_true", help="write the golden files of the reports anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with its golden file, or write that file when asked to."""
    refresh = request.config.getoption("--refresh-golden", default=False) or os.environ.get("PIA_REFRESH_GOLDEN") == "1"

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if refresh:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"no golden file {name}; write it with: pytest tests/reports --refresh-golden"
        assert text == path.read_text(encoding="utf-8"), (
            f"{name} differs; if meant: pytest tests/reports --refresh-golden"
        )

    return compare
