"""Every pattern entry proves itself: its examples match, its counter-examples do not."""

import pytest

from pia_runtime.detection.patterns import PatternDetector
from pia_runtime.detection.patterns_lint import lint_patterns, lint_positions
from pia_runtime.detection.validators import VALIDATORS
from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge import patterns as module
from pia_runtime.knowledge.data_file import ROOT, load_entries, load_yaml
from pia_runtime.knowledge.patterns import load_patterns, load_positions
from pia_runtime.knowledge.taxonomy import load_taxonomy

ENTRIES = list(load_entries("patterns", "patterns"))
POSITIONS = load_yaml(ROOT / "patterns" / "patterns.yaml")["positions"]


@pytest.fixture(scope="module")
def detector() -> PatternDetector:
    return PatternDetector(load_patterns(), load_positions())


@pytest.mark.parametrize(("where", "entry"), ENTRIES, ids=[where for where, _ in ENTRIES])
def test_examples_are_found_and_counter_examples_are_not(where, entry, detector):
    assert lint_patterns([(where, entry)], detector) == []


def test_positions_prove_themselves_too(detector):
    assert lint_positions(POSITIONS, detector) == []


def test_the_linter_names_what_is_wrong(detector):
    case = {"key": "imei", "value": "356938035643809", "found": "356938035643809"}
    wrong = {"id": "imei", "examples": [{**case, "key": "order"}], "counter_examples": [case]}
    problems = lint_patterns([("p.yaml: imei", wrong)], detector)
    assert ["is not found" in problems[0], "is found as" in problems[1]] == [True, True]
    assert lint_patterns([("p.yaml: imei", {"id": "imei"})], detector) == [
        "p.yaml: imei: no examples",
        "p.yaml: imei: no counter_examples",
    ]


def test_every_pattern_speaks_of_known_data_and_an_existing_validator():
    taxonomy = load_taxonomy()
    for pattern in load_patterns():
        assert pattern.data in taxonomy, pattern.id
        assert pattern.validator in VALIDATORS, pattern.id


def test_every_entry_names_its_source():
    assert all(entry["source"] for _, entry in ENTRIES)


def test_a_broken_entry_is_named(monkeypatch):
    entry = {"id": "x", "data": "imei", "form": "(", "validator": "imei", "keys": ["imei"], "confidence": "likely"}
    monkeypatch.setattr(module, "load_entries", lambda *_: [("patterns.yaml: x", entry)])
    with pytest.raises(KnowledgeError, match=r"patterns\.yaml: x: form is no regular expression"):
        load_patterns()
