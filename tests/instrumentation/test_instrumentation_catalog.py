"""The shipped catalog is whole, and a broken one says where."""

from pathlib import Path

import pytest

from pia_runtime.errors import KnowledgeError
from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.knowledge.taxonomy import load_taxonomy

ENTRY = """
  - id: demo.get
    api: a.b.C.get
    data: [imei]
    api_levels: "1-"
    trigger: call it
    source: somewhere
"""


def write(folder: Path, hooks: str, area: str = "demo") -> Path:
    (folder / "demo.yaml").write_text(f"area: {area}\nhooks:{hooks}", encoding="utf-8")
    return folder


def test_the_catalog_watches_at_least_25_apis_that_yield_personal_data():
    assert sum(bool(document["data"]) for document in load_catalog().documents()) >= 25


def test_every_taxonomy_id_of_the_catalog_exists():
    known = load_taxonomy().keys()
    assert [id_ for document in load_catalog().documents() for id_ in document["data"] if id_ not in known] == []


def test_every_document_names_id_api_and_data():
    assert all({"id", "api", "data"} <= document.keys() for document in load_catalog().documents())


def test_the_argument_decides_which_data_a_settings_read_yields():
    entry = load_catalog().entries["settings.secure_get_string"]
    assert entry.data_of([None, "android_id"]) == ("android_id",)
    assert entry.data_of([None, "screen_off_timeout"]) == ()


def test_the_longest_matching_prefix_of_a_uri_wins(tmp_path):
    by_argument = """
    data_by_argument: {index: 0, match: prefix, data: {"content://a": [sms], "content://a/b": [contacts]}}
"""
    entry = load_catalog(write(tmp_path, ENTRY.replace("    data: [imei]\n", by_argument[1:]))).entries["demo.get"]
    assert entry.data_of(["content://a/b/1"]) == ("contacts",)
    assert entry.data_of(["content://a/1"]) == ("sms",)


def test_the_agent_hears_which_calls_to_leave_out():
    plan = {entry["id"]: entry for entry in load_catalog().plan()}
    (selector,) = plan["settings.secure_get_string"]["keys"]
    assert {"android_id", "bluetooth_address", "bluetooth_name"} <= set(selector["values"])
    assert plan["settings.secure_get_string"]["only"]
    assert not plan["telephony.get_imei"]["only"]


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (ENTRY.replace("demo.get", "other.get"), "must begin with demo."),
        (ENTRY.replace("a.b.C.get", "get"), "class.method"),
        (ENTRY.replace("    data: [imei]\n", ""), "name data or data_by_argument"),
        (ENTRY + "    colour: red\n", "colour"),
        (ENTRY + "    value: shiny\n", "value"),
        (ENTRY + "    value: {fields: {a: 'x y()'}}\n", "no path"),
        (ENTRY.replace('"1-"', "all"), "api_levels"),
        (ENTRY + ENTRY, "this id is taken"),
        (ENTRY + ENTRY.replace("demo.get", "demo.get2"), "also hooks a.b.C.get"),
        (" 3", "list `hooks`"),
    ],
)
def test_a_broken_entry_is_named_with_its_fault(tmp_path, broken, complaint):
    with pytest.raises(KnowledgeError, match="demo") as caught:
        load_catalog(write(tmp_path, broken))
    assert complaint in caught.value.message


def test_a_file_of_another_area_is_refused(tmp_path):
    with pytest.raises(KnowledgeError, match=r"demo\.yaml: area is 'wifi'"):
        load_catalog(write(tmp_path, ENTRY, area="wifi"))


def test_a_folder_without_a_catalog_is_an_error_not_an_empty_catalog(tmp_path):
    with pytest.raises(KnowledgeError, match="no hook catalog"):
        load_catalog(tmp_path)
