"""One sealed capture for all tests of a process, and a copy of it for each."""

import pytest
from sealed_captures import copy, record, seal


@pytest.fixture(scope="session")
def sealed_once(tmp_path_factory):
    return seal(record(tmp_path_factory.mktemp("sealed") / "c"))


@pytest.fixture
def sealed(sealed_once, tmp_path):
    return copy(sealed_once, tmp_path / "c")
