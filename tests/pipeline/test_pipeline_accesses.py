"""API reads, from a capture folder to detections and findings."""

import pytest
from capture_folders import ANDROID_ID, IMEI, call, consent, event, write_capture

from pia_runtime.pipeline import document_bytes
from pia_runtime.storage.analysis import analyse_capture


def analysed(tmp_path, *events, **files):
    return analyse_capture(write_capture(tmp_path / "run", events, **files))


def rows(document, *fields):
    return [tuple(item[field] for field in fields) for item in document["detections"]]


def test_a_read_before_the_choice_is_a_finding_under_its_clauses(tmp_path):
    document = analysed(
        tmp_path,
        consent(1, 1, "requested"),
        call(2, 2, ["imei"], IMEI, stack="com.riskeye.fraud.Probe.read(Probe.java:9)"),
        consent(3, 5.2, "given"),
    )
    assert rows(document, "act", "data", "phase", "verdict", "margin_ns") == [
        ("access", "imei", "before_choice", "without_consent", 3_200_000_000)
    ]
    (finding,) = document["findings"]
    assert (finding["rule"], finding["actor"]["id"], finding["count"]) == ("access_before_consent", "riskeye", 1)
    assert finding["clauses"] == ["191号 3.1", "PIPL 13", "PIPL 14", "PIPL 17", "条例 22", "164号 1.1"]
    assert finding["detections"] == [document["detections"][0]["id"]]


@pytest.mark.parametrize(
    "fields",
    [
        {"value": None},
        {"value": ""},
        {"value": []},
        {"value": "02:00:00:00:00:00"},
        {"value": {"ssid": "<unknown ssid>"}},
        {"value": None, "threw": "java.lang.SecurityException"},
    ],
)
def test_a_call_that_obtained_nothing_is_an_attempt(tmp_path, fields):
    document = analysed(tmp_path, call(1, 1, ["mac_wifi"], **fields), consent(2, 2, "given"))
    assert rows(document, "act") == [("attempt",)]
    assert [finding["severity"] for finding in document["findings"]] == ["low"]


def test_a_value_of_unexpected_shape_from_an_unknown_hook_is_still_an_access(tmp_path):
    odd = call(1, 1, ["contacts"], {"deep": [{"rows": 3}]}, hook="nobody.knows", api="x.Y.z")
    assert rows(analysed(tmp_path, odd), "act") == [("access",)]


def test_one_call_that_yields_several_kinds_of_data_is_several_detections(tmp_path):
    document = analysed(tmp_path, call(1, 1, ["ssid", "bssid"], {"ssid": "home", "bssid": "a4:2b:8c:11:22:33"}))
    assert sorted(rows(document, "data")) == [("bssid",), ("ssid",)]
    assert len({item["id"] for item in document["detections"]}) == 2


def test_questions_about_fixed_packages_and_the_own_one_are_no_access(tmp_path):
    api = "android.content.pm.PackageManager.getPackageInfo"
    document = analysed(
        tmp_path,
        call(1, 1, ["installed_apps"], {"p": 1}, api=api, args=["com.android.webview", 64]),
        call(2, 1, ["installed_apps"], {"p": 1}, api=api, args=["com.example.loan", 64]),
        call(3, 1, ["installed_apps"], {"p": 1}, api=api, args=["com.tencent.mm", 64]),
    )
    assert rows(document, "event") == [(3,)]


def test_without_any_consent_signal_nothing_is_called_a_violation_and_the_gap_is_stated(tmp_path):
    document = analysed(tmp_path, call(1, 1, ["imei"], IMEI))
    assert rows(document, "phase", "verdict") == [("unknown", "indeterminate")]
    assert [finding["rule"] for finding in document["findings"]] == ["no_prompt_seen", "order_undecided"]
    assert {finding["verdict"] for finding in document["findings"]} == {"indeterminate"}
    assert "no_consent_signal" in {spot["kind"] for spot in document["blind_spots"]}


def test_values_are_masked_and_committed_to_with_the_key_of_the_capture(tmp_path):
    folder = write_capture(tmp_path / "run", [call(1, 1, ["imei"], IMEI)])
    (folder / "commitment.key").write_text("00" * 32)
    text = document_bytes(analyse_capture(folder)).decode()
    assert IMEI not in text
    (detection,) = analyse_capture(folder)["detections"]
    import hashlib
    import hmac

    assert detection["commitment"] == hmac.new(bytes(32), b"imei\0" + IMEI.encode(), hashlib.sha256).hexdigest()
    assert analyse_capture(folder, reveal=True)["detections"][0]["value"] == IMEI


def test_a_torn_last_line_broken_lines_and_unknown_data_are_blind_spots_not_the_end(tmp_path):
    lines = [
        call(1, 1, ["android_id", "aura"], ANDROID_ID),
        {"seq": "2", "type": "note", "t_ns": 1},
        event(3, 1, "consent", signal="maybe", scope="policy", source="tap"),
        event(4, 1, "something_new"),
    ]
    folder = write_capture(tmp_path / "run", lines, tail='{"seq": 5, "typ')
    document = analyse_capture(folder)
    spots = {(spot["kind"], spot["detail"]) for spot in document["blind_spots"]}
    assert ("torn_line", "events.jsonl:5: cut off") in spots
    assert ("unknown_identifier", "aura") in spots
    assert sum(spot["kind"] == "invalid_event" for spot in document["blind_spots"]) == 3
    assert rows(document, "data") == [("android_id",)]


def test_lines_may_stand_in_any_order_and_the_document_is_the_same(tmp_path):
    lines = [consent(1, 1, "requested"), call(2, 2, ["imei"], IMEI), consent(3, 5, "given"), call(4, 6, ["imei"], IMEI)]
    one = analyse_capture(write_capture(tmp_path / "a", lines))
    two = analyse_capture(write_capture(tmp_path / "b", lines[::-1]))
    assert document_bytes(one) == document_bytes(two)


