"""What stands in one window of the app, as far as its views give their texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pia_runtime.knowledge.consent_words import ConsentWords, width


@dataclass(frozen=True, slots=True)
class Window:
    """The texts of a dialog or screen.

    Attributes:
        texts: every text, in drawing order.
        buttons: those of them that can be pressed.
        opaque: classes of views that draw their content themselves.
        words: the word list.
    """

    texts: tuple[str, ...]
    buttons: tuple[str, ...]
    opaque: tuple[str, ...]
    words: ConsentWords

    @classmethod
    def of(cls, message: Mapping[str, Any], words: ConsentWords) -> Self:
        """The window that an agent message (``ui`` or ``lifecycle``) describes."""
        return cls(_texts(message, "texts"), _texts(message, "buttons"), _texts(message, "opaque"), words)

    @property
    def names_policy(self) -> bool:
        """Whether any text names a privacy policy or user agreement."""
        return any(self.words.is_policy_text(text) for text in self.texts)

    @property
    def agreeing_text(self) -> bool:
        """Whether a text is short enough for a label and agrees."""
        return any(self.words.judge_tap(text) == "given" for text in self.texts)

    @property
    def agreeing_button(self) -> bool:
        """Whether something that can be pressed agrees."""
        return any(self.words.judge_tap(text) == "given" for text in self.buttons)

    def goes_on_without(self, label: str) -> bool:
        """Whether another text is a button that agrees or takes the user on (登录, Continue)."""
        others = [text for text in self.texts if text != label]
        return any(self.words.judge_tap(text) == "given" or self.words.is_proceed(text) for text in others)

    def is_about_withdrawal(self, pressed: str = "") -> bool:
        """Whether the window asks if consent is to be taken back.

        It does where a title or another button says so, or where a longer text speaks of it and nothing agrees: the
        first-run dialog, too, says that consent can be withdrawn at any time.

        Args:
            pressed: the label of the control that is being pressed, which is no witness for its own window.
        """
        others = list(self.texts)
        if pressed in others:
            others.remove(pressed)
        if any(width(text) < _SENTENCE and self.words.judge_tap(text) == "withdrawn" for text in others):
            return True
        return not self.agreeing_text and any(self._explains(text) for text in others)

    def resembles(self, other: "Window") -> bool:
        """Whether at least half of the texts are the same: countdowns change labels, not windows."""
        mine, theirs = set(self.texts), set(other.texts)
        return bool(mine and theirs) and 2 * len(mine & theirs) >= max(len(mine), len(theirs))

    def _explains(self, text: str) -> bool:
        return width(text) >= _SENTENCE and self.words.mentions_withdrawal(text)


def _texts(message: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(text) for text in message.get(name) or ())


_SENTENCE = 36
"""Width from which a text explains (a Chinese character counts two); narrower ones are titles, labels and subtitles of a menu."""
