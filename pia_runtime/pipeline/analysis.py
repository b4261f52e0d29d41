"""The one way from what was recorded to what is said: detect, order, judge, and state what could not be seen."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from pia_runtime.correlation.axis import Clocks
from pia_runtime.correlation.consent import signals_by_scope
from pia_runtime.correlation.verdict import Scopes
from pia_runtime.detection.attribution import recipient_of_host
from pia_runtime.judgement.declarations import Declared, declaration_document
from pia_runtime.judgement.findings import judge
from pia_runtime.judgement.necessity import necessity_document
from pia_runtime.knowledge.base import Knowledge
from pia_runtime.model.finding import Finding
from pia_runtime.pipeline.accesses import detect_accesses
from pia_runtime.pipeline.assessment import assessment, blind_by_stream, blind_phases, phase_results, present_needs
from pia_runtime.pipeline.blind_spots import Counts, blind_spots
from pia_runtime.pipeline.consent_document import consent_intervals
from pia_runtime.pipeline.content import Content, Toolbox
from pia_runtime.pipeline.coverage import coverage
from pia_runtime.pipeline.declared import declared_of
from pia_runtime.pipeline.detections import assemble
from pia_runtime.pipeline.exercised import exercised
from pia_runtime.pipeline.facts import Case, Made, make_facts, seen_by_actor
from pia_runtime.pipeline.finding_document import finding_document, notice_document
from pia_runtime.pipeline.meetings import meetings_of
from pia_runtime.pipeline.moments import moments
from pia_runtime.pipeline.records import Disclosure, records_of
from pia_runtime.pipeline.secrets import identifying_secrets, secrets_of, without_secrets
from pia_runtime.pipeline.senders import Senders
from pia_runtime.pipeline.transmissions import Transmissions
from pia_runtime.pipeline.triggers import triggers
from pia_runtime.pipeline.troubles import device_readings, drop_unknown, missing, trouble_counts

SCHEMA = "pia.analysis/1"


def analyse(content: Content, toolbox: Toolbox, *, reveal: bool = False) -> dict[str, Any]:
    """The analysis document of one capture (capture format, version 1).

    Args:
        content: what was recorded.
        toolbox: what is known.
        reveal: put full values into the document; otherwise they are masked and committed to.
    """
    return analyse_with_secrets(content, toolbox, reveal=reveal)[0]


def analyse_with_secrets(
    content: Content, toolbox: Toolbox, *, reveal: bool = False
) -> tuple[dict[str, Any], frozenset[str]]:
    """The document, and every value that may not stand in a text quoted beside it (none where all is revealed)."""
    analysed = analyse_recorded(content, toolbox, reveal=reveal)
    return analysed.document, analysed.secrets


@dataclass(frozen=True, slots=True)
class Analysed:
    """An analysis before it leaves.

    Attributes:
        document: the analysis document, masked unless all is revealed.
        secrets: values that may not stand in a text quoted beside it; none where all is revealed.
        paths: by detection id, the path to what was found, to be followed and never shown: a field may be named after a value.
    """

    document: dict[str, Any]
    secrets: frozenset[str]
    paths: dict[str, list[str]]


def analyse_recorded(content: Content, toolbox: Toolbox, *, reveal: bool = False) -> Analysed:
    """As :func:`analyse`, with what only the program itself may see."""
    case, found, counts = detect(content, toolbox)
    made = make_facts(case)
    findings = judge(made.facts, toolbox.knowledge.rules)
    for number in made.unknown_categories:
        counts["unknown_category", "", str(number)] += 1
    records = _records(case, made, Disclosure(content.commitment_key, reveal))
    document = _document(content, toolbox.knowledge, case, made, findings, found, counts, records)
    paths = {one["id"]: one["path"] for one in records if one["path"]}
    if reveal:
        return Analysed(document, frozenset(), paths)
    recorded = content.identifiers, found, content.events
    secrets, identifying = secrets_of(*recorded), identifying_secrets(*recorded, content.session)
    masked = without_secrets(document, secrets, identifying)
    return Analysed(masked, secrets | identifying, paths)


def detect(content: Content, toolbox: Toolbox) -> tuple[Case, Transmissions, Counts]:
    """Everything that was detected and ordered, what the flows gave, and the trouble met, ready to be judged."""
    knowledge, events, package = toolbox.knowledge, content.events, content.session.app.package
    scan, weak = toolbox.scanner_for(content.identifiers, events, package, content.flow_bytes)
    found = content.transmissions(scan)
    unknown_sent = drop_unknown(found, knowledge)
    senders = Senders.of(events, content.session, found, toolbox.sdks)
    sent = [(item, *senders.sender(item), recipient_of_host(item.host, package, toolbox.sdks)) for item in found.sent]
    accesses = detect_accesses(events.api_calls, package, toolbox.sdks, knowledge)
    scopes = Scopes(signals_by_scope(events), permission_data(knowledge))
    clocks = Clocks.of(
        content.session.clock_samples, device_readings(events), meetings_of(events, content.session, found)
    )
    detections = assemble(events.api_calls, accesses, sent, scopes, clocks)
    counts = trouble_counts(content, found, accesses.unknown_data | unknown_sent, weak)
    counts.update(missing(content, scopes, clocks))
    case = Case(
        session=content.session,
        events=events,
        detections=detections,
        accesses=accesses,
        sent=sent,
        scopes=scopes,
        clocks=clocks,
        declared=Declared(declared_of(content.declaration, content.session)),
        thresholds=dict(content.thresholds or knowledge.thresholds),
        regimes=content.regimes,
        knowledge=knowledge,
        sdks=toolbox.sdks,
    )
    return case, found, counts


def _document(
    content: Content,
    knowledge: Knowledge,
    case: Case,
    made: Made,
    findings: tuple[Finding, ...],
    found: Transmissions,
    counts: Counts,
    records: list[dict[str, Any]],
) -> dict[str, Any]:
    intervals = consent_intervals(case.scopes, case.clocks)
    seen = seen_by_actor(made, case.detections)
    flows = sum(found.hosts.values())
    covered = coverage(content.session, content.events, case.clocks, intervals, records, flows)
    covered["exercised"] = exercised(content.events, content.identifiers, found.hosts)
    blind = blind_phases(content.events, counts, case.scopes, case.clocks, knowledge)
    without = Counter(record["phase"] for record in records if record["verdict"] == "without_consent")
    covered["phases"] = phase_results(covered["phases"], without, blind)
    present = present_needs(content.session, content.events, case.scopes, case.declared, len(made.categories), flows)
    assessed = assessment(knowledge.assessable, findings, present, blind_by_stream(counts, knowledge))
    return {
        "schema": SCHEMA,
        "session": content.session.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "knowledge_sha256": knowledge.sha256,
        "regimes": sorted(made.facts.regimes),
        "thresholds": {
            one.id: {"value": one.value, "unit": one.unit, "source": one.source, "overridden": one.overridden}
            for one in case.thresholds.values()
        },
        "consent": intervals,
        "detections": records,
        "findings": [finding_document(finding) for finding in findings],
        "notice": notice_document(findings, knowledge.rules, knowledge.notices),
        "necessity": necessity_document(made.categories, {data for _, data in seen}, made.necessity),
        "declaration": declaration_document(case.declared, seen),
        "assessment": assessed,
        "not_assessed": [one for one in assessed if one["result"] in ("never", "not_assessed")],
        "blind_spots": [
            {
                "kind": spot.kind,
                "host": spot.host or None,
                "count": spot.count,
                "detail": spot.detail or None,
                "why_it_matters": spot.why_it_matters,
            }
            for spot in blind_spots(counts, knowledge)
        ],
        "coverage": covered,
        "moments": moments(content.events, case.clocks, content.session, case.thresholds["silence_after"].ns),
    }


def _records(case: Case, made: Made, disclosure: Disclosure) -> list[dict[str, Any]]:
    """The records with state, necessity, declaration, the read that each transmission came from, and the last user action."""
    detections = case.detections
    records = records_of(detections.table, case.events.api_calls, case.sent, detections.actors, disclosure)
    acts = triggers(case.detections.table, case.events, case.clocks)
    told = case.detections.table[["permission", "sdk_told", "data_told"]].astype(object).itertuples(index=False)
    for number, (record, words) in enumerate(zip(records, told, strict=True)):
        read = int(made.read[number])
        record["state"] = made.states[number]
        record["necessity"] = made.necessity[record["data"]]
        record["declared"] = made.declared[number]
        record["told"] = {"permission": words[0], "sdk": words[1], "data": words[2]}
        record["trigger"] = acts[number]
        record["read"] = {"detection": records[read]["id"], "basis": made.read_basis[number]} if read >= 0 else None
    return records


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
