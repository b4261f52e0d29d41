"""A copy searched before it is handed on: by the analysis's own detector, and for the bare values in every file."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from pia_runtime.detection.masking import Secrets
from pia_runtime.detection.scanner_incoming import as_flow
from pia_runtime.evidence.export_look import Scan, turned
from pia_runtime.model.session import Identifiers
from pia_runtime.storage.flow_reader import read_flows

_SHORTEST = 6
_LISTS_COMMITMENTS = ("redactions.jsonl", "analysis.json", "export.json")


def leftovers(out: Path, scan: Scan, secrets: Secrets, identifiers: Identifiers) -> list[str]:
    """Where something personal still stands in a copy, one line each; values are not repeated.

    Every flow is given to the detector twice, what came back as if it had been sent; every event line and every other file as a
    body. What is in the copy in clear is looked for in the bytes of all files as well.
    """
    found = [*_in_flows(out, scan), *_in_events(out, scan), *_in_documents(out, scan, secrets)]
    texts = (text for identifier in identifiers.identifiers for text in identifier.texts())
    plain = [text.encode() for text in texts if len(text) >= _SHORTEST]
    for path in sorted(out.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            found += [f"{path.name}: a known value in clear" for text in plain if text in content]
    return found


def _in_flows(out: Path, scan: Scan) -> Iterator[str]:
    if not (out / "flows.mitm").is_file():
        return
    for flow in read_flows(out / "flows.mitm", lambda _: None):
        for part in (flow, turned(flow)):
            for match in scan(part)[0]:
                yield f"flow {flow.id}: {match.location}: {match.data} ({match.encoding})"


def _in_events(out: Path, scan: Scan) -> Iterator[str]:
    path = out / "events.jsonl"
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in file:
            for match in scan(as_flow(line.rstrip()))[0]:
                yield f"event {orjson.loads(line).get('seq')}: {match.data} ({match.encoding})"


def _in_documents(out: Path, scan: Scan, secrets: Secrets) -> Iterator[str]:
    for path in sorted(out.glob("*.json*")):
        if path.name == "events.jsonl":
            continue
        content = path.read_bytes()
        text = content.decode("utf-8", "replace")
        if secrets.mask_within(text) != text:
            yield f"{path.name}: an observed value"
        if path.name not in _LISTS_COMMITMENTS:
            for match in scan(as_flow(content))[0]:
                yield f"{path.name}: {match.data} ({match.encoding})"
