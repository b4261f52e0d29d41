"""What the words on buttons, in dialogs and in preference keys say about consent (``consent_words.yaml``)."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.data_file import ROOT, load_yaml

MAX_BUTTON = 60
"""Longer texts are no button labels: a paragraph that mentions 同意 is the question, not the answer."""

Answer = Literal["given", "refused"]
TapMeaning = Literal["given", "refused", "withdrawn"]


@dataclass(frozen=True, slots=True)
class ConsentWords:
    """The word list, ready to be matched."""

    withdraw: re.Pattern[str]
    refuse: re.Pattern[str]
    give: re.Pattern[str]
    policy: re.Pattern[str]
    preference_keys: tuple[str, ...]
    not_preference_keys: tuple[str, ...]
    granted: frozenset[str]

    def judge_tap(self, text: str) -> TapMeaning | None:
        """Say what pressing a button with this text answers, or None where it answers nothing."""
        label = _folded(text)
        if not label or len(label) > MAX_BUTTON:
            return None
        if self.withdraw.search(label):
            return "withdrawn"
        if self.refuse.search(label):
            return "refused"
        return "given" if self.give.search(label) else None

    def is_policy_text(self, text: str) -> bool:
        """Whether a text names a privacy policy or user agreement."""
        return self.policy.search(_folded(text)) is not None

    def is_consent_key(self, key: str) -> bool:
        """Whether a preference key is about consent itself, not about when or where it was asked."""
        folded = _folded(key)
        wanted = any(word in folded for word in self.preference_keys)
        return wanted and not any(word in folded for word in self.not_preference_keys)

    def is_granted(self, value: object) -> bool:
        """Whether a preference's value says yes: ``True``, ``1``, ``"granted"`` and the like."""
        return _folded(str(value)) in self.granted


@cache
def load_consent_words() -> ConsentWords:
    """Read the word list.

    Raises:
        KnowledgeError: a list is missing or empty; names it.
    """
    content = load_yaml(ROOT / "consent_words.yaml")
    preference = content.get("preference")
    if not isinstance(preference, dict):
        raise KnowledgeError("consent_words.yaml: preference: expected a mapping")
    return ConsentWords(
        withdraw=_pattern(_words(content, "withdraw")),
        refuse=_pattern(_words(content, "refuse")),
        give=_pattern(_words(content, "give")),
        policy=_pattern(_words(content, "policy")),
        preference_keys=tuple(_words(preference, "keys")),
        not_preference_keys=tuple(_words(preference, "not_keys")),
        granted=frozenset(_words(preference, "granted")),
    )


def judge_button(text: str) -> Answer | None:
    """Say whether pressing a button gives or refuses consent; a withdrawal is neither (see :meth:`ConsentWords.judge_tap`)."""
    meaning = load_consent_words().judge_tap(text)
    return None if meaning == "withdrawn" else meaning


def is_policy_text(text: str) -> bool:
    """Whether a text names a privacy policy or user agreement."""
    return load_consent_words().is_policy_text(text)


def _folded(text: str) -> str:
    """Full-width letters, case, typographic apostrophes and runs of space made alike."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return " ".join(plain.split())


def _words(content: dict[str, Any], name: str) -> list[str]:
    words = content.get(name)
    if not isinstance(words, list) or not words:
        raise KnowledgeError(f"consent_words.yaml: {name}: expected a list of words")
    return [_folded(str(word)) for word in words]


def _pattern(words: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(_whole(word) for word in sorted(words, key=len, reverse=True)))


def _whole(word: str) -> str:
    """A Latin word must stand alone; Chinese is written without gaps between words."""
    escaped = re.escape(word).replace(r"\ ", r"\s+")
    return rf"(?<![a-z0-9]){escaped}(?![a-z0-9])" if word.isascii() else escaped
