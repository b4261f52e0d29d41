"""Does every tracker entry prove itself? Its example requests go through the decoder and give exactly what they state.

An example is a request in a short notation: ``url``, ``method`` and one of ``json`` (the body) or ``form`` (fields; a list or
object is sent as base64 of gzip of JSON); ``found`` maps field paths, joined by dots, to the data there.
"""

import base64
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from pia_runtime.decoding import decode_flow
from pia_runtime.detection.adapters import AdapterDetector
from pia_runtime.detection.field_path import field_names
from pia_runtime.model.flow import Flow


def lint_adapters(entries: Iterable[tuple[str, Mapping[str, Any]]], detector: AdapterDetector) -> list[str]:
    """Problems of the entries that carry examples, one line each, empty where there are none.

    Args:
        entries: ``file: entry`` and the entry as written, as ``load_entries("trackers", "adapters")`` gives them.
        detector: with the adapters under test.
    """
    return [problem for where, entry in entries for problem in _problems(where, entry, detector)]


def _problems(where: str, entry: Mapping[str, Any], detector: AdapterDetector) -> Iterator[str]:
    for example in entry.get("examples", ()):
        found = _found(example["request"], entry["id"], detector)
        if found != example["found"]:
            yield f"{where}: example {example['request']['url']} gives {found}, not {example['found']}"
    for request in entry.get("counter_examples", ()):
        if found := _found(request, entry["id"], detector):
            yield f"{where}: counter-example {request['url']} gives {found}"


def _found(request: Mapping[str, Any], adapter: str, detector: AdapterDetector) -> dict[str, str]:
    flow = request_of(request)
    matches = detector.detect(flow, decode_flow(flow).leaves)
    return {".".join(field_names(match.path)): match.data for match in matches if match.source == adapter}


def request_of(request: Mapping[str, Any]) -> Flow:
    """A request in the short notation, as it would be recorded."""
    scheme, _, rest = request["url"].partition("://")
    host, _, target = rest.partition("/")
    kind, body = _body(request)
    headers = ((b"content-type", kind),)
    return Flow("lint", 0, 1000, request["method"], scheme, host, 443, f"/{target}".encode(), "HTTP/1.1", headers, body)


def _body(request: Mapping[str, Any]) -> tuple[bytes, bytes]:
    if "json" in request:
        return b"application/json", json.dumps(request["json"]).encode()
    fields = {
        name: value if isinstance(value, str) else base64.b64encode(gzip.compress(json.dumps(value).encode(), mtime=0))
        for name, value in request.get("form", {}).items()
    }
    return b"application/x-www-form-urlencoded", urlencode(fields).encode()
