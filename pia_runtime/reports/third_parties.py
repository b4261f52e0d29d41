"""Who besides the app took or received personal data: SDKs by their code, third parties by their host."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pia_runtime.reports.escape import visible
from pia_runtime.reports.report import Report


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """One SDK, or the owner of a host that no SDK is known of.

    Attributes:
        read: taxonomy ids that its code read; ``sent``: those that went to it or left by its code.
        without_consent: observations that were certainly without consent.
    """

    name: str
    company: str
    read: tuple[str, ...]
    sent: tuple[str, ...]
    hosts: tuple[str, ...]
    earliest_ns: int | None
    without_consent: int


def third_parties(report: Report) -> list[ThirdParty]:
    """In the order of their first act."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for one in report.detections.values():
        key = _key(one)
        if key is not None:
            groups.setdefault(key, []).append(one)
    found = [_third_party(report, key, seen) for key, seen in groups.items()]
    return sorted(found, key=lambda one: (one.earliest_ns is None, one.earliest_ns, one.name))


def _key(one: Mapping[str, Any]) -> tuple[str, str] | None:
    actor, to = one.get("actor") or {}, one.get("recipient") or {}
    if actor.get("kind") == "sdk":
        return "sdk", str(actor.get("id"))
    if to.get("third_party") is True:
        return "host", str(to.get("company") or to.get("domain") or to.get("host"))
    return None


def _third_party(report: Report, key: tuple[str, str], seen: list[Mapping[str, Any]]) -> ThirdParty:
    labels = report.wording.labels
    sent = [one for one in seen if one.get("act") == "transmission"]
    hosts = dict.fromkeys(visible((one.get("recipient") or {}).get("host")) for one in sent)
    companies = [str((one.get("recipient") or {}).get("company") or "") for one in sent]
    name = report.wording.actor(seen[0].get("actor")) if key[0] == "sdk" else visible(key[1])
    return ThirdParty(
        name,
        visible(labels.companies.get(key[1]) or next(filter(None, companies), "")),
        tuple(dict.fromkeys(str(one.get("data")) for one in seen if one.get("act") == "access")),
        tuple(dict.fromkeys(str(one.get("data")) for one in sent)),
        tuple(host for host in hosts if host),
        min((one["t_ns"] for one in seen if one.get("t_ns") is not None), default=None),
        sum(one.get("verdict") == "without_consent" for one in seen),
    )
