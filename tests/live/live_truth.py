"""The practice app's own words, turned into what an analysis must say and must not say."""

import itertools
import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACTORS = {
    "com.example.loan": "com.example.loan",
    "cn.adspark.sdk": "adspark",
    "com.riskeye.fraud": "riskeye",
    "com.politemetrics": "politemetrics",
    "com.stickypush": "stickypush",
}
"""Package that acted → id of the actor in the analysis document."""

NEEDLESS = {"contacts", "installed_apps", "location_precise"}
"""Of what the practice app takes, the kinds that the list of lending apps does not name and some list could."""

IDENTIFIERS = {"imei", "imsi", "iccid", "mac_wifi", "gaid", "oaid", "android_id"}
"""Of what the practice app takes, the identifiers of the device and its card."""

DECLARED = {"phone_number", "person_name"}
"""What the practice app declares."""

RULE_ENDINGS = {
    "before_prompt": "before_consent",
    "before_choice": "before_consent",
    "after_refusal": "after_refusal",
    "after_withdrawal": "after_withdrawal",
}

Violation = tuple[str, str, str, str | None]
"""Rule, data, actor, registrable domain of the recipient."""

Observation = tuple[str, str, str, str | None, str]
"""Act, data, actor, host of the recipient, phase."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One run as the app itself tells it."""

    lines: list[dict[str, Any]]

    @classmethod
    def read(cls, path: Path) -> "Truth":
        """Read the log; an app that died may leave a torn last line."""
        text = path.read_text(encoding="utf-8")
        return cls([json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()])

    @property
    def acts(self) -> list[dict[str, Any]]:
        """Everything that was read, tried or sent."""
        return [line for line in self.lines if line["kind"] in ("access", "attempt", "transmission")]

    def observations(self) -> Counter[Observation]:
        """How often each thing happened in each phase."""
        return Counter(
            (line["kind"], line["data"], ACTORS[line["actor"]], line.get("host"), line["phase"]) for line in self.acts
        )

    def violations(self, kinds: Collection[str] = ("access", "attempt", "transmission")) -> set[Violation]:
        """What an analysis of acts of these kinds must find, and nothing beyond."""
        without = [line for line in self.acts if line["phase"] in RULE_ENDINGS and line["kind"] in kinds]
        order = {
            (f"{line['kind']}_{RULE_ENDINGS[line['phase']]}", line["data"], ACTORS[line["actor"]], _domain(line))
            for line in without
        }
        taken = [line for line in without if line["kind"] != "attempt"]
        needless = {
            ("beyond_necessity", line["data"], ACTORS[line["actor"]], None)
            for line in taken
            if line["data"] in NEEDLESS
        }
        undeclared = {
            ("collected_undeclared", line["data"], ACTORS[line["actor"]], None)
            for line in taken
            if line["data"] not in DECLARED
        }
        return order | needless | undeclared | (self._hasty(taken) if "access" in kinds else set())

    def _hasty(self, taken: list[dict[str, Any]]) -> set[Violation]:
        """Identifiers that one actor read twice within a second, at least once of them without consent."""
        reads = [line for line in self.acts if line["kind"] == "access" and line["data"] in IDENTIFIERS]
        without = {(line["actor"], line["data"]) for line in taken if line["kind"] == "access"}
        return {
            ("identifier_read_too_fast", one["data"], ACTORS[one["actor"]], None)
            for one, two in itertools.combinations(reads, 2)
            if (one["actor"], one["data"]) == (two["actor"], two["data"]) and (one["actor"], one["data"]) in without
            if abs(one["t_ns"] - two["t_ns"]) < 1_000_000_000
        }

    def consent(self, scope: str) -> list[str]:
        """The signals of one scope in their order."""
        return [line["signal"] for line in self.lines if line["kind"] == "consent" and line["scope"] == scope]


def _domain(line: dict[str, Any]) -> str | None:
    return ".".join(line["host"].split(".")[-2:]) if line["kind"] == "transmission" else None


def found_violations(document: dict[str, Any], verdict: str = "without_consent") -> set[Violation]:
    """The findings of one verdict, in the truth's terms."""
    return {_as_violation(finding) for finding in document["findings"] if finding["verdict"] == verdict}


def _as_violation(finding: dict[str, Any]) -> Violation:
    recipient = finding["recipient"] if finding["rule"].startswith("transmission_") else None
    domain = ".".join(recipient["host"].split(".")[-2:]) if recipient else None
    return finding["rule"], finding["data"], finding["actor"]["id"], domain


def found_observations(document: dict[str, Any]) -> Counter[Observation]:
    """The detections in the truth's terms; several values of one kind in one request are one observation."""
    distinct = {
        (
            seen["act"],
            seen["data"],
            seen["actor"]["id"],
            seen["recipient"]["host"] if seen.get("recipient") else None,
            seen["phase"],
            seen.get("event"),
            seen.get("flow"),
        )
        for seen in document["detections"]
        if seen["actor"]["kind"] != "system"  # what the JVM asks for itself
    }
    return Counter(observation[:5] for observation in distinct)
