"""What an app says of itself, read as people have it and compared with what was seen."""

import csv
import json
import os
import subprocess
import sys

import pytest

from pia_runtime.errors import InputError
from pia_runtime.storage.analysis import analyse_capture, load_toolbox
from pia_runtime.storage.declaring import read_declaration_file, write_declaration

BASE = 1_763_884_800_000_000_000
TWO_LISTS = """
source: 隐私政策 2026-05-01 版
已收集个人信息清单:
  - {data: 手机号码, by: app, function: basic, purpose: 注册}
  - data: [contacts, location_precise]
    by: app
    function: extended
与第三方共享个人信息清单:
  - {data: oaid, to: 星火广告（示例）}
  - {data: installed_apps, to: riskeye}
"""


def declared(tmp_path, text, name="declared.yaml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    toolbox = load_toolbox()
    return read_declaration_file(path, toolbox.knowledge.taxonomy, toolbox.sdks.sdks)


def capture(folder, *reads):
    folder.mkdir()
    lines = [{"seq": 0, "type": "consent", "t_ns": BASE, "signal": "given", "scope": "policy", "source": "tap"}]
    lines += [
        {"seq": seq, "type": "api_call", "t_ns": BASE + seq * 10**9, "hook": "h", "api": "a.B.c", "data": [data],
         "args": [], "value": "some-value-77", "threw": None, "stack": [stack]}
        for seq, (data, stack) in enumerate(reads, 1)
    ]  # fmt: skip
    (folder / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "session.json").write_text(
        json.dumps({"schema": "pia.session/1", "app": {"package": "com.example.loan"}})
    )
    return folder


APP, ADS, RISK = (
    "com.example.loan.Main.a(Main.java:1)",
    "cn.adspark.sdk.C.c(C.java:4)",
    "com.riskeye.fraud.P.s(P.java:7)",
)


def test_the_two_lists_are_read_with_chinese_names_and_keys(tmp_path):
    declaration = declared(tmp_path, TWO_LISTS)
    assert declaration.kind == "two_lists"
    assert declaration.source == "隐私政策 2026-05-01 版"
    assert [(item.data, item.by, item.function) for item in declaration.items] == [
        ("phone_number", "app", "basic"),
        ("contacts", "app", "extended"),
        ("location_precise", "app", "extended"),
        ("oaid", "sdk:adspark", None),
        ("installed_apps", "sdk:riskeye", None),
    ]


def test_declared_and_seen_are_compared_per_sdk(tmp_path):
    folder = capture(tmp_path / "run", ("phone_number", APP), ("oaid", ADS), ("gaid", ADS), ("oaid", RISK))
    write_declaration(folder, declared(tmp_path, TWO_LISTS))
    rows = {(row["by"], row["data"]): row["result"] for row in analyse_capture(folder)["declaration"]["rows"]}
    assert rows == {
        ("app", "phone_number"): "declared_and_seen",
        ("sdk:adspark", "oaid"): "declared_and_seen",
        ("sdk:adspark", "gaid"): "seen_not_declared",
        ("sdk:riskeye", "oaid"): "seen_not_declared",
        ("app", "contacts"): "declared_not_seen",
        ("app", "location_precise"): "declared_not_seen",
        ("sdk:riskeye", "installed_apps"): "declared_not_seen",
    }


def play_export(path, *ticked):
    header = ["Question ID (machine readable)", "Response ID (machine readable)", "Response value",
              "Answer requirement", "Human-friendly question label"]  # fmt: skip
    shared = "PSL_DATA_USAGE_RESPONSES:{}:PSL_DATA_USAGE_COLLECTION_AND_SHARING"
    rows = [["PSL_DATA_TYPES_LOCATION", "PSL_PRECISE_LOCATION", "", "MULTIPLE_CHOICE", "Location / Precise location"],
            ["PSL_DATA_TYPES_CONTACTS", "PSL_CONTACTS", "", "MULTIPLE_CHOICE", "Contacts"]]  # fmt: skip
    rows += [["PSL_DATA_TYPES_IDENTIFIERS", name, "true", "MULTIPLE_CHOICE", name] for name, _ in ticked]
    rows += [[shared.format(name), "PSL_DATA_USAGE_ONLY_SHARED", "true" if on else "", "", ""] for name, on in ticked]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_what_is_ticked_in_a_data_safety_export_is_declared_and_says_whether_it_is_shared(tmp_path):
    path = play_export(tmp_path / "data_safety.csv", ("PSL_DEVICE_ID", True), ("PSL_PHONE", False))
    toolbox = load_toolbox()
    declaration = read_declaration_file(path, toolbox.knowledge.taxonomy, toolbox.sdks.sdks)
    assert declaration.kind == "data_safety"
    by_data = {item.data: item.shared for item in declaration.items}
    assert by_data["gaid"] is True
    assert by_data["phone_number"] is False
    assert not {"contacts", "location_precise"} & set(by_data)


def test_a_data_safety_form_brings_the_rules_of_the_store(tmp_path):
    folder = capture(tmp_path / "run", ("contacts", APP))
    toolbox = load_toolbox()
    path = play_export(tmp_path / "d.csv", ("PSL_DEVICE_ID", True))
    write_declaration(folder, read_declaration_file(path, toolbox.knowledge.taxonomy, toolbox.sdks.sdks))
    assert analyse_capture(folder)["regimes"] == ["cn", "play"]


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("collected: [shoe_size]", "a.yaml", "'shoe_size' is no kind of data"),
        ("collected: {imei: yes}", "a.yaml", "expected a list"),
        ("- imei", "a.yaml", "expected `collected:`"),
        ("collected: [{by: app}]", "a.yaml", "collected[0]"),
        ("collected: [{data: imei, sent: perhaps}]", "a.yaml", "sent"),
        ("collected: [{data: [[imei]]}]", "a.yaml", "names, not lists"),
        ("a: &a [x]\nb: [*a", "a.yaml", "not valid YAML"),
        ("one,two\n1,2\n", "a.csv", "not an export of the Data safety form"),
    ],
)
def test_a_file_that_is_no_declaration_is_one_clear_error(tmp_path, text, name, said):
    with pytest.raises(InputError, match=r".+") as error:
        declared(tmp_path, text, name)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_sealed_capture_is_not_written_to(tmp_path):
    folder = capture(tmp_path / "run", ("imei", APP))
    (folder / "evidence.json").write_text("{}")
    with pytest.raises(InputError, match="sealed"):
        write_declaration(folder, declared(tmp_path, "collected: [imei]"))


def test_the_command_stores_the_declaration_and_prints_the_comparison(tmp_path):
    folder = capture(tmp_path / "run", ("imei", APP), ("gaid", ADS))
    (tmp_path / "d.yaml").write_text("collected: [{data: imei, by: app}, {data: sms}]\n")
    command = [
        sys.executable,
        "-c",
        "from pia_runtime.cli.main import main; main()",
        "declare",
        folder,
        tmp_path / "d.yaml",
    ]
    run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
    assert run.returncode == 0, run.stderr
    assert (folder / "declaration.json").stat().st_mode & 0o777 == 0o600
    told = run.stdout.splitlines()
    assert any("IMEI" in line and "declared and seen" in line for line in told)
    assert any("seen, not declared" in line for line in told)
    assert any("declared, not seen" in line for line in told)
