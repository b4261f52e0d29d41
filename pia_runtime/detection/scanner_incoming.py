"""The two halves of a flow, what left and what came back, and a cheap look at the second."""

from collections.abc import Iterator
from dataclasses import replace

from pia_runtime.decoding import Budget
from pia_runtime.decoding.roots import codings
from pia_runtime.decoding.walk import Walk
from pia_runtime.model.flow import Flow, Headers

_STEPS = {"gzip": "gunzip", "x-gzip": "gunzip", "br": "brotli", "zstd": "zstd"}


def as_flow(body: bytes) -> Flow:
    """Bytes that never were a flow, to be decoded as the body of a request."""
    return Flow("", 0, 0, "POST", "", "", 0, b"", "", (), body)


def outgoing_part(flow: Flow) -> Flow:
    """The flow without what came back; messages keep their index."""
    messages = tuple(message if message.from_client else replace(message, content=b"") for message in flow.messages)
    return replace(flow, response=None, messages=messages)


def incoming_part(flow: Flow) -> Flow:
    """The flow without what left; messages keep their index."""
    messages = tuple(replace(message, content=b"") if message.from_client else message for message in flow.messages)
    return replace(flow, host="", target=b"", headers=(), body=None, trailers=(), messages=messages)


def incoming_bytes(flow: Flow, budget: Budget) -> Iterator[bytes]:
    """What came back as bytes, with the usual content codings removed."""
    server = b"\n".join(message.content for message in flow.messages if not message.from_client)
    if server:
        yield server
    if flow.response is not None:
        yield b"\n".join(value for _, value in (*flow.response.headers, *flow.response.trailers))
        if flow.response.body:
            yield _uncoded(flow.response.headers, flow.response.body, budget)


def _uncoded(headers: Headers, body: bytes, budget: Budget) -> bytes:
    for coding in codings(headers):
        if coding in _STEPS:
            body = Walk(budget).unwrapped(_STEPS[coding], "response.body", (), body) or body
    return body
