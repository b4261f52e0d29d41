"""The catalog is compared with what public hook lists name."""

from pathlib import Path

import yaml

from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.catalog_coverage import coverage, watched_names
from pia_runtime.instrumentation.signatures.table import load_signatures

FACTS = yaml.safe_load((Path(__file__).parents[2] / "hooks" / "sources" / "public_lists.yaml").read_bytes())


def test_every_fact_names_known_lists_and_every_list_its_source_and_licence():
    named = [*FACTS["methods"].values(), *(lists for group in FACTS["excluded"] for lists in group["methods"].values())]
    assert {each for lists in named for each in lists} == FACTS["lists"].keys()
    assert all({"source", "commit", "licence"} <= facts.keys() for facts in FACTS["lists"].values())


def test_nothing_is_both_counted_and_left_out_and_what_is_left_out_has_a_reason():
    excluded = [name for group in FACTS["excluded"] for name in group["methods"]]
    assert set(excluded) & FACTS["methods"].keys() == set()
    assert len(excluded) == len(set(excluded))
    assert all(len(group["reason"]) > 10 for group in FACTS["excluded"])


def test_what_two_lists_agree_on_and_the_catalog_lacks_is_told_apart_from_what_one_names():
    methods = {
        "a.B.agreed": ["x", "y"],
        "a.B.single": ["x"],
        "android.telephony.TelephonyManager.getImei": ["x", "y", "z"],
    }
    found = coverage(load_catalog(), methods, load_signatures())
    assert (found.agreed_missing, found.single_missing) == (("a.B.agreed",), ("a.B.single",))
    assert found.agreed == ("a.B.agreed", "android.telephony.TelephonyManager.getImei")


def test_a_method_counts_as_watched_under_the_class_that_carries_its_code_and_where_it_is_inherited():
    names = watched_names(load_catalog())
    assert "android.app.ApplicationPackageManager.getInstalledPackages" in names
    assert "android.os.Build.SERIAL" in names
    methods = {"android.app.ApplicationPackageManager.getInstalledPackages": ["x"]}
    assert coverage(load_catalog(), methods, load_signatures()).single_missing == ()


def test_whatever_two_public_lists_agree_on_is_in_the_catalog():
    found = coverage(load_catalog(), FACTS["methods"], load_signatures())
    assert found.agreed_missing == ()
    assert len(found.agreed) > 100


def test_nearly_everything_that_a_single_public_list_names_is_in_the_catalog():
    found = coverage(load_catalog(), FACTS["methods"], load_signatures())
    assert len(found.single_missing) <= len(found.single) // 20, found.single_missing
