"""The evidence under a finding that stands outside the document: the request, what each decode step gave, the screen."""

from collections.abc import Mapping
from typing import Any

from pia_runtime.detection.masking import mask
from pia_runtime.model.exhibit import Picture
from pia_runtime.reports.escape import visible
from pia_runtime.reports.masked_text import masked_header, masked_text
from pia_runtime.reports.report import Report

MOST_HEADERS = 12
_STEP = 300
_BODY = 1_000
_NEAR_NS = 30_000_000_000
"""A picture further away than this shows another screen."""


def transport(report: Report, sent: Mapping[str, Any]) -> str:
    """Whether it left encrypted; a dash where the request is not at hand."""
    request = report.exhibits.requests.get(str(sent.get("flow")))
    if request is None or not request.scheme:
        return "–"
    version = visible(request.line.rpartition(" ")[2])
    key = "doc.transport_https" if request.scheme in ("https", "wss") else "doc.transport_http"
    return report.wording.say(key, scheme=visible(request.scheme), version=version)


def message_lines(report: Report, sent: Mapping[str, Any] | None) -> list[str]:
    """The recorded request with its values masked, or nothing."""
    request = report.exhibits.requests.get(str((sent or {}).get("flow")))
    if request is None:
        return []
    secrets, reveal = report.secrets, "value" in (sent or {})
    shown = request.line if reveal else masked_text(request.line, secrets)
    lines = [visible(shown, _STEP)]
    for name, value in request.headers[:MOST_HEADERS]:
        lines.append(f"{visible(name)}: {visible(value if reveal else masked_header(name, value, secrets))}")
    if request.body:
        lines.append(visible(request.body if reveal else masked_text(request.body, secrets), _BODY))
    return lines


def decoding_lines(report: Report, sent: Mapping[str, Any] | None) -> list[str]:
    """Place and decode steps from outside in, each with what came out of it."""
    if sent is None:
        return []
    words = report.wording
    lines = [f"{words.term('location', sent.get('location'))} ({visible(sent.get('location'))})"]
    steps = report.exhibits.steps.get(str(sent.get("id"))) or [(str(one), "", -1) for one in sent.get("path") or ()]
    reveal, secrets = "value" in sent, report.secrets
    for number, (name, output, _) in enumerate(steps, 1):
        last = number == len(steps)
        shown = output if reveal else (mask(output) or "") if last else masked_text(output, secrets)
        told = {"number": number, "name": visible(name, _STEP), "output": visible(shown, _STEP) or "…"}
        lines.append(words.say("doc.f_decoding_step", **told))
    encoding = visible(sent.get("encoding"))
    lines.append(encoding if encoding and encoding != "plain" else words.say("doc.f_decoding_whole"))
    return lines


def picture_for(report: Report, finding: Mapping[str, Any]) -> Picture | None:
    """The screenshot nearest to the finding's first act, if any was taken within half a minute."""
    first = finding.get("first_ns")
    if first is None:
        return None
    near = [one for one in report.exhibits.pictures if abs(one.t_ns - first) <= _NEAR_NS]
    return min(near, key=lambda one: (abs(one.t_ns - first), one.event), default=None)
