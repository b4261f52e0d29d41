"""A labelled list of real wordings is judged without an error, in every language of the word list."""

from pathlib import Path

import pytest
import yaml

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge import consent_words
from pia_runtime.knowledge.consent_words import load_consent_words

LABELS = yaml.safe_load((Path(__file__).parent / "data" / "consent_labels.yaml").read_text(encoding="utf-8"))
MEANINGS = ("given", "refused", "withdrawn", "nothing")
CASES = [
    (str(text), None if meaning == "nothing" else meaning)
    for meaning in MEANINGS
    for texts in LABELS[meaning].values()
    for text in texts
]


def test_the_list_is_long_enough_to_mean_something_and_contradicts_itself_nowhere():
    assert len(CASES) >= 250
    assert len({text for text, _ in CASES}) == len(CASES)


@pytest.mark.parametrize(("text", "meaning"), CASES)
def test_a_control_answers_what_its_words_say(text, meaning):
    assert load_consent_words().judge_tap(text) == meaning


@pytest.mark.parametrize("text", LABELS["policy"][True])
def test_a_text_that_names_the_policy_is_recognised(text):
    assert load_consent_words().is_policy_text(text)


@pytest.mark.parametrize("text", LABELS["policy"][False])
def test_any_other_text_is_no_policy(text):
    assert not load_consent_words().is_policy_text(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("取消", True), ("Not now", True), ("不同意", False), ("Reject all", False), ("同意", False), ("好的", False)],
)
def test_a_way_out_is_told_from_a_refusal_by_its_own_words(text, expected):
    assert load_consent_words().is_dismissal(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("登录", True), ("获取验证码", True), ("Continue", True), ("返回", False), ("Nextcloud", False)],
)
def test_a_button_that_takes_the_user_on_is_known(text, expected):
    assert load_consent_words().is_proceed(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("确定", True), ("Yes", True), ("撤回同意", True), ("暂不撤回", False), ("取消", False), ("Yesterday", False)],
)
def test_a_button_that_carries_out_a_withdrawal_is_known(text, expected):
    assert load_consent_words().is_confirm(text) is expected


def test_a_missing_list_is_named(monkeypatch):
    monkeypatch.setattr(consent_words, "load_yaml", lambda _: {"preference": {}, "neutral": []})
    with pytest.raises(KnowledgeError, match="neutral"):
        load_consent_words.__wrapped__()