def test_finding_ids_are_the_same_in_another_run_at_another_time(tmp_path):
    def run(name, shift):
        lines = [consent(1, 1 + shift, "requested"), call(2, 2 + shift, ["imei"], IMEI), consent(3, 9 + shift, "given")]
        return analyse_capture(write_capture(tmp_path / name, lines))["findings"][0]["id"]

    assert run("a", 0) == run("b", 4000)


def test_a_denied_permission_event_makes_a_later_read_of_its_data_a_finding(tmp_path):
    document = analysed(
        tmp_path,
        consent(1, 1, "given"),
        event(2, 2, "permission", permission="android.permission.READ_CONTACTS", result="denied"),
        call(3, 3, ["contacts"], [{"name": "张伟"}]),
    )
    assert [finding["rule"] for finding in document["findings"]] == ["access_after_refusal"]


def test_failed_hooks_and_gaps_are_counted_as_blind_spots_with_why_they_matter(tmp_path):
    document = analysed(
        tmp_path,
        event(1, 0, "hook_status", hook="a", status="installed", reason=None),
        event(2, 0, "hook_status", hook="b", status="failed", reason="no overload"),
        event(3, 1, "gap", kind="tls_failed", host="pinned.example", detail="refused"),
        event(4, 1, "gap", kind="tls_failed", host="pinned.example", detail="refused"),
    )
    spots = {spot["kind"]: spot for spot in document["blind_spots"]}
    assert (spots["tls_failed"]["host"], spots["tls_failed"]["count"]) == ("pinned.example", 2)
    assert spots["hook_failed"]["detail"] == "b"
    assert spots["tls_failed"]["why_it_matters"]
    assert (document["coverage"]["hooks_installed"], document["coverage"]["hooks_failed"]) == (1, 1)


def test_a_hook_that_was_switched_off_after_it_was_installed_is_a_failed_one(tmp_path):
    document = analysed(
        tmp_path,
        event(1, 0, "hook_status", hook="late", status="absent", reason="no class"),
        event(2, 1, "hook_status", hook="late", status="installed", reason=None),
        event(3, 1, "hook_status", hook="broken", status="installed", reason=None),
        event(4, 2, "hook_status", hook="broken", status="failed", reason="switched off"),
    )
    coverage = document["coverage"]
    assert (coverage["hooks_installed"], coverage["hooks_failed"], coverage["hooks_absent"]) == (1, 1, 0)
    assert [spot["detail"] for spot in document["blind_spots"] if spot["kind"] == "hook_failed"] == ["broken"]


def test_a_known_value_in_a_dialog_or_in_trouble_is_masked_too(tmp_path):
    known = [
        {"id": "phone_number", "value": "13800138000"},
        {"id": "location_precise", "value": {"lat": 1, "lon": 2, "acc": 5}},
    ]
    document = analysed(
        tmp_path,
        consent(1, 1, "given", text="手机号 13800138000 一键登录", err_ns=1.5),
        event(2, 1, "gap", kind="undecodable", host="a.example", detail="near 13800138000"),
        {"seq": "13800138000", "type": "note", "t_ns": 1},
        identifiers=known,
    )
    assert "13800138000" not in document_bytes(document).decode()
    assert document["consent"][0]["state"] == "given"


def test_an_unknown_kind_of_data_is_a_blind_spot_and_never_a_detection(tmp_path):
    document = analysed(tmp_path, call(1, 1, ["zz1"], "a-value-that-is-long-enough-77"))
    assert document["detections"] == []
    assert [finding["rule"] for finding in document["findings"]] == ["no_prompt_seen"]
    assert ("unknown_identifier", "zz1") in {(spot["kind"], spot["detail"]) for spot in document["blind_spots"]}


QUERY = {"hook": "content.query", "api": "android.content.ContentResolver.query", "args": ["content://sms"]}
CURSOR = {**QUERY, "api": "android.database.Cursor.getString"}


@pytest.mark.parametrize(
    ("changed", "events"),
    [
        ({}, [(1,)]),
        ({"args": ["content://sms/sent"]}, [(1,), (2,)]),
        ({"stack": "com.riskeye.fraud.Probe.read(Probe.java:9)"}, [(1,), (2,)]),
    ],
    ids=["its own query", "another query", "somebody else's query"],
)
def test_what_is_read_from_a_cursor_is_one_act_with_its_own_query_only(tmp_path, changed, events):
    read = {"stack": "com.example.loan.Main.onCreate(Main.java:3)", **CURSOR, **changed}
    document = analysed(
        tmp_path,
        call(1, 1, ["sms"], {"rows": 3}, **QUERY),
        call(2, 1.5, ["sms"], {"body": ["your code is 4711"]}, **read),
    )
    assert sorted(rows(document, "event")) == events


def test_a_cursor_read_whose_query_was_not_seen_is_an_act_of_its_own(tmp_path):
    document = analysed(tmp_path, call(2, 1.5, ["sms"], {"body": ["your code is 4711"]}, **CURSOR))
    assert rows(document, "event", "act") == [(2, "access")]


def test_what_only_the_systems_code_read_is_recorded_and_in_no_finding(tmp_path):
    by = {"stack": "android.app.ActivityThread.main(ActivityThread.java:7)"}
    document = analysed(
        tmp_path, consent(1, 1, "requested"), call(2, 2, ["imei"], IMEI, **by), consent(3, 5.2, "given")
    )
    assert [(item["data"], item["actor"]["kind"]) for item in document["detections"]] == [("imei", "system")]
    assert document["findings"] == []
