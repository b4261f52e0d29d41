"""A whole flow to leaves."""

from pia_runtime.decoding.budget import Budget, Decoded
from pia_runtime.decoding.roots import codings, is_media_type, messages, request_parts, response_parts, root
from pia_runtime.decoding.walk import Walk
from pia_runtime.model.flow import Flow, Headers, Location

_CODINGS = {
    "gzip": ("gunzip",),
    "x-gzip": ("gunzip",),
    "deflate": ("zlib", "deflate"),
    "br": ("brotli",),
    "zstd": ("zstd",),
    "lz4": ("lz4",),
    "snappy": ("snappy",),
    "x-snappy-framed": ("snappy",),
}
"""Content codings to the steps that undo them. ``deflate`` means zlib, but raw deflate is sent under that name too."""


def decode_flow(flow: Flow, budget: Budget | None = None) -> Decoded:
    """Everything reachable in a flow: request, messages, then the response.

    Never raises for anything captured: what cannot be decoded stays a leaf as it is, and what could not be read is listed
    in ``opaque``. The same flow and budget give the same result.

    Args:
        flow: as recorded.
        budget: limits, for this flow as a whole; :class:`Budget` with its defaults if not given.
    """
    walk = Walk(budget or Budget())
    walk.expand("request.url.host", (), "", root(flow, "request.url.host"))
    for location, found in request_parts(flow):
        walk.repeated(location, found)
    walk.expand("request.url.query", (), "", root(flow, "request.url.query"))
    _body(walk, "request.body", flow.headers, flow.body)
    walk.children("websocket.client", (), messages(flow, from_client=True))
    for location, found in response_parts(flow):
        walk.repeated(location, found)
    if flow.response is not None:
        _body(walk, "response.body", flow.response.headers, flow.response.body)
    walk.children("websocket.server", (), messages(flow, from_client=False))
    return walk.result()


def _body(walk: Walk, location: Location, headers: Headers, body: bytes | None) -> None:
    """Remove the content codings that the headers name, then go on by what is there.

    A coding that does not fit is passed over: importers keep bodies that another tool has already decoded.
    """
    if not body:
        return
    path: tuple[str, ...] = ()
    for coding in codings(headers):
        for name in _CODINGS.get(coding, ()):
            step = walk.unwrapped(name, location, path, body)
            if step is None:
                return
            if step:
                path, body = (*path, name), step
                break
        else:
            if broken := walk.broken(coding, location, path, body):
                path, body = (*path, broken[0]), broken[1]
    walk.expand(location, path, "", body)
    if is_media_type(headers):
        walk.forgive(location, path)
