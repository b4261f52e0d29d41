"""SDK and frame knowledge: own entries win, every entry proves itself, licences stay apart."""

import pytest

from pia_runtime.detection.attribution_lint import lint_frames, lint_sdks
from pia_runtime.knowledge.data_file import ROOT, load_entries
from pia_runtime.knowledge.sdks import SdkIndex, load_sdks, longest_prefix, longest_suffix

FRAMES = list(load_entries("sdks", "frames"))
OWN = list(load_entries("sdks", "sdks"))


@pytest.fixture(scope="module")
def sdks() -> SdkIndex:
    return load_sdks()


def test_every_frame_entry_is_passed_over_by_its_examples_only(sdks):
    assert lint_frames(FRAMES, sdks) == []


def test_every_own_entry_leads_to_its_sdk_and_proves_it(sdks):
    assert lint_sdks(OWN, sdks) == []


def test_the_linter_names_what_is_wrong(sdks):
    entry = {"id": "x", "code_prefixes": ["com.nowhere"], "host_suffixes": ["umeng.com"], "counter_examples": []}
    frames = {
        "id": "y",
        "prefixes": ["java"],
        "examples": ["com.umeng.message.A.b(A:1)"],
        "counter_examples": ["java.A.b"],
    }
    assert lint_sdks([("own.yaml: x", entry)], sdks) == [
        "own.yaml: x: prefix com.nowhere does not lead to x",
        "own.yaml: x: host umeng.com does not lead to x",
    ]
    assert lint_frames([("f.yaml: y", frames)], sdks) == [
        "f.yaml: y: example com.umeng.message.A.b(A:1) is not passed over",
        "f.yaml: y: counter-example java.A.b is passed over",
    ]


def test_unverified_prefixes_are_not_used(sdks):
    entry = next(entry for _, entry in OWN if entry["id"] == "umeng_analytics")
    assert "com.umeng.umcrash" in entry["code_prefixes_unverified"]
    assert "com.umeng.umcrash" not in sdks.prefixes


def test_a_public_list_never_takes_code_from_an_own_entry(sdks):
    assert sdks.prefixes["com.facebook"].id == "facebook"
    assert "com.facebook.appevents" not in sdks.prefixes


def test_a_public_list_names_a_tracker_that_no_own_entry_covers(sdks):
    found = longest_prefix("com.databerries.sdk.Tracker.start", sdks.prefixes)
    assert found is not None
    assert (found[1].name, found[1].source) == ("Teemo", "exodus")


def test_an_entry_of_a_public_list_joins_the_own_sdk_that_it_describes(sdks):
    assert sdks.prefixes["com.adjust.android.sdk"].id == "adjust"


def test_suffixes_end_at_labels(sdks):
    assert longest_suffix("notumeng.com", {"umeng.com": 1}) is None
    assert longest_suffix("a.umeng.com", {"umeng.com": 1}) == ("umeng.com", 1)


def test_each_public_list_names_its_licence_beside_it():
    text = (ROOT / "sdks" / "SOURCE.md").read_text(encoding="utf-8")
    assert all(word in text for word in ("ODbL 1.0", "Apache-2.0", "exodus.csv", "libchecker.csv"))
    assert "CC BY-SA 4.0" in (ROOT / "domains" / "SOURCE.md").read_text(encoding="utf-8")
