"""Taps, dialogs, screens, preferences and SDK calls become consent signals only where they are about the policy."""

import pytest

from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.consent import ConsentWatcher
from pia_runtime.instrumentation.sdk_consent import SdkConsent

POLICY = ["隐私政策", "请阅读《隐私政策》。您可以随时在设置中撤回同意。", "不同意", "同意并继续"]
WITHDRAW = ["撤回同意", "撤回同意后，我们将停止收集您的个人信息，是否继续？", "取消", "确定"]
SETTINGS = ["设置", "隐私政策", "撤回同意", "退出登录"]
LOGIN = ["欢迎登录", "我已阅读并同意《用户协议》和《隐私政策》", "登录"]
BOX = LOGIN[1]


@pytest.fixture
def watcher() -> ConsentWatcher:
    return ConsentWatcher()


def signals(events):
    return [(event["signal"], event["source"], event["text"]) for event in events if event["type"] == "consent"]


def kinds(events):
    return [event["kind"] for event in events if event["type"] == "gap"]


def tap(watcher, text, texts, **more):
    return watcher.on_tap({"text": text, "texts": texts, **more}, {"t_ns": 7, "mono_ns": more.get("at", 0)})


def test_agreeing_beside_the_policy_is_consent_with_its_words_as_evidence(watcher):
    assert tap(watcher, "同意并继续", POLICY) == [
        {"type": "consent", "signal": "given", "scope": "policy", "source": "tap", "text": "同意并继续"}
    ]


def test_refusing_beside_the_policy_is_a_refusal(watcher):
    assert signals(tap(watcher, "不同意", POLICY)) == [("refused", "tap", "不同意")]


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("同意", ["同意借款合同吗？", "同意"]),
        ("退出登录", SETTINGS),
        ("取消", ["搜索", "取消", "隐私政策"]),
        ("好的", POLICY),
        ("登录", ["登录即代表同意《隐私政策》", "登录"]),
        ("关闭", POLICY),
    ],
)
def test_what_is_said_about_something_else_is_no_answer(watcher, text, texts):
    assert tap(watcher, text, texts) == []


def test_a_way_out_refuses_only_beside_a_control_that_agrees(watcher):
    assert signals(tap(watcher, "取消", ["请阅读《隐私政策》", "同意", "取消"])) == [("refused", "tap", "取消")]


def test_a_button_that_names_the_policy_itself_needs_no_dialog(watcher):
    assert signals(tap(watcher, "同意隐私政策", [])) == [("given", "tap", "同意隐私政策")]


# Check boxes


def test_a_ticked_box_is_sent_off_by_the_button_below_it(watcher):
    assert tap(watcher, BOX, LOGIN, checked=True) == []
    assert signals(tap(watcher, "登录", LOGIN)) == [("given", "tap", f"{BOX} → 登录")]


def test_a_box_that_was_cleared_again_agrees_to_nothing(watcher):
    tap(watcher, BOX, LOGIN, checked=True)
    tap(watcher, BOX, LOGIN, checked=False)
    assert tap(watcher, "登录", LOGIN) == []


def test_a_box_that_was_never_ticked_by_hand_agrees_to_nothing(watcher):
    assert tap(watcher, "登录", LOGIN) == []


def test_a_ticked_box_of_another_window_is_not_sent_off(watcher):
    tap(watcher, BOX, LOGIN, checked=True)
    assert tap(watcher, "继续", ["新手引导", "继续"]) == []


def test_the_last_of_several_radio_buttons_counts(watcher):
    texts = ["隐私政策", "同意", "不同意", "下一步"]
    tap(watcher, "同意", texts, checked=True)
    tap(watcher, "不同意", texts, checked=True)
    assert signals(tap(watcher, "下一步", texts)) == [("refused", "tap", "不同意 → 下一步")]


def test_a_switch_without_a_button_acts_at_once(watcher):
    texts = ["隐私设置", "同意隐私政策"]
    assert signals(tap(watcher, "同意隐私政策", texts, checked=True)) == [("given", "tap", "同意隐私政策")]


# Dialogs and screens


def test_a_policy_dialog_is_a_question_at_the_moment_it_is_shown(watcher):
    (signal,) = watcher.on_dialog({"texts": POLICY})
    assert (signal["signal"], signal["source"], signal["err_ns"]) == ("requested", "ui_tree", 0)


