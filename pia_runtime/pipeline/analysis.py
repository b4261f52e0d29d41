"""The one way from what was recorded to what is said: detect, order, judge, and state what could not be seen."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from pia_runtime.correlation.axis import Clocks
from pia_runtime.correlation.consent import signals_by_scope
from pia_runtime.correlation.verdict import Scopes
from pia_runtime.detection.attribution import recipient_of_host
from pia_runtime.detection.masking import mask_within
from pia_runtime.judgement.findings import judge
from pia_runtime.knowledge.base import Knowledge
from pia_runtime.knowledge.sdks import SdkIndex
from pia_runtime.model.event import Events, Stamp
from pia_runtime.model.finding import Finding
from pia_runtime.model.flow import Flow
from pia_runtime.model.session import Contact, Identifiers, Session
from pia_runtime.pipeline.accesses import detect_accesses
from pia_runtime.pipeline.blind_spots import Counts, blind_spots, gaps_of
from pia_runtime.pipeline.consent_document import consent_intervals
from pia_runtime.pipeline.coverage import coverage
from pia_runtime.pipeline.detections import Disclosure, actor_document, assemble, recipient_document
from pia_runtime.pipeline.senders import Senders
from pia_runtime.pipeline.transmissions import Scan, Transmissions, detect_transmissions

SCHEMA = "pia.analysis/1"


class TroubleLike(Protocol):
    """Something in a file that could not be used."""

    @property
    def kind(self) -> str:
        """Blind-spot kind."""

    @property
    def where(self) -> str:
        """File and line, or a host."""

    @property
    def detail(self) -> str:
        """What is wrong."""

    @property
    def count(self) -> int:
        """How often."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a capture holds.

    Attributes:
        flows: read once, in file order.
        troubles: what was wrong with the files; asked after the flows were read.
        commitment_key: the capture's key, or None.
    """

    session: Session
    identifiers: Identifiers
    events: Events
    flows: Iterable[Flow]
    troubles: Callable[[], Sequence[TroubleLike]]
    commitment_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Toolbox:
    """Knowledge, ready to use.

    Attributes:
        scanner_for: makes the scan for one capture's identifiers and events; also says which known values are too weak
            to search for, as (taxonomy id, reason).
    """

    knowledge: Knowledge
    sdks: SdkIndex
    scanner_for: Callable[[Identifiers, Events, str], tuple[Scan, Sequence[tuple[str, str]]]]


def analyse(content: Content, toolbox: Toolbox, *, reveal: bool = False) -> dict[str, Any]:
    """The analysis document of one capture (capture format, version 1).

    Args:
        content: what was recorded.
        toolbox: what is known.
        reveal: put full values into the document; otherwise they are masked and committed to.
    """
    knowledge, events, package = toolbox.knowledge, content.events, content.session.app.package
    scan, weak = toolbox.scanner_for(content.identifiers, events, package)
    found = detect_transmissions(content.flows, scan)
    unknown_sent = _drop_unknown(found, knowledge)
    senders = Senders.of(events, content.session, found, toolbox.sdks)
    sent = [(item, *senders.sender(item), recipient_of_host(item.host, package, toolbox.sdks)) for item in found.sent]
    accesses = detect_accesses(events.api_calls, package, toolbox.sdks, knowledge)
    scopes = Scopes(signals_by_scope(events), permission_data(knowledge))
    clocks = Clocks.of(content.session.clock_samples, _stamps(events))
    disclosure = Disclosure(content.commitment_key, reveal)
    detections = assemble(events.api_calls, accesses, sent, scopes, clocks, disclosure)
    findings = judge(detections.table, detections.actors, detections.recipients, knowledge.rules)
    intervals = consent_intervals(scopes, clocks)
    counts = _trouble_counts(content, found, accesses.unknown_data | unknown_sent, weak)
    counts.update(_missing(content, scopes, clocks))
    secrets = frozenset() if reveal else _secrets(content.identifiers, found, events)
    return {
        "schema": SCHEMA,
        "session": content.session.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "knowledge_sha256": knowledge.sha256,
        "consent": intervals if reveal else [_hidden(item, ("texts",), secrets) for item in intervals],
        "detections": detections.records,
        "findings": [finding_document(finding) for finding in findings],
        "blind_spots": [
            {
                "kind": spot.kind,
                "host": spot.host or None,
                "count": spot.count,
                "detail": mask_within(spot.detail, secrets) or None,
                "why_it_matters": spot.why_it_matters,
            }
            for spot in blind_spots(counts, knowledge)
        ],
        "coverage": coverage(content.session, events, clocks, intervals, detections.records, sum(found.hosts.values())),
    }


def document_bytes(document: Mapping[str, Any]) -> bytes:
    """The document as it is stored and printed: UTF-8 JSON, sorted keys, two spaces, one newline at the end."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def permission_data(knowledge: Knowledge) -> dict[str, frozenset[str]]:
    """Which data each runtime permission speaks about, by the last part of its name."""
    data: dict[str, set[str]] = defaultdict(set)
    for entry in knowledge.taxonomy.values():
        for permission in entry.runtime_permissions:
            data[permission].add(entry.id)
    return {permission: frozenset(ids) for permission, ids in data.items()}


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
        "frequency": {"count": finding.frequency.count, "min_interval_ns": finding.frequency.min_interval_ns},
        "detections": list(finding.detections),
        "clauses": list(finding.clauses),
        "needs_human": finding.needs_human,
    }


