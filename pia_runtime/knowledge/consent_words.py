"""What the words on buttons, in dialogs and in preference keys say about consent (``consent_words.yaml``)."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.data_file import ROOT, load_yaml

MAX_BUTTON = 120
"""Width beyond which a text is no button label (a Chinese character counts two): a paragraph that mentions 同意 is the
question, not the answer."""

Answer = Literal["given", "refused"]
TapMeaning = Literal["given", "refused", "withdrawn"]

_GAPLESS = "\u0e00-\u0e7f\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff"
"""Thai, Hangul, Kana and Han: written without gaps between words, or with endings that change a word's end."""
_IDEOGRAPH = re.compile(rf"(?<=[{_GAPLESS}])\s+(?=[\u2e80-\u9fff])")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_")
_RESOURCE = "@id/"


@dataclass(frozen=True, slots=True)
class ConsentWords:
    """The word list, ready to be matched."""

    neutral: re.Pattern[str]
    withdraw: re.Pattern[str]
    refuse: re.Pattern[str]
    negated: re.Pattern[str]
    dismiss: re.Pattern[str]
    give: re.Pattern[str]
    proceed: re.Pattern[str]
    confirm: re.Pattern[str]
    policy: re.Pattern[str]
    preference_keys: tuple[str, ...]
    not_preference_keys: tuple[str, ...]
    granted: frozenset[str]

    def judge_tap(self, text: str) -> TapMeaning | None:
        """Say what pressing a button with this text answers, or None where it answers nothing."""
        label = _label(text)
        if not label or self.neutral.search(label):
            return None
        if self.withdraw.search(label):
            return "withdrawn"
        if self._refuses(label) or self.dismiss.search(label):
            return "refused"
        return "given" if self.give.search(label) else None

    def is_dismissal(self, text: str) -> bool:
        """Whether a refusal is only a way out (取消, Not now), which refuses nothing without a control that agrees beside it."""
        return self.judge_tap(text) == "refused" and not self._refuses(_label(text))

    def _refuses(self, label: str) -> bool:
        return self.refuse.search(label) is not None or self.negated.search(label) is not None

    def is_proceed(self, text: str) -> bool:
        """Whether a button takes a user on who has ticked a box: 登录, 下一步, Continue."""
        return self.proceed.search(_label(text)) is not None

    def is_confirm(self, text: str) -> bool:
        """Whether a button carries out what a withdrawal dialog asks: 确定, 撤回, Yes."""
        label = _label(text)
        return bool(label) and self.neutral.search(label) is None and self.confirm.search(label) is not None

    def mentions_withdrawal(self, text: str) -> bool:
        """Whether a text of any length speaks of taking consent back."""
        return self.withdraw.search(_folded(text)) is not None

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
    names = ("neutral", "withdraw", "refuse", "dismiss", "give", "proceed", "confirm", "policy")
    return ConsentWords(
        **{name: _pattern(_words(content, name)) for name in names},
        negated=_negated(_words(content, "negators"), _words(content, "give")),
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


def _label(text: str) -> str:
    """A button's text made comparable, "" where it is too long for one; ``@id/btnAgree`` becomes the words of the name."""
    if text.startswith(_RESOURCE):
        text = _CAMEL.sub(" ", text.removeprefix(_RESOURCE))
    label = _folded(text)
    return label if width(label) <= MAX_BUTTON else ""


def width(text: str) -> int:
    """Columns that a text takes: a Chinese character counts two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _folded(text: str) -> str:
    """Full-width letters, case, apostrophes, invisible characters and runs of space made alike; 同 意 becomes 同意."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = plain.replace("i\u0307", "i")  # what becomes of the Turkish capital İ
    seen = "".join("'" if letter in "’‘`´" else letter for letter in plain if unicodedata.category(letter) != "Cf")
    return _IDEOGRAPH.sub("", " ".join(unicodedata.normalize("NFC", seen).split()))


def _words(content: dict[str, Any], name: str) -> list[str]:
    """A list of words, given as such or by language."""
    words = content.get(name)
    if isinstance(words, dict) and words and all(isinstance(part, list) for part in words.values()):
        words = [word for part in words.values() for word in part]
    if not isinstance(words, list) or not words:
        raise KnowledgeError(f"consent_words.yaml: {name}: expected a list of words")
    return [_folded(str(word)) for word in words]


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(_whole(word) for word in sorted(set(words), key=len, reverse=True)))


def _negated(negators: Iterable[str], give: Iterable[str]) -> re.Pattern[str]:
    """A word that denies before one that agrees: right before it, or up to two words before where words have gaps."""
    given = {gapless: "|".join(_whole(word) for word in give if _gapless(word) is gapless) for gapless in (True, False)}
    denied = {
        gapless: "|".join(_whole(word) for word in negators if _gapless(word) is gapless) for gapless in (True, False)
    }
    return re.compile(
        rf"(?:{denied[True]})(?:{given[True]})|(?:{denied[False]})(?:\s*\w+){{0,2}}?\s*(?:{given[False]})"
    )


def _gapless(word: str) -> bool:
    return re.search(f"[{_GAPLESS}]", word) is not None


def _whole(word: str) -> str:
    """A word of a script with gaps must stand alone; ``^`` and ``$`` bind it to the text's ends."""
    inner = word.removeprefix("^").removesuffix("$")
    escaped = re.escape(inner).replace(r"\ ", r"\s+")
    if not _gapless(inner):
        escaped = rf"(?<!\w){escaped}(?!\w)"
    return f"{'^' if word.startswith('^') else ''}{escaped}{'$' if word.endswith('$') else ''}"
