"""The catalog is held to the public SDK's real signatures, level by level."""

import gzip
import hashlib
from pathlib import Path

import pytest
import yaml

from pia_runtime.instrumentation import signatures
from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.catalog_entry import HookEntry
from pia_runtime.instrumentation.catalog_unwatchable import Unwatchable, load_unwatchable
from pia_runtime.instrumentation.signatures.check import check_entry, check_unwatchable
from pia_runtime.instrumentation.signatures.table import fits, format_levels, load_signatures, parse_levels

FOLDER = Path(signatures.__file__).parent
TELEPHONY = "android.telephony.TelephonyManager"


def entry(api: str, **fields: object) -> HookEntry:
    given = {"id": "demo.get", "data": ["imei"], "api_levels": "26-", "trigger": "call it", "source": "docs"}
    return HookEntry.model_validate({**given, "api": api, **fields})


def problems(api: str, **fields: object) -> tuple[str, ...]:
    return check_entry(entry(api, **fields), load_signatures()).problems


def test_the_whole_catalog_agrees_with_the_sdk():
    checks = [check_entry(each, load_signatures()) for each in load_catalog().entries.values()]
    assert [(check.id, check.problems) for check in checks if check.problems] == []
    assert sum(1 for check in checks if check.checked) > 0.5 * len(checks)


def test_everything_that_cannot_be_watched_agrees_with_the_sdk():
    checks = [check_unwatchable(each, load_signatures()) for each in load_catalog().unwatchable]
    assert [(check.id, check.problems) for check in checks if check.problems] == []
    assert "android.os.Build.SERIAL" in {each.api for each in load_catalog().unwatchable}


def test_the_data_is_what_sources_yaml_says_with_its_licences_beside_it():
    sources = yaml.safe_load((FOLDER / "sources.yaml").read_text())
    text = gzip.decompress((FOLDER / "android.txt.gz").read_bytes())
    assert hashlib.sha256(text).hexdigest() == sources["text_sha256"]
    assert all((FOLDER / source["text"]).stat().st_size > 500 and source["sha256"] for source in sources["sources"])
    assert sources["levels"] == list(range(17, 38))


def test_an_overload_has_the_levels_that_the_platform_gave_it():
    overloads = {
        each.arguments: format_levels(each.levels) for each in load_signatures().overloads(TELEPHONY, "getDeviceId")
    }
    assert overloads == {(): "17-37", ("int",): "23-37"}
    query = load_signatures().overloads("android.content.ContentResolver", "query")
    assert sorted(format_levels(each.levels) for each in query) == ["17-37", "17-37", "26-37"]


def test_what_is_inherited_is_found_and_what_the_class_redefines_counts_once():
    table = load_signatures()
    assert table.overloads("android.app.Application", "getPackageManager")
    assert len(table.overloads("android.os.Bundle", "getString")) == 2
    assert table.field("android.app.ActivityManager$RunningTaskInfo", "topActivity") is not None


def test_a_level_at_which_the_method_is_absent_is_named():
    assert problems(f"{TELEPHONY}.getImei", api_levels="23-") == (
        f"the method {TELEPHONY}.getImei is not in the SDK at API 23-25, which api_levels claims",
    )


def test_a_misspelt_method_a_wrong_overload_and_an_unknown_class_are_refused():
    assert "the method" in problems(f"{TELEPHONY}.getImeii")[0]
    assert problems(f"{TELEPHONY}.getImei", overloads=[["long"]]) == (
        "no overload getImei(long) in the SDK at API 26-37",
    )
    assert "write `visibility: hidden` or `vendor`" in problems("android.telephony.Telephony.getImei")[0]


def test_an_overload_that_came_later_is_enough_only_for_its_own_levels():
    assert "API 17-22" in problems(f"{TELEPHONY}.getDeviceId", overloads=[["int"]], api_levels="17-")[0]
    assert problems(f"{TELEPHONY}.getDeviceId", overloads=[[], ["int"]], api_levels="17-") == ()


def test_a_hidden_entry_that_is_public_is_refused_and_a_truly_hidden_one_is_left_unchecked():
    assert "is public at API" in problems(f"{TELEPHONY}.getImei", visibility="hidden")[0]
    check = check_entry(entry("android.os.SystemProperties.get", visibility="hidden"), load_signatures())
    assert (check.problems, check.checked, min(check.unchecked)) == ((), frozenset(), 26)


def test_a_hooked_class_that_is_public_must_have_the_method():
    hooked = ["android.content.pm.PackageInfo"]
    found = problems("android.content.pm.PackageManager.getInstalledPackages", hooked_classes=hooked)
    assert found == ("hooked class android.content.pm.PackageInfo is public but has no getInstalledPackages",)


def test_levels_without_a_source_are_unchecked_not_accepted():
    check = check_entry(entry(f"{TELEPHONY}.getDeviceId", api_levels="1-"), load_signatures())
    assert (check.problems, format_levels(check.checked), format_levels(check.unchecked)) == ((), "17-37", "1-16")


def test_a_package_that_a_source_leaves_out_is_unchecked_there():
    api = "android.media.session.MediaSessionManager.getActiveSessions"
    check = check_entry(entry(api, api_levels="21-"), load_signatures())
    assert (check.problems, format_levels(check.checked), format_levels(check.unchecked)) == (
        (),
        "21-32, 36",
        "33-35, 37",
    )


def test_a_field_that_the_sdk_does_not_have_is_refused():
    item = {"id": "unwatchable.x", "data": ["serial"], "why": "w", "instead": "i", "api_levels": "17-", "source": "s"}
    wrong = Unwatchable.model_validate({**item, "api": "android.os.Build.SERIALS"})
    assert check_unwatchable(wrong, load_signatures()).problems == (
        "android.os.Build.SERIALS is not in the SDK at API 17-37",
    )


@pytest.mark.parametrize(
    ("exact", "given", "answer"),
    [
        ("int", "number", True),
        ("long", "number", True),
        ("boolean", "number", False),
        ("java.lang.CharSequence", "string", True),
        ("java.lang.String", "number", False),
        ("[B", "number[]", True),
        ("[Ljava.lang.String;", "string[]", True),
        ("[Ljava.lang.String;", "string", False),
        ("java.util.function.Consumer", "any", True),
        ("int", "any", False),
        ("android.content.ClipData$Item", "android.content.ClipData.Item", True),
    ],
)
def test_an_exact_type_fits_what_a_folded_one_may_stand_for(exact: str, given: str, answer: bool):
    assert fits(exact, given) is answer


def test_levels_are_read_and_written_as_runs():
    assert format_levels(parse_levels("17-19,21,23-24")) == "17-19, 21, 23-24"


def test_a_broken_list_of_unwatchable_things_names_its_entry(tmp_path):
    (tmp_path / "unwatchable.yaml").write_text("unwatchable: [{id: unwatchable.x, api: a.B.c, data: []}]")
    with pytest.raises(Exception, match=r"unwatchable\.yaml: data"):
        load_unwatchable(tmp_path)
