"""An authority's checklist: items are mapped by rule, provision or words, and closed only where their fault is fixed."""

import csv
import io
import json

import openpyxl
import pytest
from judgement_cases import Case, write_case

from pia_runtime.cli.main import run
from pia_runtime.errors import InputError, UsageError
from pia_runtime.knowledge.checklists import clauses_named, load_wordings
from pia_runtime.storage.analysis import load_toolbox
from pia_runtime.storage.checklist import check_list
from pia_runtime.storage.checklist_file import read_checklist

IMEI = "356938035643809"
REQUESTED = {"at": 1, "type": "consent", "signal": "requested", "scope": "policy", "source": "tap"}
GIVEN = {"at": 6, "type": "consent", "signal": "given", "scope": "policy", "source": "tap"}
INSTALLED = {"at": 0, "type": "hook_status", "hook": "telephony.device_id", "status": "installed"}


def read(at, data="imei", value=IMEI):
    return {
        "at": at, "type": "api_call", "hook": "telephony.device_id", "api": "android.telephony.TelephonyManager.getDeviceId",
        "data": [data], "value": value, "process": "com.example.loan", "foreground": True, "stack": ["com.example.loan.Start.run(Start.java:7)"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    contents = {
        "bad": [INSTALLED, REQUESTED, read(2), GIVEN],
        "good": [INSTALLED, REQUESTED, GIVEN, read(8)],
        "blind": [REQUESTED, GIVEN],
    }
    return {
        name: write_case(Case("checklist", "positive", name, {"events": events}), place / name)
        for name, events in contents.items()
    }


def listed(tmp_path, rows, name="list.csv", encoding="utf-8"):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    path = tmp_path / name
    path.write_bytes(out.getvalue().encode(encoding))
    return str(path)


def states(document):
    return {item["number"]: item["state"] for item in document["items"]}


HEAD = ["编号", "问题描述", "依据", "规则", "个人信息类型"]
ROWS = [
    HEAD,
    ["a", "见依据", "191号 3.1", "", ""],
    ["b", "见依据", "3.1", "", "IMEI"],
    ["c", "", "", "access_before_consent", ""],
    ["d", "App未经用户同意收集IMEI", "", "", ""],
    ["e", "App未经用户同意收集OAID", "", "", ""],
    ["f", "违反《认定方法》第三条第（一）项", "", "", ""],
    ["g", "界面配色不佳", "", "", ""],
    ["h", "隐私政策难以阅读", "191号 1.4", "", ""],
]


def test_items_are_mapped_by_rule_by_provision_and_by_words(tmp_path, runs):
    document = check_list(listed(tmp_path, ROWS), runs["bad"])
    mapped = {item["number"]: (item["mapped_by"], item["data"]) for item in document["items"]}
    assert mapped == {
        "a": ("clause", []), "b": ("clause", ["imei"]), "c": ("rule", []), "d": ("wording", ["imei"]),
        "e": ("wording", ["oaid"]), "f": ("clause", []), "g": (None, []), "h": ("clause", []),
    }  # fmt: skip


def test_one_run_leaves_open_and_closes_nothing(tmp_path, runs):
    told = states(check_list(listed(tmp_path, ROWS), runs["bad"]))
    assert told == {**dict.fromkeys("abcdf", "open"), "e": "not_seen", "g": "not_mapped", "h": "person"}
    assert "closed" not in states(check_list(listed(tmp_path, ROWS), runs["good"])).values()


def test_two_runs_close_what_is_fixed_and_only_that(tmp_path, runs):
    told = states(check_list(listed(tmp_path, ROWS), runs["bad"], runs["good"]))
    assert told == {**dict.fromkeys("abcdf", "closed"), "e": "not_exercised", "g": "not_mapped", "h": "person"}


def test_what_came_back_or_stayed_is_open_and_what_had_no_chance_is_not_exercised(tmp_path, runs):
    source = listed(tmp_path, ROWS)
    assert states(check_list(source, runs["bad"], runs["bad"]))["a"] == "open"
    assert states(check_list(source, runs["good"], runs["bad"]))["a"] == "open"
    document = check_list(source, runs["bad"], runs["blind"])
    (item,) = [one for one in document["items"] if one["number"] == "a"]
    assert item["state"] == "not_exercised"
    assert "hook_missing" in {reason["code"] for reason in item["reasons"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_lists_are_read_as_chinese_spreadsheets_write_them(tmp_path, runs, encoding):
    title = [["关于某App的整改清单"], []]
    document = check_list(listed(tmp_path, [*title, *ROWS], encoding=encoding), runs["bad"])
    assert document["counts"]["open"] == 5


def test_a_workbook_is_read_like_a_table(tmp_path, runs):
    book = openpyxl.Workbook()
    book.active.append(["封面"])
    sheet = book.create_sheet("清单")
    for row in ROWS:
        sheet.append(row)
    book.save(tmp_path / "list.xlsx")
    assert states(check_list(str(tmp_path / "list.xlsx"), runs["bad"]))["b"] == "open"


def test_the_lists_that_ship_are_whole(runs):
    knowledge = load_toolbox().knowledge
    one, other = (read_checklist(name, knowledge, {}) for name in ("191", "164"))
    assert [item.number for item in one.items][0::30] == ["191号 1.1", "191号 6.5"]
    assert (len(one.items), len(other.items)) == (31, 8)
    document = check_list("191", runs["bad"])
    assert states(document)["191号 3.1"] == "open"
    assert document["counts"]["not_mapped"] == 0
    assert states(check_list("164", runs["bad"]))["164号 3.1"] == "person"


def test_the_words_that_are_known_prove_themselves():
    clauses = load_toolbox().knowledge.clauses
    assert all(one.fits(one.example) and not one.fits(one.counter_example) for one in load_wordings(clauses))


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("191号3.1、191号 4.4", ("191号 3.1", "191号 4.4")), ("《认定方法》第3条第1项", ("191号 3.1",)), ("164号文 2.2", ("164号 2.2",)),
        ("个人信息保护法第二十三条", ("PIPL 23",)), ("PIPL 13", ("PIPL 13",)), ("191号 3.10", ()), ("版本 3.1", ()), ("PIPL 1", ()),
        ("条例 22(一)", ("条例 22(一)",)),
    ],
)  # fmt: skip
def test_provisions_are_found_by_their_numbers_and_no_others(text, clauses):
    assert clauses_named(text, load_toolbox().knowledge.clauses) == clauses


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["a", "b"], ["1", "2"]], "no heading row"), ([HEAD], "holds no item"), ([HEAD, ["1", "x", "", "no_such", ""]], "row 2: rule"),
        ([HEAD, ["1", "x", "191号 3.1", "", "血型"]], "row 2: data"),
    ],
)  # fmt: skip
def test_a_list_that_is_none_is_one_clear_error(tmp_path, runs, rows, said):
    with pytest.raises(InputError, match=said):
        check_list(listed(tmp_path, rows), runs["bad"])