@pytest.mark.parametrize("texts", [["发现新版本", "更新"], [], WITHDRAW])
def test_other_dialogs_ask_nothing(watcher, texts):
    assert watcher.on_dialog({"texts": texts}) == []


def test_a_policy_screen_asks_once_and_only_with_a_button_that_agrees(watcher):
    screen = {"activity": "com.example.Welcome", "texts": POLICY}
    assert watcher.on_screen({**screen, "buttons": ["我知道了"]}) == []
    assert signals(watcher.on_screen({**screen, "buttons": ["同意并继续"]}))[0][0] == "requested"
    assert watcher.on_screen({**screen, "buttons": ["同意并继续"]}) == []


# Withdrawal


def test_an_entry_that_opens_a_page_withdraws_nothing_and_is_a_stated_gap(watcher):
    assert tap(watcher, "撤回同意", SETTINGS) == []
    assert kinds(watcher.unconfirmed()) == ["withdrawal_unconfirmed"]
    assert watcher.unconfirmed() == []


def test_confirming_in_a_dialog_about_withdrawal_withdraws(watcher):
    tap(watcher, "撤回同意", SETTINGS)
    watcher.on_dialog({"texts": WITHDRAW})
    assert signals(tap(watcher, "确定", WITHDRAW)) == [("withdrawn", "tap", "确定")]
    assert watcher.unconfirmed() == []


@pytest.mark.parametrize("text", ["取消", "我再想想", "同意"])
def test_anything_else_in_that_dialog_neither_withdraws_nor_answers_the_policy(watcher, text):
    watcher.on_dialog({"texts": [*WITHDRAW, text]})
    assert tap(watcher, text, [*WITHDRAW, text]) == []


def test_a_page_about_withdrawal_confirms_what_an_entry_elsewhere_began(watcher):
    page = ["撤回同意", "撤回同意后您将无法继续使用本应用的全部功能。", "确认撤回"]
    tap(watcher, "撤回同意", SETTINGS)
    assert signals(tap(watcher, "确认撤回", page)) == [("withdrawn", "tap", "确认撤回")]


def test_two_entries_of_one_menu_confirm_nothing(watcher):
    menu = ["隐私设置", "撤回隐私授权", "撤回广告授权"]
    tap(watcher, "撤回隐私授权", menu)
    assert signals(tap(watcher, "撤回广告授权", menu)) == []


def test_a_list_in_a_sheet_is_a_menu_too(watcher):
    sheet = ["撤回同意", "注销账号", "取消"]
    watcher.on_dialog({"texts": sheet})
    assert tap(watcher, "撤回同意", sheet) == []


def test_a_preference_that_falls_with_the_tap_makes_it_a_withdrawal_at_the_taps_own_time(watcher):
    tap(watcher, "撤回同意", SETTINGS, at=100)
    (event,) = watcher.on_preference({"key": "privacy_agreed", "v": False, "before": True}, {"t_ns": 9, "mono_ns": 200})
    assert (event["signal"], event["source"], event["t_ns"]) == ("withdrawn", "tap", 7)
    assert watcher.unconfirmed() == []


def test_a_preference_that_falls_much_later_is_its_own_witness(watcher):
    tap(watcher, "撤回同意", SETTINGS, at=100)
    (event,) = watcher.on_preference({"key": "privacy_agreed", "v": False, "before": True}, {"mono_ns": 5 * 10**9})
    assert (event["signal"], event["source"]) == ("withdrawn", "preference")


# Preferences


def test_a_preference_that_turns_true_is_consent_where_no_tap_said_so(watcher):
    write = {"key": "privacy_agreed", "v": True, "before": False}
    assert signals(watcher.on_preference(write)) == [("given", "preference", "privacy_agreed=True")]
    assert watcher.on_preference(write) == []


def test_a_preference_repeats_no_tap(watcher):
    tap(watcher, "同意并继续", POLICY)
    assert watcher.on_preference({"key": "privacy_agreed", "v": True}) == []


@pytest.mark.parametrize(
    "write",
    [
        {"key": "privacy_agreed", "v": True, "before": True},
        {"key": "volume", "v": True},
        {"key": "privacy_agreed", "v": False},
    ],
)
def test_a_preference_that_changes_nothing_is_no_signal(watcher, write):
    assert watcher.on_preference(write) == []


