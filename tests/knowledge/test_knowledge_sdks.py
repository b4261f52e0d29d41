"""SDK and frame knowledge: own entries win, every entry proves itself, licences stay apart."""

import pytest

from pia_runtime.detection.attribution import actor_of_host, actor_of_stack
from pia_runtime.knowledge.data_file import ROOT, load_entries
from pia_runtime.knowledge.sdks import SdkIndex, load_sdks, longest_prefix, longest_suffix

FRAMES = list(load_entries("sdks", "frames"))
OWN = list(load_entries("sdks", "sdks"))


@pytest.fixture(scope="module")
def sdks() -> SdkIndex:
    return load_sdks()


@pytest.mark.parametrize(("where", "entry"), FRAMES, ids=[where for where, _ in FRAMES])
def test_every_frame_entry_is_passed_over_by_its_examples_only(where, entry, sdks):
    for frame in entry["examples"]:
        assert actor_of_stack([frame, "com.app.Main.run(Main.java:1)"], "com.app", sdks).kind == "app", where
    for frame in entry["counter_examples"]:
        name = frame.partition("(")[0]
        found = longest_prefix(name, sdks.prefixes)
        assert found is None or found[0] not in entry["prefixes"], where


@pytest.mark.parametrize(("where", "entry"), OWN, ids=[where for where, _ in OWN])
def test_every_own_prefix_and_host_leads_to_its_own_sdk_or_to_one_that_shares_it(where, entry, sdks):
    shared = {other["id"] for _, other in OWN}
    for prefix in entry["code_prefixes"]:
        actor = actor_of_stack([f"{prefix}.Probe.run(Probe.java:1)"], "", sdks)
        holders = {other["id"] for _, other in OWN if prefix in other["code_prefixes"]}
        assert actor.id in holders, where
    for host in (*entry.get("hosts", ()), *entry.get("host_suffixes", ())):
        assert actor_of_host(host, "", sdks).id in shared, where


@pytest.mark.parametrize(("where", "entry"), [pair for pair in OWN if "examples" in pair[1]])
def test_examples_of_an_sdk_match_it_and_counter_examples_do_not(where, entry, sdks):
    for frame in entry["examples"]:
        assert actor_of_stack([frame], "", sdks).id == entry["id"], where
    for frame in entry["counter_examples"]:
        assert actor_of_stack([frame], "", sdks).id != entry["id"], where


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