def test_broken_files_and_unknown_names_are_clear_errors(tmp_path, runs):
    for content in (b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old", b"\x80\xff\xff\xff"):
        (tmp_path / "x.xlsx").write_bytes(content)
        with pytest.raises(InputError):
            check_list(str(tmp_path / "x.xlsx"), runs["bad"])
    with pytest.raises(UsageError, match="the lists are 191, 164"):
        check_list("192", runs["bad"])


def test_the_gate_and_every_format(tmp_path, runs, capsys):
    source = listed(tmp_path, [HEAD, ["=cmd()", "App未经用户同意收集IMEI", "", "", ""]])
    arguments = ["checklist", source, str(runs["bad"])]
    assert run([*arguments, "--gate"]) == 1
    assert run([*arguments, str(runs["good"]), "--gate", "--strict"]) == 0
    assert run(["checklist", source, str(runs["good"]), "--gate"]) == 0
    assert run(["checklist", source, str(runs["good"]), "--gate", "--strict"]) == 1
    assert run([*arguments, "--strict"]) == 2
    for lang, word in (("zh", "未关闭"), ("en", "open")):
        capsys.readouterr()
        for name in ("table", "md", "csv"):
            assert run([*arguments, "--format", name, "--lang", lang, "-o", str(tmp_path / name)]) == 0
            assert word in (tmp_path / name).read_text(encoding="utf-8-sig")
    assert "'=cmd()" in (tmp_path / "csv").read_text(encoding="utf-8-sig")
    assert run([*arguments, "--format", "xlsx", "-o", str(tmp_path / "o.xlsx")]) == 0
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "o.xlsx").active.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert run([*arguments, "--format", "json", "-o", str(tmp_path / "o.json")]) == 0
    assert json.loads((tmp_path / "o.json").read_text())["counts"]["open"] == 1
