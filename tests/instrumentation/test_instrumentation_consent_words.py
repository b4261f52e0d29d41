"""The word list says what a button answers, and never takes a refusal for an agreement."""

import pytest

from pia_runtime.instrumentation.consent import is_policy_text, judge_button
from pia_runtime.knowledge.consent_words import load_consent_words

GIVEN = [
    "同意",
    "同意并继续",
    "我同意",
    "同意并进入",
    "已阅读并同意",
    "我已阅读并同意《用户协议》和《隐私政策》",
    "接受",
    "全部接受",
    "同意隐私政策",
    "Agree",
    "I agree",
    "AGREE & CONTINUE",
    "Agree and continue",
    "Accept",
    "Accept all",
    "ＡＧＲＥＥ",
    "Allow",
    "I consent",
]
REFUSED = [
    "不同意",
    "不同意并退出",
    "我不同意",
    "拒绝",
    "暂不同意",
    "暂不使用",
    "不接受",
    "不同意，仅浏览",
    "以后再说",
    "取消",
    "退出应用",
    "Disagree",
    "I do not agree",
    "I don’t agree",
    "Don't agree",
    "Decline",
    "Reject all",
    "No thanks",
    "Not now",
    "Don't allow",
    "Deny",
]
NEITHER = [
    "",
    "   ",
    "我知道了",
    "知道了",
    "好的",
    "确定",
    "继续",
    "OK",
    "Got it",
    "Continue",
    "登录",
    "查看《隐私政策》",
    "Privacy Policy",
    "撤回同意",
    "取消授权",
    "撤销同意",
    "Withdraw consent",
    "Agreement details",
    "Disagreement",
    "Acceptable use",
    "Allowance",
    "点击“同意并继续”即表示您已阅读并同意上述条款，并授权我们按照《隐私政策》的约定收集、使用、存储和共享您的个人信息，以便为您提供服务",
]


@pytest.mark.parametrize("text", GIVEN)
def test_a_button_that_agrees_gives_consent(text):
    assert judge_button(text) == "given"


@pytest.mark.parametrize("text", REFUSED)
def test_a_button_that_negates_agreement_refuses(text):
    assert judge_button(text) == "refused"


@pytest.mark.parametrize("text", NEITHER)
def test_taking_notice_withdrawing_and_paragraphs_answer_nothing(text):
    assert judge_button(text) is None


@pytest.mark.parametrize(
    "text", ["撤回同意", "撤销同意", "取消授权", "撤回对隐私政策的同意", "Withdraw consent", "Revoke consent"]
)
def test_a_withdrawal_is_told_from_a_refusal(text):
    assert load_consent_words().judge_tap(text) == "withdrawn"


@pytest.mark.parametrize(
    "text",
    [
        "请阅读《隐私政策》",
        "用户服务协议",
        "个人信息保护指引",
        "our Privacy Policy",
        "Terms of Service",
        "隐私权政策概要",
    ],
)
def test_a_text_that_names_the_policy_is_recognised(text):
    assert is_policy_text(text)


@pytest.mark.parametrize("text", ["发现新版本", "允许访问通讯录吗？", "Update available", "private policyholder", ""])
def test_other_dialogs_are_no_policy(text):
    assert not is_policy_text(text)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("privacy_agreed", True),
        ("user_consent", True),
        ("isAgreeProtocol", True),
        ("PRIVACY_POLICY_ACCEPTED", True),
        ("隐私同意", True),
        ("privacy_policy_url", False),
        ("policy_version", False),
        ("privacy_dialog_shown", False),
        ("is_disagree", False),
        ("volume", False),
    ],
)
def test_a_preference_key_is_about_consent_itself(key, expected):
    assert load_consent_words().is_consent_key(key) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (1, True), ("granted", True), (False, False), (0, False), (None, False), ("", False)],
)
def test_only_a_yes_is_granted(value, expected):
    assert load_consent_words().is_granted(value) is expected
