"""What the analysis's detector sees in some bytes of a copy, wherever they stand."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pia_runtime.detection.scanner_incoming import as_flow
from pia_runtime.evidence.export_redactor import Redactor
from pia_runtime.model.detection import Match, Opaque
from pia_runtime.model.flow import Flow

type Scan = Callable[[Any], tuple[tuple[Match, ...], tuple[Opaque, ...]]]


def turned(flow: Flow) -> Flow:
    """What came back, in the place of what was sent: responses are else searched only for what stands in them in clear."""
    messages = tuple(replace(message, from_client=not message.from_client) for message in flow.messages)
    messages = tuple(message if message.from_client else replace(message, content=b"") for message in messages)
    answer = flow.response
    empty = replace(as_flow(b""), id=flow.id, messages=messages)
    return (
        empty if answer is None else replace(empty, headers=answer.headers, body=answer.body, trailers=answer.trailers)
    )


def look(
    scan: Scan,
    redactor: Redactor,
    content: bytes,
    *,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    as_target: bool = False,
    as_host: bool = False,
) -> tuple[tuple[Match, ...], tuple[Opaque, ...]]:
    """Everything that the detector finds in some bytes, as the body (or target, or host) of a request of its own."""
    flow = as_flow(b"" if as_target or as_host else content)
    if as_target:
        flow = replace(flow, target=content)
    elif as_host:
        flow = replace(flow, host=content.decode("ascii", "replace"))
    else:
        flow = replace(flow, headers=tuple(pair for pair in headers if pair[1]))
    matches, opaque = scan(flow)
    text = content.decode("utf-8", "replace")
    if not matches and redactor.secrets.mask_within(text) != text:  # also what is too weak to be a finding
        opaque = (*opaque, Opaque("request.body", (), "undecodable", len(content)))
    return matches, opaque
