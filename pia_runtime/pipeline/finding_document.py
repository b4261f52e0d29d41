"""A finding, and the headings of a public notice, as the analysis document writes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pia_runtime.knowledge.rules import Rule
from pia_runtime.model.finding import Finding, UsedThreshold
from pia_runtime.pipeline.records import actor_document, recipient_document


def finding_document(finding: Finding) -> dict[str, Any]:
    """A finding as the analysis document writes it."""
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": finding.severity,
        "verdict": finding.verdict,
        "data": finding.data,
        "act": finding.act,
        "actor": actor_document(finding.actor),
        "recipient": recipient_document(finding.recipient) if finding.recipient else None,
        "count": finding.count,
        "first_ns": finding.first_ns,
        "margin_ns": finding.margin_ns,
        "err_ns": finding.err_ns,
        "frequency": {
            "count": finding.frequency.count,
            "min_interval_ns": finding.frequency.min_interval_ns,
            "per_second": finding.frequency.per_second,
            "period_ns": finding.frequency.period_ns,
        },
        "detections": list(finding.detections),
        "clauses": list(finding.clauses),
        "needs_human": finding.needs_human,
        "acts": list(finding.acts),
        "scope": finding.scope,
        "state": finding.state,
        "events": list(finding.events),
        "thresholds": [threshold_document(one) for one in finding.thresholds],
        "categories": list(finding.categories),
        "second_id": finding.second_id,
    }


def threshold_document(used: UsedThreshold) -> dict[str, Any]:
    """A number that a finding rests on; ``practice`` because none of them is law."""
    return {
        "id": used.id,
        "value": used.value,
        "unit": used.unit,
        "source": used.source,
        "practice": True,
        "overridden": used.overridden,
    }


def notice_document(
    findings: Sequence[Finding], rules: Sequence[Rule], notices: Mapping[str, Mapping[str, str]]
) -> list[dict[str, Any]]:
    """What a public notice would list: each heading with its items, an item being one kind of data in one hand."""
    heading = {rule.id: rule.notice for rule in rules if rule.notice}
    document = []
    for name, words in notices.items():
        under = [finding for finding in findings if heading.get(finding.rule) == name]
        if under:
            sentence = {"zh": words["zh"], "en": words["en"]}
            document.append({"id": name, "clause": words["clause"], "wording": sentence, "items": _items(under)})
    return document


def _items(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    items: dict[tuple[Any, ...], dict[str, Any]] = {}
    for finding in findings:
        item = items.setdefault(
            (finding.actor, finding.data),
            {"actor": actor_document(finding.actor), "data": finding.data, "acts": [], "hosts": [], "findings": []},
        )
        item["findings"].append(finding.id)
        item["acts"] = sorted({*item["acts"], *finding.acts})
        if finding.recipient:
            item["hosts"] = sorted({*item["hosts"], finding.recipient.host})
    return sorted(items.values(), key=lambda item: (str(item["data"]), item["actor"]["kind"], str(item["actor"]["id"])))
