"""Every tracker entry proves itself."""

import pytest

from pia_runtime.detection.adapters import AdapterDetector
from pia_runtime.detection.adapters_lint import lint_adapters
from pia_runtime.knowledge.data_file import ROOT, load_entries, load_yaml
from pia_runtime.knowledge.sdks import load_sdks
from pia_runtime.knowledge.taxonomy import load_placeholders, load_taxonomy
from pia_runtime.knowledge.trackers import load_adapters, load_shapes

ENTRIES = [pair for pair in load_entries("trackers", "adapters") if "examples" in pair[1]]
ADAPTERS = load_adapters()


@pytest.fixture(scope="module")
def detector() -> AdapterDetector:
    return AdapterDetector(ADAPTERS, load_shapes(), load_placeholders())


@pytest.mark.parametrize(("where", "entry"), ENTRIES, ids=[where for where, _ in ENTRIES])
def test_example_requests_give_all_and_only_what_they_state(where, entry, detector):
    assert entry["examples"]
    assert entry["counter_examples"]
    assert lint_adapters([(where, entry)], detector) == []


def test_the_linter_names_what_is_wrong(detector):
    request = {"url": "https://app.adjust.com/session", "method": "POST", "form": {"android_id": "5c0ffee15c0ffee1"}}
    wrong = {"id": "adjust_session", "examples": [{"request": request, "found": {}}], "counter_examples": [request]}
    assert lint_adapters([("t.yaml: adjust", wrong)], detector) == [
        "t.yaml: adjust: example https://app.adjust.com/session gives {'android_id': 'android_id'}, not {}",
        "t.yaml: adjust: counter-example https://app.adjust.com/session gives {'android_id': 'android_id'}",
    ]


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
