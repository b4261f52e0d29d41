"""One finding as a laboratory's record: every field that a reader who disagrees asks for, in the order of the trade.

The fields are those of public test reports (documents of zhengjim/camille, PrivacySentry, Baidu 史宾格 and store notices).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pia_runtime.reports.blocks import Block, Facts, Heading, Photo, Table
from pia_runtime.reports.escape import visible
from pia_runtime.reports.instants import seconds, utc
from pia_runtime.reports.report import Report
from pia_runtime.reports.sheet_evidence import decoding_lines, message_lines, picture_for, transport
from pia_runtime.reports.summary import app_title, margin_of

MOST_OBSERVATIONS = 12
"""Detections listed under one finding."""

MOST_FRAMES = 15
_LONG = 400


def finding_sheet(report: Report, finding: Mapping[str, Any], number: int) -> Iterator[Block]:
    """The blocks of one finding."""
    say = report.wording.say
    seen = report.seen_by(finding)
    severity = report.wording.term("severity", finding.get("severity"))
    title = f"{say('doc.finding_no', number=number)} · {severity}"
    yield Heading(2, title, anchor=anchor(finding), severity=str(finding.get("severity")))
    rows = [(name, tuple(line for line in lines if line)) for name, lines in _rows(report, finding, seen)]
    quoted = {say(f"doc.{name}") for name in ("f_behaviour", "f_stack", "f_message", "f_decoding")}
    yield Facts(tuple((name, lines) for name, lines in rows if lines), frozenset(quoted))
    picture = picture_for(report, finding)
    if picture is not None:
        at = report.after_start(picture.t_ns, picture.err_ns)
        caption = say("doc.f_picture_value", utc=utc(picture.t_ns), offset=at)
        yield Photo(picture.jpeg, picture.width, picture.height, caption)
    if len(seen) > 1:
        yield _observations(report, seen)


def anchor(finding: Mapping[str, Any]) -> str:
    """The name by which other parts of a document point to a finding."""
    return f"finding-{''.join(char for char in str(finding.get('id')) if char.isalnum())[:16]}"


def _rows(report: Report, finding: Mapping[str, Any], seen: list[Mapping[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    words, say = report.wording, report.wording.say
    read = next((one for one in seen if one.get("act") != "transmission"), None)
    sent = next((one for one in seen if one.get("act") == "transmission"), None)
    first = seen[0] if seen else None
    yield say("doc.f_sentence"), [words.finding(finding)]
    yield say("doc.f_id"), [f"{visible(finding.get('id'))} · {visible(finding.get('rule'))}"]
    yield say("doc.f_time"), _times(report, finding, seen)
    yield say("doc.f_subject"), [_subject(report, finding, read)]
    yield say("doc.f_app"), [f"{app_title(report.document, words)} · {device_line(report)}"]
    yield say("doc.f_behaviour"), _calls(seen)
    yield say("doc.f_value"), list(dict.fromkeys(_value(report, one) for one in seen[:MOST_OBSERVATIONS]))
    yield say("doc.f_level"), [_levels(report, finding, seen)]
    yield say("doc.f_stack"), _stack(report, read)
    yield say("doc.f_phase"), _joined([words.term("phase", phase) for phase in _phases(seen)])
    yield say("doc.f_told"), _joined(_told(report, first))
    yield say("doc.f_verdict"), [_verdict(report, finding)]
    yield say("doc.f_state"), _joined([words.term("app_state", one) for one in _distinct(seen, "state") or ["unknown"]])
    yield say("doc.f_frequency"), [_frequency(report, finding, seen)]
    yield say("doc.f_trigger"), [_trigger(report, first)] if first else []
    yield say("doc.f_destination"), _destinations(report, seen)
    yield say("doc.f_transport"), [transport(report, sent)] if sent else []
    yield say("doc.f_message"), message_lines(report, sent)
    yield say("doc.f_decoding"), decoding_lines(report, sent)
    if picture_for(report, finding) is None:
        yield say("doc.f_picture"), [say("doc.f_picture_none")]
    yield say("doc.f_declared"), [words.term("declared", first.get("declared") or "no_declaration")] if first else []
    yield say("doc.f_necessity"), [words.term("necessity", first.get("necessity") or "no_category")] if first else []
    yield say("doc.f_clauses"), [_clause(report, one) for one in finding.get("clauses") or ()]
    yield say("doc.f_threshold"), [words.threshold(used) for used in finding.get("thresholds") or ()]
    yield say("doc.f_confidence"), list(dict.fromkeys(_confidence(report, one) for one in seen))
    yield say("doc.f_human"), [words.needs_human(finding.get("needs_human"))]
    yield say("doc.f_notes"), list(words.annotations(finding))
    yield say("doc.f_recheck"), [report.states.get(str(finding.get("id"))) or say("doc.f_recheck_none")]


def _times(report: Report, finding: Mapping[str, Any], seen: list[Mapping[str, Any]]) -> list[str]:
    if not seen:
        return [utc(finding.get("first_ns"))]
    first, last = seen[0], seen[-1]
    lines = [report.told_time(first.get("t_ns"), first.get("err_ns"))]
    if last is not first:
        lines.append(report.wording.say("doc.f_time_last", utc=utc(last.get("t_ns"))))
    return lines


def _subject(report: Report, finding: Mapping[str, Any], read: Mapping[str, Any] | None) -> str:
    actor = finding.get("actor") or {}
    facts = [report.wording.actor(actor)]
    labels = report.wording.labels
    if actor.get("kind") == "sdk":
        code = labels.prefixes.get(str(actor.get("id")), ())
        in_stack = [one for one in code if any(str(f).startswith(f"{one}.") for f in (read or {}).get("stack") or ())]
        facts += [visible(one) for one in (in_stack or list(code))[:2]]
        facts.append(visible(labels.companies.get(str(actor.get("id")))))
    elif actor.get("id"):
        facts.append(visible(actor["id"]))
    return " · ".join(fact for fact in facts if fact)


def device_line(report: Report) -> str:
    """Model and system of the device."""
    device = report.session.get("device") or {}
    model = visible(device.get("model"))
    if device.get("emulator") is True:
        model = report.wording.say("doc.emulator", model=model or "–")
    system = f"Android {visible(device['android'])}" if device.get("android") else ""
    level = f"API {visible(device['api_level'])}" if device.get("api_level") else ""
    return " · ".join(filter(None, (model, system, level))) or "–"


def _calls(seen: list[Mapping[str, Any]]) -> list[str]:
    calls = []
    for one in seen:
        if one.get("api"):
            args = ", ".join("null" if arg is None else visible(arg, _LONG) for arg in one.get("args") or ())
            threw = f" → {visible(one['threw'])}" if one.get("threw") else ""
            calls.append(f"{visible(one['api'])}({args}){threw}")
    return list(dict.fromkeys(calls))[:MOST_OBSERVATIONS]


def _value(report: Report, one: Mapping[str, Any]) -> str:
    value = visible(one["value"], _LONG) if "value" in one else visible(one.get("masked"))
    encoded = visible(one.get("encoding"))
    told = f" ({encoded})" if encoded and encoded != "plain" else ""
    return f"{report.wording.data(one.get('data'))}: {value}{told}" if value else ""


def _levels(report: Report, finding: Mapping[str, Any], seen: list[Mapping[str, Any]]) -> str:
    acts = _distinct(seen, "act") or [finding.get("act")]
    return report.wording.list([report.wording.term("level", act) for act in acts if act])


def _stack(report: Report, read: Mapping[str, Any] | None) -> list[str]:
    frames = [visible(frame, 300) for frame in (read or {}).get("stack") or ()]
    left = len(frames) - MOST_FRAMES
    more = [report.wording.say("doc.f_stack_more", count=left)] if left > 0 else []
    return frames[:MOST_FRAMES] + more


def _phases(seen: list[Mapping[str, Any]]) -> list[Any]:
    return _distinct(seen, "phase")


def _told(report: Report, first: Mapping[str, Any] | None) -> list[str]:
    told = (first or {}).get("told") or {}
    return [
        f"{report.wording.term('narrower', scope)}: {_answer(report, answer)}"
        for scope, answer in told.items()
        if answer not in (None, "unasked")
    ]


def _answer(report: Report, answer: object) -> str:
    return report.wording.term("state", answer)


def _verdict(report: Report, finding: Mapping[str, Any]) -> str:
    margin = margin_of(finding, report.phases, report.wording)
    verdict = report.wording.term("verdict_long", finding.get("verdict"))
    return verdict if margin == "–" else f"{verdict} · {margin}"


def _frequency(report: Report, finding: Mapping[str, Any], seen: list[Mapping[str, Any]]) -> str:
    often, say = finding.get("frequency") or {}, report.wording.say
    count = finding.get("count") or often.get("count") or 0
    if count <= 1 or not seen:
        return say("doc.f_once") if count <= 1 else visible(count)
    interval = often.get("min_interval_ns")
    told = say(
        "doc.f_frequency_value",
        count=visible(count),
        span=seconds(seen[-1]["t_ns"] - seen[0]["t_ns"]),
        interval="–" if interval is None else f"{seconds(interval)} s",
        per_second=visible(often.get("per_second")),
    )
    period = often.get("period_ns")
    return told if period is None else told + say("doc.f_period", period=seconds(period))


def _trigger(report: Report, first: Mapping[str, Any]) -> str:
    act, say = first.get("trigger"), report.wording.say
    if not act:
        return say("doc.f_trigger_none")
    return say(
        "doc.f_trigger_value",
        text=visible(act.get("text")) or "–",
        action=report.wording.term("user_action", act.get("action")),
        before=seconds(act.get("before_ns") or 0),
    )


def _destinations(report: Report, seen: list[Mapping[str, Any]]) -> list[str]:
    told = []
    for one in seen:
        to = one.get("recipient")
        if to:
            party = report.wording.say("report.third_party") if to.get("third_party") is True else ""
            told.append(" · ".join(filter(None, (report.wording.recipient(to), party))))
    return list(dict.fromkeys(told))[:MOST_OBSERVATIONS]


def _clause(report: Report, clause: object) -> str:
    quotation = report.wording.labels.quotations.get(str(clause))
    told = f"{visible(clause)}　{report.wording.clause(clause)}"
    quoted = report.wording.lang == "zh" and quotation and quotation.rstrip("；。") not in told
    return f"{told}（“{quotation}”）" if quoted else told


def _confidence(report: Report, one: Mapping[str, Any]) -> str:
    source = visible(one.get("source"))
    return report.wording.say(
        "doc.f_confidence_value",
        confidence=report.wording.term("confidence", one.get("confidence")),
        basis=report.wording.term("basis", one.get("basis")) + (f" ({source})" if source else ""),
    )


def _observations(report: Report, seen: list[Mapping[str, Any]]) -> Table:
    words, say = report.wording, report.wording.say
    rows = [
        (
            utc(one.get("t_ns")).removesuffix(" UTC"),
            words.term("level", one.get("act")),
            visible((one.get("recipient") or {}).get("host") or one.get("api")) or "–",
            words.term("phase", one.get("phase")),
            words.margin(one.get("margin_ns"), one.get("margin_err_ns"), {str(one.get("phase"))}, one.get("verdict")),
        )
        for one in seen[:MOST_OBSERVATIONS]
    ]
    left = len(seen) - len(rows)
    if left > 0:
        rows.append((say("doc.f_observations_more", count=left), "", "", "", ""))
    columns = tuple(say(f"doc.{name}") for name in ("when", "act", "place", "f_phase", "margin"))
    return Table(columns, tuple(rows), shares=(24, 12, 32, 14, 18))


def _distinct(seen: list[Mapping[str, Any]], name: str) -> list[Any]:
    return list(dict.fromkeys(one.get(name) for one in seen if one.get(name)))


def _joined(words: list[str]) -> list[str]:
    return [" · ".join(words)] if words else []
