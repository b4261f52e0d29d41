"""Consent signals derived on the host from taps, dialogs, screens, preference writes and calls of SDKs, by the word list.

What each observation means, with the reasons, is written in ``docs/hooks.md``. Every method returns event records without
their stamp; a record that carries ``t_ns`` of its own speaks about an earlier moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pia_runtime.instrumentation.consent_window import Window
from pia_runtime.instrumentation.privacy_strings import is_privacy_string, read_privacy_string
from pia_runtime.instrumentation.sdk_consent import SdkConsent
from pia_runtime.knowledge.consent_words import (
    ConsentWords,
    TapMeaning,
    is_policy_text,
    judge_button,
    load_consent_words,
)

__all__ = ["ConsentWatcher", "is_policy_text", "judge_button"]

Event = dict[str, Any]

MAX_EVIDENCE = 500
"""Characters of evidence text kept with a signal."""

CORROBORATION_NS = 2_000_000_000
"""How long after a tap a changed preference or an SDK call still belongs to it, on the device's monotonic clock."""


@dataclass(frozen=True, slots=True)
class _Pressed:
    """A control with the words of a withdrawal that was pressed, its event's stamp, and where it stood."""

    stamp: Event
    text: str
    window: Window


class ConsentWatcher:
    """Follows one app through its prompts; remembers the last answer, so that a preference does not repeat a tap."""

    def __init__(self, words: ConsentWords | None = None) -> None:
        self._words = words or load_consent_words()
        self._answer: TapMeaning | None = None
        self._asked_screens: set[str] = set()
        self._dialogs: list[Window] = []
        self._ticked: dict[str, TapMeaning] = {}
        self._pending: _Pressed | None = None
        self._strings: dict[str, str] = {}
        self._sdk_answers: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()

    @property
    def preference_keys(self) -> list[str]:
        """Parts of keys that the agent must report."""
        return list(self._words.preference_keys)

    def on_tap(self, message: Mapping[str, Any], stamp: Mapping[str, Any] | None = None) -> list[Event]:
        """A press on a view: an answer where the control's words and the window around it say so.

        Args:
            message: the agent's ``ui`` message; ``checked`` is the new state of a check box, switch or radio button.
            stamp: the event's stamp, kept for a withdrawal that only later turns out to be one.
        """
        text = str(message.get("text") or "")
        window = Window.of(message, self._words)
        gaps = self._unreadable(message, window, text)
        if message.get("checked") is not None:
            return gaps + self._on_box(text, window, checked=bool(message["checked"]))
        if window.is_about_withdrawal(text):
            return gaps + self._on_withdrawal_window(text, window, dict(stamp or {}))
        meaning = self._words.judge_tap(text)
        if meaning == "withdrawn":
            unconfirmed, self._pending = self.unconfirmed(), _Pressed(dict(stamp or {}), text, window)
            return gaps + unconfirmed
        return gaps + self._answered(text, meaning, window)

    def on_dialog(self, message: Mapping[str, Any]) -> list[Event]:
        """A dialog came up: a question about the policy, unless it asks whether to take consent back."""
        window = Window.of(message, self._words)
        self._dialogs = [*self._dialogs[-7:], window]
        if not window.names_policy or window.is_about_withdrawal():
            return self._unreadable(message, window)
        return [*self._unreadable(message, window), self._requested(window)]

    def on_dialog_closed(self, message: Mapping[str, Any]) -> list[Event]:
        """A dialog went away; closing answers nothing."""
        window = Window.of(message, self._words)
        self._dialogs = [other for other in self._dialogs if not other.resembles(window)]
        return []

    def on_screen(self, message: Mapping[str, Any]) -> list[Event]:
        """An activity resumed: a question only where it names the policy and has a control that agrees; once per activity."""
        activity, window = str(message.get("activity") or ""), Window.of(message, self._words)
        gaps = self._unreadable(message, window)
        asks = window.names_policy and window.agreeing_button and not window.is_about_withdrawal()
        if activity in self._asked_screens or not asks:
            return gaps
        self._asked_screens.add(activity)
        return [*gaps, self._requested(window)]

    def on_preference(self, message: Mapping[str, Any], stamp: Mapping[str, Any] | None = None) -> list[Event]:
        """A preference was written: a signal where it changes, is about consent, and no tap has said the same already."""
        key, value = str(message.get("key") or ""), message.get("v")
        if is_privacy_string(key):
            return self._on_privacy_string(key, value, message.get("before"))
        if not self._words.is_consent_key(key):
            return []
        before, now = self._words.is_granted(message.get("before")), self._words.is_granted(value)
        meaning: TapMeaning | None = None if before == now else ("given" if now else "withdrawn")
        if meaning is None or meaning == self._answer:
            return []
        if meaning == "withdrawn" and self._belongs_to_pending(stamp):
            return [self._confirmed(f"{key}={value}")]
        if meaning == "withdrawn" and self._answer == "refused":
            return []  # the app writes down the refusal
        self._answer = meaning
        return [_signal(meaning, "preference", f"{key}={value}")]

    def on_sdk_call(
        self, consent: SdkConsent, message: Mapping[str, Any], stamp: Mapping[str, Any] | None = None
    ) -> list[Event]:
        """The app told an SDK what the user answered: said about that SDK alone."""
        events: list[Event] = []
        for said in consent.read(message):
            again = said.signal == "refused" and self._sdk_answers.get(said.scope) == "given"
            self._sdk_answers[said.scope] = said.signal
            signal = "withdrawn" if again else said.signal
            events.append({**_signal(signal, "sdk_call", said.text, said.scope), **said.extra})
        refused = any(event["signal"] != "given" and event["scope"] == f"sdk:{consent.sdk}" for event in events)
        if refused and self._belongs_to_pending(stamp):
            events.append(self._confirmed(consent.sdk))
        return events

    def unconfirmed(self) -> list[Event]:
        """A pressed 撤回同意 that nothing confirmed, as a gap; at the end of a run and before the next one."""
        pending, self._pending = self._pending, None
        if pending is None:
            return []
        detail = f"{pending.text[:80]!r} was pressed, but no dialog, preference or SDK call confirmed a withdrawal"
        return [{**pending.stamp, "type": "gap", "kind": "withdrawal_unconfirmed", "host": "", "detail": detail}]

    # What a tap means.

    def _on_box(self, text: str, window: Window, *, checked: bool) -> list[Event]:
        """Ticking is half an act: it can be undone until the button that sends it off; without such a button it is whole."""
        meaning = self._words.judge_tap(text)
        if meaning in (None, "withdrawn") or not (window.names_policy or self._words.is_policy_text(text)):
            return []
        if not checked:
            self._ticked.pop(text, None)
            return []
        if not window.goes_on_without(text):
            return [self._answer_with(meaning, text)] if meaning == "given" else []
        self._ticked = {
            label: said for label, said in self._ticked.items() if said == meaning
        }  # one radio button at a time
        self._ticked[text] = meaning
        return []

    def _answered(self, text: str, meaning: TapMeaning | None, window: Window) -> list[Event]:
        names_policy = window.names_policy or self._words.is_policy_text(text)
        if meaning is None:
            ticked = next((label for label in self._ticked if label in window.texts), None)
            if ticked is None or not self._words.is_proceed(text):
                return []
            return [self._answer_with(self._ticked.pop(ticked), f"{ticked} → {text}")]
        if not names_policy or (self._words.is_dismissal(text) and not window.agreeing_text):
            return []
        self._ticked.clear()
        return [self._answer_with(meaning, text)]

    def _on_withdrawal_window(self, text: str, window: Window, stamp: Event) -> list[Event]:
        """In a window that asks about withdrawal only its confirmation counts; 同意 there is about the question.

        A page (no dialog) that speaks of it confirms only what an entry on another page began.
        """
        pending, self._pending = self._pending, None
        if not self._words.is_confirm(text):
            return []
        if any(dialog.resembles(window) for dialog in self._dialogs):
            return [self._answer_with("withdrawn", text)]
        if pending is not None and not pending.window.resembles(window):
            return [self._answer_with("withdrawn", text)]
        self._pending = _Pressed(stamp, text, window)
        return []

    def _answer_with(self, meaning: TapMeaning, text: str) -> Event:
        self._answer = meaning
        return _signal(meaning, "tap", text)

    # Withdrawals that something else confirms.

    def _belongs_to_pending(self, stamp: Mapping[str, Any] | None) -> bool:
        if self._pending is None:
            return False
        then, now = self._pending.stamp.get("mono_ns"), (stamp or {}).get("mono_ns")
        return then is None or now is None or 0 <= now - then <= CORROBORATION_NS

    def _confirmed(self, by: str) -> Event:
        """The withdrawal is the tap; what confirmed it is named beside its words."""
        pending, self._pending = self._pending, None
        assert pending is not None  # noqa: S101 - callers have asked _belongs_to_pending
        self._answer = "withdrawn"
        return {**pending.stamp, **_signal("withdrawn", "tap", f"{pending.text} → {by}")}

    # Strings of the IAB.

    def _on_privacy_string(self, key: str, value: object, before: object) -> list[Event]:
        text = "" if value is None else str(value)
        known = self._strings.get(key, "" if before is None else str(before))
        self._strings[key] = text
        if text == known:
            return []
        return [
            {**_signal(said.signal, "preference", f"{key}={text}", said.scope), **said.extra}
            for said in read_privacy_string(key, text, known)
        ]

    # What cannot be seen.

    def _unreadable(self, message: Mapping[str, Any], window: Window, tapped: str | None = None) -> list[Event]:
        """Gaps: content drawn without views, and a control without words pressed beside the policy."""
        found = [(str(name), "draws its content itself; its words and taps cannot be read") for name in window.opaque]
        if tapped == "" and window.names_policy:
            found.append((str(message.get("view") or "a control"), "was pressed beside the policy and has no words"))
        new = [item for item in found if item not in self._told]
        self._told.update(new)
        hint = "use the tester's keys for what is asked and answered there"
        return [
            {"type": "gap", "kind": "consent_not_readable", "host": "", "detail": f"{name} {what}: {hint}"}
            for name, what in new
        ]

    def _requested(self, window: Window) -> Event:
        # The hook sees the call that shows the dialog, so the moment is the device's own and exact.
        return {**_signal("requested", "ui_tree", " | ".join(window.texts)), "err_ns": 0}


def _signal(signal: str, source: str, text: str, scope: str = "policy") -> Event:
    return {"type": "consent", "signal": signal, "scope": scope, "source": source, "text": text[:MAX_EVIDENCE]}
