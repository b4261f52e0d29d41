"""Parts of the document as words of one language. Every captured text in what comes out is already escaped for the eye."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pia_runtime.reports.escape import LONG, SHORT, visible
from pia_runtime.reports.instants import seconds, utc, with_error
from pia_runtime.reports.labels import Labels, Lang, Names
from pia_runtime.reports.messages import fill, load_messages

_BEFORE = {"before_prompt", "before_choice"}
_FINGERPRINT_CHARS = 19
"""``SHA256:`` and twelve characters: enough to see whose word it is; ``pia annotate --list`` prints all."""


class Wording:
    """Words of ``lang`` for ids, actors, findings and margins."""

    def __init__(self, lang: Lang, labels: Labels) -> None:
        self.lang: Lang = lang
        self.labels = labels
        self._messages = load_messages(lang)

    def say(self, key: str, **slots: object) -> str:
        """The message ``key`` with its slots filled. Raises KeyError for a message that does not exist (a bug)."""
        return fill(self._messages[key], slots)

    def term(self, group: str, name: object) -> str:
        """The message ``group.name``, or ``name`` itself, escaped, where the reports have no word for it."""
        found = self._messages.get(f"{group}.{name}")
        return visible(name) if found is None else found

    def data(self, data: object) -> str:
        """Name of a kind of data; an unknown id prints as itself, and none as a dash."""
        return "–" if data is None else self._name(self.labels.data, data)

    def clause(self, clause: object) -> str:
        """Gist of a provision, without its number."""
        return self._name(self.labels.clauses, clause)

    def actor(self, actor: Mapping[str, Any] | None) -> str:
        """Whose code it was: ``SDK 甲``, ``the app``, ``unknown code``."""
        actor = actor or {}
        kind = actor.get("kind") or "unknown"
        name = actor.get("name") or actor.get("id")
        if kind == "app":
            return self.say("actor.app")
        if not name:
            return self.term("actor", kind)
        return self.say("actor.named_sdk", name=visible(name)) if kind == "sdk" else visible(name)

    def recipient(self, recipient: Mapping[str, Any] | None) -> str:
        """``collect.ad.example (Company)`` or a dash."""
        if not recipient:
            return "–"
        host = visible(recipient.get("host"))
        company = visible(recipient.get("company"))
        return f"{host} ({company})" if company else host

    def finding(self, finding: Mapping[str, Any]) -> str:
        """What happened, as one sentence: the rule's own, or one made of act and verdict for a rule without words."""
        slots: dict[str, object] = {
            "actor": self.actor(finding.get("actor")),
            "data": self.data(finding.get("data")),
            "host": visible((finding.get("recipient") or {}).get("host") or "–"),
            "scope": visible(finding.get("scope") or "–"),
            "state": self.term("app_state", finding.get("state") or "unknown"),
            "count": visible(finding.get("count")),
            "category": self.list([self._name(self.labels.categories, one) for one in finding.get("categories") or ()]),
        }
        sentence = self.labels.rules.get(str(finding.get("rule")), {}).get(self.lang)
        if sentence is None:
            act = self._messages.get(f"sentence.{finding.get('act')}", self._messages["sentence.access"])
            sentence = self.say("sentence.with_verdict", act=act, verdict=self.term("verdict", finding.get("verdict")))
        told = re.sub(r" {2,}", " ", fill(sentence, slots)).strip()
        return told[:1].upper() + told[1:]

    def act_sentence(self, act: Mapping[str, Any]) -> str:
        """What one detection did, as a sentence: ``SDK 甲 read IMEI``."""
        sentence = self._messages.get(f"sentence.{act.get('act')}", self._messages["sentence.access"])
        slots: dict[str, object] = {
            "actor": self.actor(act.get("actor")),
            "data": self.data(act.get("data")),
            "host": visible((act.get("recipient") or {}).get("host") or "–"),
        }
        told = fill(sentence, slots)
        return told[:1].upper() + told[1:]

    def list(self, names: Sequence[str]) -> str:
        """Names one after the other, or a dash."""
        return self.say("report.and").join(names) or "–"

    def threshold(self, used: Mapping[str, Any]) -> str:
        """A number that a finding rests on, with its source, marked as practice."""
        return self.say(
            "threshold.used",
            id=visible(used.get("id")),
            value=visible(f"{used.get('value'):g}"),
            unit=self.term("unit", used.get("unit")),
            source=visible(used.get("source"), 300),
            overridden=self.say("threshold.overridden") if used.get("overridden") else "",
        ).strip()

    def annotations(self, finding: Mapping[str, Any]) -> tuple[str, ...]:
        """What testers signed about a finding, a line each, oldest first; nothing where the document carries none."""
        return tuple(
            self.say(
                f"annotation.{'dismissal' if one.get('kind') == 'dismissal' else 'note'}",
                text=visible(one.get("text"), LONG),
                by=visible(str(one.get("by"))[:_FINGERPRINT_CHARS]),
                on=utc(one.get("t_ns"))[:10],
            )
            for one in finding.get("annotations") or ()
        )

    def because(self, reasons: Sequence[object]) -> str:
        """Why something was not assessed or not seen: words of the reports, or the names of blind spots."""
        known = (self._messages.get(f"because.{reason}") or self.term("blind_spot", reason) for reason in reasons)
        return self.list([*known])

    def margin(self, margin_ns: int | None, err_ns: int | None, phases: set[str], verdict: object) -> str:
        """How far from the consent boundary: ``3.214 s ± 0.002 s before the choice``, or a dash without a boundary."""
        if margin_ns is None:
            return "–"
        distance = (
            self.say("margin.one_clock", distance=f"{seconds(abs(margin_ns))} s")
            if err_ns == 0
            else with_error(abs(margin_ns), err_ns)
        )
        return self.say(f"margin.{_margin_side(phases, verdict)}", distance=distance)

    def blind_spot(self, spot: Mapping[str, Any]) -> str:
        """Why a blind spot matters; the document's own sentence where the knowledge has none in this language."""
        told = self.labels.blind_spots.get(str(spot.get("kind")), {}).get(self.lang)
        return told or visible(spot.get("why_it_matters"), 300)

    def needs_human(self, message: object) -> str:
        """What a person must still check; empty where nothing is named."""
        return self.term("needs_human", message) if message else ""

    def _name(self, names: Names, key: object) -> str:
        return names.get(str(key), {}).get(self.lang) or visible(key, SHORT)


def _margin_side(phases: set[str], verdict: object) -> str:
    if verdict == "indeterminate":
        return "undecided"
    if phases and phases <= _BEFORE:
        return "before_choice"
    if len(phases) == 1 and phases <= {"after_refusal", "after_withdrawal", "after_grant"}:
        return next(iter(phases))
    return "from_boundary"
