"""Taps, dialogs, screens and preferences become consent signals only where they are about the policy."""

import pytest

from pia_runtime.instrumentation.consent import ConsentWatcher

POLICY = ["隐私政策", "请阅读《隐私政策》", "不同意", "同意并继续"]


@pytest.fixture
def watcher() -> ConsentWatcher:
    return ConsentWatcher()


def test_agreeing_beside_the_policy_is_consent_with_its_words_as_evidence(watcher):
    signal = watcher.on_tap({"text": "同意并继续", "texts": POLICY})
    assert signal == {"type": "consent", "signal": "given", "scope": "policy", "source": "tap", "text": "同意并继续"}


def test_refusing_beside_the_policy_is_a_refusal(watcher):
    assert watcher.on_tap({"text": "不同意", "texts": POLICY})["signal"] == "refused"


def test_agreeing_to_something_else_is_no_consent(watcher):
    assert watcher.on_tap({"text": "同意", "texts": ["同意借款合同吗？", "同意"]}) is None


def test_a_button_that_names_the_policy_itself_needs_no_dialog(watcher):
    assert watcher.on_tap({"text": "同意隐私政策", "texts": []})["signal"] == "given"


def test_a_withdrawal_counts_wherever_it_stands(watcher):
    assert watcher.on_tap({"text": "撤回同意", "texts": ["设置", "撤回同意"]})["signal"] == "withdrawn"


def test_clearing_a_check_box_answers_nothing_and_ticking_it_agrees(watcher):
    box = {"text": "已阅读并同意", "texts": POLICY}
    assert watcher.on_tap({**box, "checked": False}) is None
    assert watcher.on_tap({**box, "checked": True})["signal"] == "given"


def test_a_policy_dialog_is_a_question_at_the_moment_it_is_shown(watcher):
    signal = watcher.on_dialog({"texts": POLICY})
    assert (signal["signal"], signal["source"], signal["err_ns"]) == ("requested", "ui_tree", 0)


@pytest.mark.parametrize(
    "texts", [["发现新版本", "更新"], [], ["撤回同意后，我们将按隐私政策删除数据", "撤回同意", "取消"]]
)
def test_other_dialogs_ask_nothing(watcher, texts):
    assert watcher.on_dialog({"texts": texts}) is None


def test_a_policy_screen_asks_once_and_only_with_a_button_that_agrees(watcher):
    screen = {"activity": "com.example.Welcome", "texts": POLICY}
    assert watcher.on_screen({**screen, "buttons": ["我知道了"]}) is None
    assert watcher.on_screen({**screen, "buttons": ["同意并继续"]})["signal"] == "requested"
    assert watcher.on_screen({**screen, "buttons": ["同意并继续"]}) is None


def test_a_preference_that_turns_true_is_consent_where_no_tap_said_so(watcher):
    write = {"key": "privacy_agreed", "v": True, "before": False}
    assert watcher.on_preference(write)["source"] == "preference"
    assert watcher.on_preference(write) is None


def test_a_preference_repeats_no_tap(watcher):
    watcher.on_tap({"text": "同意并继续", "texts": POLICY})
    assert watcher.on_preference({"key": "privacy_agreed", "v": True}) is None


@pytest.mark.parametrize(
    "write",
    [
        {"key": "privacy_agreed", "v": True, "before": True},
        {"key": "volume", "v": True},
        {"key": "privacy_agreed", "v": False},
    ],
)
def test_a_preference_that_changes_nothing_is_no_signal(watcher, write):
    assert watcher.on_preference(write) is None


def test_evidence_is_bounded(watcher):
    assert len(watcher.on_dialog({"texts": ["隐私政策" * 1000]})["text"]) == 500
