"""Consent signals, the run as a whole, and starts: the tables that rules about asking and starting are held against."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from pia_runtime.correlation.axis import Clocks
from pia_runtime.correlation.clock import Times
from pia_runtime.correlation.consent import own_error
from pia_runtime.correlation.verdict import INSTANT_COLUMNS, Scopes, judge_instants
from pia_runtime.judgement.facts import words
from pia_runtime.knowledge.conditions import VOCABULARY
from pia_runtime.knowledge.permission_groups import PermissionGroups
from pia_runtime.knowledge.thresholds import Threshold
from pia_runtime.model.event import ConsentSignal, Events, scope_key
from pia_runtime.pipeline.placing import Placed, placed

_TCF = re.compile(r"IABTCF_PurposeConsents\W{1,3}([01])")
_ANSWERS = ("given", "refused", "withdrawn")
_PROMPT_HOOK = "consent.dialog_show"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the signals are seen against.

    Attributes:
        unlisted: kinds of data that are on no list of the app's kinds.
        listed: kinds that are on one, or declared for an extended function.
    """

    events: Events
    scopes: Scopes
    clocks: Clocks
    thresholds: Mapping[str, Threshold]
    permissions: PermissionGroups
    sensitive: frozenset[str] = frozenset()
    unlisted: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Seen:
    """One signal with what is known about it."""

    signal: ConsentSignal
    scope: str
    at: Placed
    facts: dict[str, Any] = field(default_factory=dict)


def signals_table(around: Surroundings) -> pd.DataFrame:
    """One row a signal: the facts of the vocabulary's table ``signals`` and the event columns."""
    seen = [one for scope, signals in around.scopes.signals.items() for one in _in_order(scope, signals, around.clocks)]
    _mark_together([one for one in seen if _is_request(one)], around)
    prompts, watched = _prompts(around)
    exits = [placed(o.stamp, around.clocks) for o in around.events.occurrences if _is_exit(o.fields, o.type)]
    calls = _calls_by_clock(around.events)
    for one in seen:
        one.facts |= {
            "purpose_shown": _purpose_shown(one, prompts, watched, around) if _is_request(one) else "unknown",
            "ended_after": _ended_after(one, exits, calls),
            **_about_data(one, around),
        }
    return _frame(seen, around)


def _in_order(scope: str, signals: Sequence[ConsentSignal], clocks: Clocks) -> Iterator[_Seen]:
    """The signals of a scope in time, each with the last answer before it and whether the user was asked since."""
    ordered = sorted(
        (_Seen(signal, scope, placed(signal.stamp, clocks, own_error(signal))) for signal in signals),
        key=lambda one: (one.at.t_ns, one.signal.stamp.seq),
    )
    answer: _Seen | None = None
    asked = False
    for one in ordered:
        certain = answer is None or one.at.certainly_after(answer.at)
        since = one.at.t_ns - answer.at.t_ns if answer and answer.signal.signal == "refused" else np.nan
        one.facts = {
            "previous": "none" if answer is None else answer.signal.signal if certain else "unknown",
            "asked_since": asked,
            "since_refusal": since,
            "together": np.nan,
        }
        yield one
        if one.signal.signal in _ANSWERS:
            answer, asked = one, False
        else:
            asked = True


def _is_request(one: _Seen) -> bool:
    return one.scope.startswith("permission:") and one.signal.signal == "requested"


def _mark_together(requests: list[_Seen], around: Surroundings) -> None:
    """How many permission groups were asked for within the window around each request."""
    window = around.thresholds["asked_together"].ns
    requests.sort(key=lambda one: one.at.t_ns)
    times = np.array([one.at.t_ns for one in requests], dtype=np.int64)
    groups = [around.permissions.group(scope_key(one.scope).partition(":")[2]) for one in requests]
    for one, low, high in zip(
        requests,
        np.searchsorted(times, times, side="left"),
        np.searchsorted(times, times + window, side="right"),
        strict=True,
    ):
        together = len(set(groups[low:high]))
        for other in requests[low:high]:
            other.facts["together"] = max(together, np.nan_to_num(other.facts["together"]))
        one.facts["together"] = max(together, np.nan_to_num(one.facts["together"]))


def _prompts(around: Surroundings) -> tuple[list[int], bool]:
    """When a dialog that is not about the policy came up, and whether dialogs were watched at all."""
    policy = {signal.stamp.t_ns for signal in around.scopes.signals.get("policy", ()) if signal.signal == "requested"}
    shown, watched = [], False
    for occurrence in around.events.occurrences:
        fields = occurrence.fields
        if occurrence.type == "ui" and fields.get("action") == "dialog_shown":
            watched = True
            if occurrence.stamp.t_ns not in policy:
                shown.append(placed(occurrence.stamp, around.clocks).t_ns)
        elif occurrence.type == "hook_status" and fields.get("hook") == _PROMPT_HOOK:
            watched |= fields.get("status") == "installed"
    return sorted(shown), watched


def _purpose_shown(one: _Seen, prompts: Sequence[int], watched: bool, around: Surroundings) -> str:
    if not watched:
        return "unknown"
    window = around.thresholds["purpose_shown_within"].ns
    place = int(np.searchsorted(np.array(prompts, dtype=np.int64), one.at.t_ns, side="right"))
    return str(place > 0 and one.at.t_ns - prompts[place - 1] <= window).lower()


def _is_exit(fields: Mapping[str, Any], kind: str) -> bool:
    return kind == "lifecycle" and fields.get("state") == "process_exit"