def _drop_unknown(found: Transmissions, knowledge: Knowledge) -> Counter[str]:
    """Take out what this knowledge has no name for, as for accesses, and say how often it was met."""
    unknown = Counter(item.match.data for item in found.sent if item.match.data not in knowledge.taxonomy)
    found.sent = [item for item in found.sent if item.match.data in knowledge.taxonomy]
    return unknown


def _secrets(identifiers: Identifiers, found: Transmissions, events: Events) -> frozenset[str]:
    """Every value that is known, was sent, or was returned as one text: none of them may stand in free text."""
    secrets = {item.match.value for item in found.sent}
    for identifier in identifiers.identifiers:
        value = identifier.value
        if isinstance(value, str):
            secrets.add(value)
        elif isinstance(value, Contact):
            secrets.update((value.name, *value.phones, *value.emails))
    secrets.update(value for value in events.api_calls["value"] if isinstance(value, str))
    return frozenset(secrets)


def _hidden(record: dict[str, Any], fields: Sequence[str], secrets: frozenset[str]) -> dict[str, Any]:
    """The record with the secrets in these lists of texts masked."""
    return {**record, **{name: [mask_within(text, secrets) for text in record[name]] for name in fields}}


def _stamps(events: Events) -> list[Stamp]:
    """Every device stamp that tells wall and monotonic time apart; equal distances add nothing, extremes suffice."""
    calls = events.api_calls
    device = calls[(calls["clock"] == "device") & calls["mono_ns"].notna()]
    chosen = device
    if len(device):
        apart = device["t_ns"] - device["mono_ns"].astype("int64")
        ends = {apart.idxmin(), apart.idxmax(), device["t_ns"].idxmin(), device["t_ns"].idxmax()}
        first_of_boot = device.drop_duplicates("boot_id").index
        chosen = device.loc[sorted({*ends, *first_of_boot})]
    columns = (chosen[name].tolist() for name in ("seq", "t_ns", "mono_ns", "boot_id"))
    stamps = [Stamp(seq, t_ns, "device", mono, boot) for seq, t_ns, mono, boot in zip(*columns, strict=True)]
    return stamps + _rare_stamps(events)


def _rare_stamps(events: Events) -> list[Stamp]:
    return [item.stamp for item in events.consents] + [item.stamp for item in events.occurrences]


def _trouble_counts(
    content: Content, found: Transmissions, unknown_data: Counter[str], weak: Sequence[tuple[str, str]]
) -> Counts:
    counts = gaps_of(content.events)
    for trouble in content.troubles():
        counts[trouble.kind, "", f"{trouble.where}: {trouble.detail}".strip(": ")] += trouble.count
    for (reason, host), number in found.opaque.items():
        counts[reason, host, ""] += number
    for (host, error), number in found.faults.items():
        counts["analysis_fault", host, error] += number
    for kind, number in unknown_data.items():
        counts["unknown_identifier", "", kind] += number
    for kind, reason in weak:
        counts["weak_value", "", f"{kind}: {reason}"] += 1
    return counts


def _missing(content: Content, scopes: Scopes, clocks: Clocks) -> Counts:
    """Gaps that show only in the whole."""
    counts: Counts = Counter()
    events = content.events
    on_device = bool((events.api_calls["clock"] == "device").any()) or any(
        stamp.clock == "device" for stamp in _rare_stamps(events)
    )
    if on_device and not content.session.clock_samples:
        counts["no_clock_sample", "", ""] += 1
    if clocks.wall.to_host.steps:
        counts["clock_step", "", ""] += clocks.wall.to_host.steps
    if "policy" not in scopes.signals:
        counts["no_consent_signal", "", ""] += 1
    return counts