def test_a_consent_string_of_the_iab_says_what_it_decodes_to(watcher):
    text = "CQbVxEAQbVxEAAfACBDEB4EoAP_gAEIAAAYgF5wAoAAgAUAvMAAAAAAA"
    (event,) = watcher.on_preference({"key": "IABTCF_TCString", "v": text, "before": None})
    assert (event["signal"], event["scope"], event["raw"]) == ("given", "policy", text)
    assert event["purposes"] == list(range(1, 12))
    assert watcher.on_preference({"key": "IABTCF_TCString", "v": text, "before": text}) == []


def test_the_single_purposes_of_that_string_are_no_signals_of_their_own(watcher):
    assert watcher.on_preference({"key": "IABTCF_PurposeConsents", "v": "1", "before": "0"}) == []


# SDKs

UMENG = SdkConsent(sdk="umeng_analytics", argument=-1, given=(True,), refused=(False,))


def test_what_the_app_tells_an_sdk_is_said_about_that_sdk(watcher):
    (event,) = watcher.on_sdk_call(UMENG, {"a": [{"class": "App"}, True], "api": "UMConfigure.submit"})
    assert (event["signal"], event["scope"], event["source"]) == ("given", "sdk:umeng_analytics", "sdk_call")


def test_a_no_after_a_yes_takes_back_what_was_told(watcher):
    watcher.on_sdk_call(UMENG, {"a": [None, True]})
    assert [event["signal"] for event in watcher.on_sdk_call(UMENG, {"a": [None, False]})] == ["withdrawn"]


@pytest.mark.parametrize("args", [[None, 1], [None, "true"], [None, None], []])
def test_a_value_of_another_kind_says_nothing(watcher, args):
    assert watcher.on_sdk_call(UMENG, {"a": args}) == []


def test_consent_mode_carries_every_purpose(watcher):
    mode = load_catalog().entries["sdk_consent.google_consent_mode"].consent
    (event,) = watcher.on_sdk_call(mode, {"a": [{"AD_STORAGE": "DENIED", "ANALYTICS_STORAGE": "GRANTED"}]})
    assert (event["signal"], event["purposes"]) == ("given", {"AD_STORAGE": False, "ANALYTICS_STORAGE": True})


def test_a_key_decides_what_a_call_is_about(watcher):
    unity = load_catalog().entries["sdk_consent.unity"].consent
    assert [e["signal"] for e in watcher.on_sdk_call(unity, {"a": ["gdpr.consent", False]})] == ["refused"]
    assert watcher.on_sdk_call(unity, {"a": ["mediation_name", True]}) == []


def test_a_controllers_answer_is_about_one_kind_of_data(watcher):
    entry = load_catalog().entries["sdk_consent.csj_location"].consent
    (event,) = watcher.on_sdk_call(entry, {"a": [], "v": False})
    assert (event["signal"], event["scope"]) == ("refused", "sdk:csj_pangle/location_precise")


def test_an_sdk_that_is_told_no_with_the_tap_confirms_the_withdrawal(watcher):
    tap(watcher, "撤回同意", SETTINGS, at=100)
    events = watcher.on_sdk_call(UMENG, {"a": [None, False]}, {"mono_ns": 150})
    assert [(e["signal"], e["scope"]) for e in events] == [("refused", "sdk:umeng_analytics"), ("withdrawn", "policy")]


def test_there_are_at_least_sixty_calls_that_tell_an_sdk(watcher):
    entries = [e for e in load_catalog().entries.values() if e.event == "sdk_consent"]
    assert len(entries) >= 60
    assert all(entry.consent.sdk and entry.source for entry in entries)


# What cannot be seen


def test_a_dialog_drawn_without_views_is_a_gap_told_once(watcher):
    shown = {"texts": [], "opaque": ["android.webkit.WebView"]}
    assert kinds(watcher.on_dialog(shown)) == ["consent_not_readable"]
    assert watcher.on_dialog(shown) == []


def test_a_control_without_words_beside_the_policy_is_a_gap(watcher):
    assert kinds(tap(watcher, "", POLICY, view="android.widget.ImageView")) == ["consent_not_readable"]


def test_evidence_is_bounded(watcher):
    (signal,) = watcher.on_dialog({"texts": ["隐私政策" * 1000]})
    assert len(signal["text"]) == 500