def _calls_by_clock(events: Events) -> dict[str, Times]:
    """Times of all API calls by the clock they carry, ascending."""
    calls = events.api_calls
    return {
        clock: np.sort(calls.loc[calls["clock"] == clock, "t_ns"].to_numpy(dtype=np.int64))
        for clock in ("host", "device")
    }


def _ended_after(one: _Seen, exits: Sequence[Placed], calls: Mapping[str, Times]) -> float:
    """Time in ns from a refusal to the end of a process that did nothing more; NaN where it went on, or did not end."""
    if one.signal.signal != "refused":
        return float("nan")
    wait = min((end.t_ns - one.at.t_ns for end in exits if end.certainly_after(one.at)), default=None)
    if wait is None:
        return float("nan")
    stamp, times = one.signal.stamp, calls[one.signal.stamp.clock]
    went_on = np.searchsorted(times, stamp.t_ns + wait, "left") > np.searchsorted(times, stamp.t_ns, "right")
    return float("nan") if went_on else float(wait)


def _about_data(one: _Seen, around: Surroundings) -> dict[str, Any]:
    kind, _, name = scope_key(one.scope).partition(":")
    data = around.scopes.permission_data.get(name, frozenset()) if kind == "permission" else frozenset({name})
    needless = bool(data & around.unlisted) and not data & around.listed
    return {"sensitive": bool(data & around.sensitive), "unlisted": kind == "permission" and needless}


def _frame(seen: Sequence[_Seen], around: Surroundings) -> pd.DataFrame:
    stamps = [one.signal.stamp for one in seen]
    instants = pd.DataFrame(
        {
            "t_ns": [stamp.t_ns for stamp in stamps],
            "err_ns": [min(own_error(one.signal), 2**62) for one in seen],
            "clock": [stamp.clock for stamp in stamps],
            "mono_ns": pd.array([stamp.mono_ns for stamp in stamps], dtype="Int64"),
            "boot_id": [stamp.boot_id for stamp in stamps],
            "data": [""] * len(seen),
            "sdk": [""] * len(seen),
        }
    ).astype(INSTANT_COLUMNS)
    policy = {scope: signals for scope, signals in around.scopes.signals.items() if scope == "policy"}
    judged = judge_instants(instants, Scopes(policy, {}), around.clocks)
    facts = pd.DataFrame(
        {
            "seq": [stamp.seq for stamp in stamps],
            "actor": [-1] * len(seen),
            "host_ns": [one.at.t_ns for one in seen],
            "scope": [one.scope for one in seen],
            "kind": [one.scope.partition(":")[0] for one in seen],
            "signal": [one.signal.signal for one in seen],
            "source": [one.signal.source for one in seen],
        }
    )
    made = {name: [one.facts[name] for one in seen] for name in _MADE}
    table = facts.assign(phase=judged["phase"].to_numpy(), verdict=judged["verdict"].to_numpy(), **made)
    return typed(table, "signals")


_MADE = (
    "previous",
    "asked_since",
    "since_refusal",
    "together",
    "purpose_shown",
    "ended_after",
    "sensitive",
    "unlisted",
)


def typed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with words as categories and numbers as floats, as :class:`pia_runtime.judgement.facts.Facts` wants them."""
    for fact, allowed in VOCABULARY[name].items():
        table[fact] = table[fact].astype("float64") if isinstance(allowed, str) else _coded(table[fact])
    if "scope" in table:
        table["scope"] = _coded(table["scope"])
    return table.astype({"seq": "int64", "actor": "int64", "host_ns": "int64"})


def _coded(column: Iterable[Any]) -> "pd.Categorical[str]":
    """Words, and truths as ``true`` and ``false``; pandas is not left to guess what they are."""
    said = [str(word).lower() if isinstance(word, bool | np.bool_) else str(word) for word in column]
    place = {word: code for code, word in enumerate(sorted(set(said)))}
    return words(np.array([place[word] for word in said], dtype=np.int64), list(place))


def run_table(around: Surroundings, *, first_launch: bool | None, start_ns: int, collects: bool) -> pd.DataFrame:
    """One row: whether the user was asked at all, and whether anybody could have seen it."""
    policy = around.scopes.signals.get("policy", ())
    row = {
        "seq": -1,
        "actor": -1,
        "host_ns": start_ns,
        "scope": "policy",
        "phase": "unknown",
        "verdict": "indeterminate",
        "first_launch": "unknown" if first_launch is None else first_launch,
        "policy_asked": any(signal.signal == "requested" for signal in policy),
        "policy_answered": any(signal.signal in _ANSWERS for signal in policy),
        "watched": around.events.count > 0,
        "collects": collects,
    }
    return typed(pd.DataFrame([row]), "run")


def tcf_changes(around: Surroundings) -> list[tuple[int, str]]:
    """When purpose 1 of the TCF was set and to what, in the order of time: from decoded strings, or the key as it was written."""
    found: dict[int, str] = {}
    for signal in around.events.consents:
        given = _tcf_purpose_1(signal)
        if given is not None:
            found[placed(signal.stamp, around.clocks).t_ns] = "given" if given else "refused"
    return sorted(found.items())


def _tcf_purpose_1(signal: ConsentSignal) -> bool | None:
    if signal.purposes is not None:
        return 1 in signal.purposes
    match = _TCF.search(signal.text)
    return match[1] == "1" if match else None
