"""Every tracker entry proves itself.

An example in an adapter file is a request in a short notation: ``url``, ``method`` and one of ``json`` (the body), ``form``
(fields; a list or object is sent as base64 of gzip of JSON) or neither; ``found`` maps field paths to the data there.
"""

import base64
import gzip
import json
from urllib.parse import urlencode

import pytest

from pia_runtime.decoding import decode_flow
from pia_runtime.detection.adapters import AdapterDetector
from pia_runtime.detection.field_path import field_names
from pia_runtime.knowledge.data_file import ROOT, load_entries, load_yaml
from pia_runtime.knowledge.sdks import load_sdks
from pia_runtime.knowledge.taxonomy import load_placeholders, load_taxonomy
from pia_runtime.knowledge.trackers import load_adapters, load_shapes
from pia_runtime.model.detection import Match
from pia_runtime.model.flow import Flow

ENTRIES = [pair for pair in load_entries("trackers", "adapters") if "examples" in pair[1]]
ADAPTERS = load_adapters()


def flow_of(request: dict) -> Flow:
    """The request as it would be recorded."""
    scheme, _, rest = request["url"].partition("://")
    host, _, target = rest.partition("/")
    kind, body = body_of(request)
    headers = ((b"content-type", kind),)
    return Flow("f", 0, 1000, request["method"], scheme, host, 443, b"/" + target.encode(), "HTTP/1.1", headers, body)


def body_of(request: dict) -> tuple[bytes, bytes]:
    if "json" in request:
        return b"application/json", json.dumps(request["json"]).encode()
    fields = {
        name: value if isinstance(value, str) else base64.b64encode(gzip.compress(json.dumps(value).encode()))
        for name, value in request.get("form", {}).items()
    }
    return b"application/x-www-form-urlencoded", urlencode(fields).encode()


def detect(detector: AdapterDetector, request: dict) -> list[Match]:
    flow = flow_of(request)
    return detector.detect(flow, decode_flow(flow).leaves)


@pytest.fixture(scope="module")
def detector() -> AdapterDetector:
    return AdapterDetector(ADAPTERS, load_shapes(), load_placeholders())


@pytest.mark.parametrize(("where", "entry"), ENTRIES, ids=[where for where, _ in ENTRIES])
def test_an_adapter_finds_all_and_only_what_its_examples_state(where, entry, detector):
    for example in entry["examples"]:
        request = example["request"]
        matches = detect(detector, request)
        found = {".".join(field_names(match.path)): match.data for match in matches}
        assert found == example["found"], where
        assert {match.source for match in matches} == {entry["id"]}


@pytest.mark.parametrize(("where", "entry"), ENTRIES, ids=[where for where, _ in ENTRIES])
def test_an_adapter_finds_nothing_in_its_counter_examples(where, entry, detector):
    for request in entry["counter_examples"]:
        assert detect(detector, request) == [], where


def test_every_adapter_speaks_of_known_data_and_a_known_sdk():
    taxonomy, sdks = load_taxonomy(), load_sdks().sdks
    for adapter in ADAPTERS:
        assert {place.data for place in adapter.data_paths} <= taxonomy.keys(), adapter.id
        assert adapter.sdk is None or adapter.sdk in sdks, adapter.id


def test_every_data_path_names_reason_and_source():
    assert all(place.reason and place.source for adapter in ADAPTERS for place in adapter.data_paths)


@pytest.mark.parametrize(("data", "entry"), load_yaml(ROOT / "trackers" / "shapes.yaml")["shapes"].items())
def test_a_shape_fits_its_example_and_not_its_counter_example(data, entry):
    shape = load_shapes()[data]
    assert shape.fullmatch(str(entry["example"]))
    assert not shape.fullmatch(str(entry["counter_example"]))


@pytest.mark.parametrize(
    ("adapter", "place"), [(a, p) for a in ADAPTERS for p in a.data_paths if a.id.startswith("trackhar-adjust")]
)
def test_a_converted_place_is_found_by_its_own_path(adapter, place):
    assert place.path
    assert not any("$" in name or "[" in name for name in place.path)
