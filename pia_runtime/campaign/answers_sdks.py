"""Per SDK over all apps: what it takes before consent and in how many apps, which apps use it rightly, and how they should."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pia_runtime.knowledge.sdks import Sdk

_ADVICE = ("grant", "preinit", "init", "collect_switch")
"""Kinds of documented calls that bear on consent, the telling first."""


def sdk_answers(detections: pd.DataFrame, consent: pd.DataFrame, sdks: Mapping[str, Sdk]) -> list[dict[str, Any]]:
    """One object an SDK, the one that takes something without consent in most apps first.

    Args:
        detections: the campaign's table of detections.
        consent: its table of consent records.
        sdks: what is known of each SDK.

    Returns:
        ``takes`` (kind of data, act, hosts, apps: certainly without consent), ``wrongly``, ``undecided`` and ``rightly`` (apps:
        something without consent; nothing certain, but something undecided; only with consent), ``told`` (apps that told it the
        user's answer), ``calls`` (how its vendor documents that it be told).
    """
    acts = detections[(detections["actor_kind"] == "sdk") & (detections["act"] != "attempt")]
    told = _told(consent)
    answered = [
        _answer(str(sdk), rows, told.get(str(sdk), set()), sdks.get(str(sdk)))
        for sdk, rows in acts.groupby("actor_id", observed=True, sort=True)
    ]
    return sorted(answered, key=lambda one: (-len(one["wrongly"]), -len(one["undecided"]), one["id"]))


def _answer(sdk: str, rows: pd.DataFrame, told: set[str], known: Sdk | None) -> dict[str, Any]:
    by_verdict = {
        str(verdict): set(map(str, group["app"])) for verdict, group in rows.groupby("verdict", observed=True)
    }
    wrongly = by_verdict.get("without_consent", set())
    undecided = by_verdict.get("indeterminate", set()) - wrongly
    rightly = by_verdict.get("with_consent", set()) - wrongly - undecided
    names = sorted({str(name) for name in rows["actor_name"].dropna()})
    return {
        "id": sdk,
        "name": known.name if known else (names[0] if names else sdk),
        "company": known.company if known else None,
        "apps": len(wrongly | undecided | rightly),
        "wrongly": sorted(wrongly),
        "undecided": sorted(undecided),
        "rightly": sorted(rightly),
        "told": sorted(told & (wrongly | undecided | rightly)),
        "takes": _takes(rows[rows["verdict"] == "without_consent"]),
        "calls": _calls(known),
    }


def _takes(rows: pd.DataFrame) -> list[dict[str, Any]]:
    takes = [
        {
            "data": data,
            "act": act,
            "apps": int(group["app"].nunique()),
            "hosts": sorted({str(host) for host in group["host"].dropna()}),
        }
        for (data, act), group in rows.groupby(["data", "act"], observed=True, sort=True)
    ]
    return sorted(takes, key=lambda one: (-one["apps"], one["act"] != "transmission", str(one["data"])))


def _told(consent: pd.DataFrame) -> dict[str, set[str]]:
    scopes = consent["scope"].astype("object").str
    given = consent[scopes.startswith("sdk:") & (consent["state"] != "requested")]
    told: dict[str, set[str]] = {}
    for scope, app in zip(given["scope"].astype(str), given["app"].astype(str), strict=True):
        told.setdefault(scope.removeprefix("sdk:").partition("/")[0], set()).add(app)
    return told


def _calls(known: Sdk | None) -> list[dict[str, str]]:
    calls = [call for call in (known.consent_calls if known else ()) if call.kind in _ADVICE]
    return [
        {"kind": call.kind, "call": call.call, "effect": call.effect}
        for call in sorted(calls, key=lambda call: _ADVICE.index(call.kind))
    ]
