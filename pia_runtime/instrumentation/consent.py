"""Consent signals derived on the host from taps, dialogs, screens and preference writes, by the word list."""

from collections.abc import Mapping
from typing import Any

from pia_runtime.knowledge.consent_words import (
    ConsentWords,
    TapMeaning,
    is_policy_text,
    judge_button,
    load_consent_words,
)

__all__ = ["ConsentWatcher", "is_policy_text", "judge_button"]

MAX_EVIDENCE = 500
"""Characters of evidence text kept with a signal."""


class ConsentWatcher:
    """Follows one app through its prompts; remembers the last answer, so that a preference does not repeat a tap."""

    def __init__(self, words: ConsentWords | None = None) -> None:
        self._words = words or load_consent_words()
        self._answer: TapMeaning | None = None
        self._asked_screens: set[str] = set()

    @property
    def preference_keys(self) -> list[str]:
        """Parts of keys that the agent must report."""
        return list(self._words.preference_keys)

    def on_tap(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        """A press on a view: an answer to the policy where the button or what stands around it names one.

        ``checked`` is the new state of a check box or switch; clearing one answers nothing.
        """
        text = str(message.get("text") or "")
        meaning = self._words.judge_tap(text)
        if meaning is None or message.get("checked") is False:
            return None
        # A withdrawal is explicit by its own words; "agree" and "refuse" are said about all kinds of things.
        if meaning != "withdrawn" and not self._names_policy([text, *_texts(message)]):
            return None
        self._answer = meaning
        return _signal(meaning, "tap", text)

    def on_dialog(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        """A dialog came up: a question about the policy, unless it offers to take consent back."""
        texts = _texts(message)
        if not self._names_policy(texts) or self._offers(texts, "withdrawn"):
            return None
        return self._requested(texts)

    def on_screen(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        """An activity resumed: a question only where it names the policy and has a button that agrees; once per activity."""
        activity, texts = str(message.get("activity") or ""), _texts(message)
        buttons = [str(text) for text in message.get("buttons") or ()]
        if activity in self._asked_screens or not self._names_policy(texts) or not self._offers(buttons, "given"):
            return None
        self._asked_screens.add(activity)
        return self._requested(texts)

    def on_preference(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        """A preference was written: a signal where it changes, is about consent, and no tap has said the same already."""
        key, value = str(message.get("key") or ""), message.get("v")
        if not self._words.is_consent_key(key):
            return None
        before, now = self._words.is_granted(message.get("before")), self._words.is_granted(value)
        meaning: TapMeaning | None = None if before == now else ("given" if now else "withdrawn")
        if meaning is None or meaning == self._answer:
            return None
        self._answer = meaning
        return _signal(meaning, "preference", f"{key}={value}")

    def _requested(self, texts: list[str]) -> dict[str, Any]:
        # The hook sees the call that shows the dialog, so the moment is the device's own and exact.
        return {**_signal("requested", "ui_tree", " | ".join(texts)), "err_ns": 0}

    def _names_policy(self, texts: list[str]) -> bool:
        return any(self._words.is_policy_text(text) for text in texts)

    def _offers(self, texts: list[str], meaning: TapMeaning) -> bool:
        return any(self._words.judge_tap(text) == meaning for text in texts)


def _texts(message: Mapping[str, Any]) -> list[str]:
    return [str(text) for text in message.get("texts") or ()]


def _signal(signal: str, source: str, text: str) -> dict[str, Any]:
    return {"type": "consent", "signal": signal, "scope": "policy", "source": source, "text": text[:MAX_EVIDENCE]}
