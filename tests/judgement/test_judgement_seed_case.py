"""The case that began it all: a lending app takes contacts, app list and location before the user chose, and sends them."""

import pytest
from judgement_cases import BASE, Case, write_case

from pia_runtime.storage.analysis import analyse_capture

APP = ["com.example.loan.PreCheck.run(PreCheck.java:20)"]
CONTACT = {"name": "欧阳震华", "phones": ["13911112222"], "emails": []}
PACKAGES = ["com.bank.one", "org.mail.two", "net.chat.three", "io.game.four"]
PLACE = {"lat": 31.230416, "lon": 121.473701}
TAKEN = {"contacts": [CONTACT], "installed_apps": PACKAGES, "location_precise": PLACE}
SENTENCES = [
    "违反必要原则和《常见类型移动互联网应用程序必要个人信息范围规定》，收集与其提供的服务无关的个人信息",
    "未经用户同意收集使用个人信息",
]


def read(at, data, value):
    return {
        "at": at, "type": "api_call", "hook": "a.hook", "api": "android.Some.get", "data": [data], "args": [],
        "value": value, "threw": None, "stack": APP,
    }  # fmt: skip


def answer(at, signal):
    return {"at": at, "type": "consent", "signal": signal, "scope": "policy", "source": "tap"}


def seed_case(category=12, shift=0.0, sdk=False, host="api.loan.example", taken=TAKEN):
    """The run, at other times with ``shift``, by an SDK or to another host where asked for."""
    events = [answer(1 + shift, "requested")]
    events += [read(2 + shift + place / 10, data, value) for place, (data, value) in enumerate(taken.items())]
    if sdk:
        for event in events[1:]:
            event["stack"] = [f"{sdk}.Probe.scan(Probe.java:7)"]
    events.append(answer(5 + shift, "given"))
    body = {"contacts": [{"name": "欧阳震华", "phone": "13911112222"}], "apps": PACKAGES, "position": PLACE}
    known = [
        {"id": "contacts", "value": CONTACT},
        {"id": "installed_apps", "value": {"packages": PACKAGES}},
        {"id": "location_precise", "value": PLACE},
    ]
    content = {
        "session": {"app": {"package": "com.example.loan", "categories": [category]}, "started_ns": BASE},
        "identifiers": known,
        "events": events,
        "flows": [{"at": 3 + shift, "host": host, "target": "/v1/precheck", "body": body}],
    }
    return Case("seed", "positive", "seed", content)


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    return analyse_capture(write_case(seed_case(), tmp_path_factory.mktemp("seed") / "run"))


def under(document, rule):
    return [finding for finding in document["findings"] if finding["rule"] == rule]


def test_the_notice_lists_both_faults_in_its_own_words_item_by_item(document):
    assert [heading["wording"]["zh"] for heading in document["notice"]] == SENTENCES
    for heading in document["notice"]:
        items = {item["data"]: (item["acts"], item["hosts"]) for item in heading["items"]}
        assert items == {data: (["access", "transmission"], ["api.loan.example"]) for data in TAKEN}


def test_collection_before_the_choice_cites_3_1_for_every_item_read_and_sent(document):
    for act in ("access", "transmission"):
        found = under(document, f"{act}_before_consent")
        assert {finding["data"] for finding in found} == set(TAKEN)
        assert {finding["clauses"][0] for finding in found} == {"191号 3.1"}
        assert {finding["verdict"] for finding in found} == {"without_consent"}


def test_what_lending_does_not_need_cites_4_1_and_item_twelve_of_article_five(document):
    found = under(document, "beyond_necessity")
    assert {finding["data"] for finding in found} == set(TAKEN)
    for finding in found:
        assert finding["clauses"][:3] == ["191号 4.1", "必要信息规定 第三条", "必要信息规定 第五条第（十二）项"]
        assert finding["categories"] == [12]


def test_the_list_is_gone_through_element_by_element(document):
    (listed,) = document["necessity"]
    elements = {element["name"]["zh"]: element["seen"] for element in listed["elements"]}
    assert elements == {
        "注册用户移动电话号码": [],
        "借款人姓名": [],
        "借款人证件类型和号码": [],
        "证件有效期限": [],
        "银行卡号码": [],
    }
    assert listed["beyond"] == sorted(TAKEN)


def test_what_was_sent_is_joined_to_what_was_read(document):
    by_id = {one["id"]: one for one in document["detections"]}
    sent = [one for one in document["detections"] if one["act"] == "transmission"]
    assert sent
    for one in sent:
        assert by_id[one["read"]["detection"]]["data"] == one["data"]
        assert one["read"]["basis"] in ("value", "transform", "time_and_actor")


def test_a_security_app_needs_nothing_and_identifiers_are_no_finding_for_being_on_no_list(tmp_path):
    taken = {"phone_number": "13800138000", "imei": "356938035643809", "ip_address": "10.2.3.4"}
    document = analyse_capture(write_case(seed_case(category=34, taken=taken), tmp_path / "run"))
    assert {finding["data"] for finding in under(document, "beyond_necessity")} == {
        "phone_number", "contacts", "installed_apps", "location_precise",
    }  # fmt: skip
    (listed,) = document["necessity"]
    assert listed["elements"] == []
    assert listed["outside_the_lists"] == ["imei", "ip_address"]
    assert "必要信息规定 第五条第（三十四）项" in under(document, "beyond_necessity")[0]["clauses"]


def test_the_same_fault_has_the_same_id_in_another_run_at_other_times(document, tmp_path):
    other = analyse_capture(write_case(seed_case(shift=4321.5), tmp_path / "run"))
    assert {finding["id"] for finding in other["findings"]} == {finding["id"] for finding in document["findings"]}


def test_a_renamed_sdk_and_a_moved_host_are_paired_by_the_second_match(tmp_path):
    from pia_runtime.judgement.recheck_match import match_findings

    runs = [
        analyse_capture(write_case(seed_case(sdk=sdk, host=host), tmp_path / sdk))
        for sdk, host in (("com.riskeye.fraud", "risk.riskeye.example"), ("cn.adspark.sdk", "log.adspark.example"))
    ]
    seen = [{detection["id"]: detection for detection in run["detections"]} for run in runs]
    runs = [run["findings"] for run in runs]
    assert not {finding["id"] for finding in runs[0] if finding["data"]} & {finding["id"] for finding in runs[1]}
    pairs = match_findings(*runs, *seen).pairs.values()
    assert {pair.how for pair in pairs} == {"second_id"}
    rules = [{finding["id"]: (finding["rule"], finding["data"]) for finding in run} for run in runs]
    assert (
        {rules[0][pair.before] for pair in pairs} == {rules[1][pair.after] for pair in pairs} == set(rules[0].values())
    )
    assert all(rules[0][pair.before] == rules[1][pair.after] for pair in pairs)
