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


def test_every_kind_of_data_can_be_seen_being_read_or_is_stated_as_unreadable():
    catalog = load_catalog()
    assert catalog.kinds_left_out(load_taxonomy()) == []
    assert {each.data for each in catalog.unreadable} == {"traveller_type"}


def test_a_kind_of_data_without_a_way_is_told(tmp_path):
    assert load_catalog(write(tmp_path, ENTRY)).kinds_left_out(["imei", "gaid"]) == ["gaid"]


def test_what_a_call_leads_to_is_listed_and_never_told(tmp_path):
    leads = ENTRY.replace("data: [imei]", "event: record\n    leads_to: [imei]")
    catalog = load_catalog(write(tmp_path, leads))
    assert catalog.documents()[0]["data"] == ["imei"]
    assert catalog.entries["demo.get"].data_of([]) == ()
    assert catalog.kinds_left_out(["imei"]) == ["imei"]


def test_an_entry_that_yields_data_leads_to_nothing_else(tmp_path):
    with pytest.raises(KnowledgeError, match="leads_to is for entries that yield no data by themselves"):
        load_catalog(write(tmp_path, ENTRY + "    leads_to: [gaid]\n"))


@pytest.mark.parametrize(
    ("hint", "type_", "hints", "data"),
    [
        ("请输入手机号", "2", None, {"phone_number"}),
        ("请输入本人银行卡号", "2", None, {"bank_card_number"}),
        ("身份证号码", "1", None, {"id_card_number"}),
        ("短信验证码", "2", None, {"password"}),
        ("紧急联系人姓名", "1", None, {"contacts"}),
        ("车牌号", "1", None, {"vehicle_plate"}),
        ("Date of birth", "20", None, {"age_or_birthdate"}),
        (None, "129", None, {"password"}),
        (None, "33", "emailAddress", {"email_address"}),
        ("备注", "1", None, set()),
        ("DRIVING SCHOOL", "1", None, set()),
        ("金额", "3", None, set()),
    ],
)
def test_a_text_field_says_what_the_person_types_into_it(hint, type_, hints, data):
    entry = load_catalog().entries["input.edit_text_get_text"]
    assert set(entry.data_of([None], [hint, type_, hints])) == data


def test_every_document_names_id_api_and_data():
    catalog = load_catalog()
    documents = [*catalog.documents(), *(item.document() for item in catalog.unwatchable)]
    assert all({"id", "api", "data", "source"} <= document.keys() for document in documents)
    assert all(document.get("trigger") or document["id"].startswith("native") for document in documents)


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
