"""The proof of one detection or finding as lines of text: what was recorded, where it stands, how it was decoded, when it was."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from rich.console import Console
from rich.text import Text

from pia_runtime.detection.masking import Secrets, mask
from pia_runtime.reports.escape import visible
from pia_runtime.reports.instants import utc, with_error
from pia_runtime.reports.labels import Document, Labels, Lang
from pia_runtime.reports.masked_text import NOTHING, masked_text
from pia_runtime.reports.wording import Wording

_MOST_DETECTIONS = 20
_EXCERPT = 600
_TOKEN = re.compile(r"(?=[^\s\"',;{}\[\]&<>]*\d)[^\s\"',;{}\[\]&<>]{8,}")
"""Runs that may be an identifier or hold one: eight characters or more with a digit among them."""


class StepLike(Protocol):
    """One replayed decode step."""

    @property
    def name(self) -> str:
        """As written in the path."""

    @property
    def output(self) -> bytes:
        """What came out."""


def print_proof(
    document: Document,
    finding: Mapping[str, Any] | None,
    detections: Sequence[Mapping[str, Any]],
    steps: Mapping[str, Sequence[StepLike]],
    labels: Labels,
    lang: Lang,
    console: Console,
    *,
    reveal: bool = False,
    secrets: Secrets = NOTHING,
) -> None:
    """Print the proof.

    Args:
        document: the analysis document.
        finding: what was asked about, or None for a single detection.
        detections: its detections in the order of time; the first 20 are shown.
        steps: replayed decode steps by detection id.
        labels: names in both languages.
        lang: language.
        console: where to.
        reveal: show values and excerpts in full instead of hiding every run that may identify somebody.
        secrets: values hidden in excerpts wherever they stand.
    """
    wording = Wording(lang, labels)
    shown = None if reveal else secrets
    if finding is not None:
        for line in _finding_lines(finding, wording):
            console.print(Text(line), soft_wrap=True)
    for detection in detections[:_MOST_DETECTIONS]:
        console.print()
        for line in _detection_lines(document, detection, steps.get(detection["id"], ()), wording, shown):
            console.print(Text(line), soft_wrap=True)
    if len(detections) > _MOST_DETECTIONS:
        console.print(Text(wording.say("proof.more", count=len(detections) - _MOST_DETECTIONS)))


def _finding_lines(finding: Mapping[str, Any], wording: Wording) -> Iterator[str]:
    yield f"{wording.term('severity', finding['severity'])}: {wording.finding(finding)}"
    yield f"  {wording.say('proof.id')}: {finding['id']} ({finding['rule']})"
    for clause in finding["clauses"]:
        yield f"  {wording.say('proof.clause')}: {visible(clause)} {wording.clause(clause)}"
    for used in finding.get("thresholds") or ():
        yield f"  {wording.threshold(used)}"
    if finding.get("events"):
        yield f"  {wording.say('proof.event')}: events.jsonl seq {', '.join(map(str, finding['events'][:20]))}"
    if finding["needs_human"]:
        yield f"  {wording.say('proof.needs_human')}: {wording.term('needs_human', finding['needs_human'])}"
    yield from (f"  {line}" for line in wording.annotations(finding))


def _detection_lines(
    document: Document,
    detection: Mapping[str, Any],
    steps: Sequence[StepLike],
    wording: Wording,
    secrets: Secrets | None,
) -> Iterator[str]:
    value = visible(detection.get("value")) if secrets is None else visible(detection["masked"])
    act = wording.term("act", detection["act"])
    yield f"{act} · {wording.data(detection['data'])} · {value or '–'} · {detection['id']}"
    yield f"  {wording.say('proof.when')}: {utc(detection['t_ns'])} ({_error(detection, wording)})"
    verdict = wording.term("verdict", detection["verdict"])
    yield f"  {wording.say('proof.verdict')}: {verdict} · {wording.term('phase', detection['phase'])}"
    if detection["margin_ns"] is not None:
        distance = with_error(detection["margin_ns"], detection["margin_err_ns"])
        yield f"  {wording.say('proof.margin')}: {distance}"
    yield f"  {wording.say('proof.actor')}: {wording.actor(detection['actor'])}"
    if detection["flow"] is None:
        yield from _access_lines(detection, wording)
    else:
        yield from _transmission_lines(detection, steps, wording, secrets)
    if detection.get("read"):
        read = detection["read"]
        yield f"  {wording.say('proof.read')}: {visible(read['detection'])} ({wording.term('read_basis', read['basis'])})"
    for interval in document["consent"]:
        at = f"{utc(interval['from_ns'])} {interval['scope']} {wording.term('state', interval['state'])}"
        yield f"  {wording.say('proof.consent')}: {visible(at)} (seq {', '.join(map(str, interval['signals']))})"


def _error(detection: Mapping[str, Any], wording: Wording) -> str:
    err = detection["err_ns"]
    return wording.say("proof.no_clock") if err is None else f"± {err / 1e9:.6f} s"


def _access_lines(detection: Mapping[str, Any], wording: Wording) -> Iterator[str]:
    yield f"  {wording.say('proof.event')}: events.jsonl seq {detection['event']}"
    yield f"  API: {visible(detection['api'])}" + (f" → {visible(detection['threw'])}" if detection["threw"] else "")
    for frame in detection["stack"]:
        yield f"    at {visible(frame)}"


def _transmission_lines(
    detection: Mapping[str, Any], steps: Sequence[StepLike], wording: Wording, secrets: Secrets | None
) -> Iterator[str]:
    yield f"  {wording.say('proof.flow')}: {visible(detection['flow'])} → {wording.recipient(detection['recipient'])}"
    place = wording.term("location", detection["location"])
    basis = wording.term("basis", detection["basis"])
    yield f"  {wording.say('proof.place')}: {place} ({detection['location']}) · {basis} · {visible(detection['encoding'])}"
    names = detection["path"] or [""]  # a field named after a value is masked here, and followed as it is
    for number, (name, step) in enumerate(zip(names, steps, strict=False), 1):
        told = step.output.decode("utf-8", "backslashreplace")
        if secrets is not None:
            told = (
                (mask(told) or "") if number == len(names) and name else hidden(masked_text(told[:_EXCERPT], secrets))
            )
        yield f"    {number}. {visible(name) or '–'} → {visible(told)}"
    if detection["learned_from"]:
        yield f"  {wording.say('proof.learned_from')}: seq {', '.join(map(str, detection['learned_from']))}"


def hidden(text: str) -> str:
    """The text with the middle of every run that may identify somebody replaced; structure and field names stay."""
    return _TOKEN.sub(lambda match: f"{match[0][:2]}***{match[0][-2:]}", text)
