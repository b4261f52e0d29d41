"""Every pattern entry proves itself: its examples match, its counter-examples do not."""

import pytest

from pia_runtime.detection.patterns import PatternDetector
from pia_runtime.detection.validators import VALIDATORS
from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge import patterns as module
from pia_runtime.knowledge.data_file import ROOT, load_entries, load_yaml
from pia_runtime.knowledge.patterns import load_patterns, load_positions
from pia_runtime.knowledge.taxonomy import load_taxonomy
from pia_runtime.model.detection import Leaf
from pia_runtime.model.flow import Flow

ENTRIES = list(load_entries("patterns", "patterns"))
POSITIONS = load_yaml(ROOT / "patterns" / "patterns.yaml")["positions"]
FLOW = Flow("f", 1_763_884_800_000_000_000, 1000, "POST", "https", "x.example", 443, b"/", "HTTP/1.1", (), None)


@pytest.fixture(scope="module")
def detector() -> PatternDetector:
    return PatternDetector(load_patterns(), load_positions())


def field(key: object, value: object) -> Leaf:
    return Leaf("request.body", (f"form:{key}",), str(key), str(value).encode())


def found(detector: PatternDetector, *leaves: Leaf) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for match in detector.detect(FLOW, leaves):
        values.setdefault(match.source, []).append(match.value)
    return values


EXAMPLES = [(entry, case) for _, entry in ENTRIES for case in entry["examples"]]
COUNTER_EXAMPLES = [(entry, case) for _, entry in ENTRIES for case in entry["counter_examples"]]


@pytest.mark.parametrize(("entry", "case"), EXAMPLES, ids=[f"{e['id']}-{c['value']}" for e, c in EXAMPLES])
def test_an_example_is_found(entry, case, detector):
    assert case["found"] in found(detector, field(case["key"], case["value"])).get(entry["id"], [])


@pytest.mark.parametrize(
    ("entry", "case"), COUNTER_EXAMPLES, ids=[f"{e['id']}-{c['value']}" for e, c in COUNTER_EXAMPLES]
)
def test_a_counter_example_is_no_hit_of_its_entry(entry, case, detector):
    assert entry["id"] not in found(detector, field(case["key"], case["value"]))


def leaves_of(case: dict) -> list[Leaf]:
    return [field(*pair) for pair in case["pair"]] if "pair" in case else [field(case["key"], case["value"])]


@pytest.mark.parametrize("case", POSITIONS["examples"], ids=str)
def test_an_example_of_a_position_is_found(case, detector):
    assert found(detector, *leaves_of(case)) == {"position": [case["found"]]}


@pytest.mark.parametrize("case", POSITIONS["counter_examples"], ids=str)
def test_a_counter_example_of_a_position_is_no_hit(case, detector):
    assert found(detector, *leaves_of(case)) == {}


def test_every_pattern_speaks_of_known_data_and_an_existing_validator():
    taxonomy = load_taxonomy()
    for pattern in load_patterns():
        assert pattern.data in taxonomy, pattern.id
        assert pattern.validator in VALIDATORS, pattern.id


def test_every_entry_names_its_source_and_both_kinds_of_examples():
    assert all(entry["source"] and entry["examples"] and entry["counter_examples"] for _, entry in ENTRIES)


def test_a_broken_entry_is_named(monkeypatch):
    entry = {"id": "x", "data": "imei", "form": "(", "validator": "imei", "keys": ["imei"], "confidence": "likely"}
    monkeypatch.setattr(module, "load_entries", lambda *_: [("patterns.yaml: x", entry)])
    with pytest.raises(KnowledgeError, match=r"patterns\.yaml: x: form is no regular expression"):
        load_patterns()
