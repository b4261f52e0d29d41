"""The recorded bytes behind a detection, taken apart again along its written path."""

import itertools
from pathlib import Path
from typing import Any

from pia_runtime.decoding import Step, replay
from pia_runtime.detection.masking import Secrets
from pia_runtime.detection.scanner_incoming import as_flow
from pia_runtime.errors import InputError
from pia_runtime.model.flow import Flow
from pia_runtime.pipeline import analyse_recorded
from pia_runtime.storage.analysis import content_of, load_toolbox
from pia_runtime.storage.event_reader import read_events
from pia_runtime.storage.flow_reader import read_flows

_UNDOES = ("decrypt", "decompress", "decode")
_FROM_EVENTS = ("decrypt:", "decompress:", "decode:")
"""Steps whose output stands in an event, not in the flow."""


def proof_document(path: Path, *, reveal: bool = False) -> tuple[dict[str, Any], dict[str, dict[str, Any]], Secrets]:
    """The analysis document; by detection id the path as it was found where masking changed it; and what may not be shown.

    A path may hold an identifying value (a field named after it); it is shown masked and followed as it is.

    Raises:
        InputError: the folder is no capture.
    """
    analysed = analyse_recorded(content_of(path), load_toolbox(), reveal=reveal)
    shown = {one["id"]: one["path"] for one in analysed.document["detections"]}
    changed = {id_: {"path": path} for id_, path in analysed.paths.items() if path != shown[id_]}
    return analysed.document, changed, Secrets(analysed.secrets)


def replayed_steps(path: Path, detection: dict[str, Any]) -> list[Step]:
    """Decode steps of a transmission, replayed from the flow file; empty for an access.

    A step like ``decrypt:17`` puts the plaintext of event 17 in the place of the bytes, and the steps behind it are replayed
    in that.

    Raises:
        InputError: the flow or event is not in the capture, or the path does not fit it.
    """
    if detection["flow"] is None:
        return []
    flow, location = _flow(path, detection["flow"]), detection["location"]
    steps: list[Step] = []
    rest = tuple(detection["path"])
    while True:
        written = tuple(itertools.takewhile(lambda step: not step.startswith(_FROM_EVENTS), rest))
        if written or not steps:
            steps += replay(flow, location, written)
        rest = rest[len(written) :]
        if not rest:
            return steps
        plaintext = _plaintext(path, rest[0])
        steps.append(Step(rest[0], steps[-1].excerpt_in, plaintext))
        flow, location, rest = as_flow(plaintext), "request.body", rest[1:]


def _plaintext(path: Path, step: str) -> bytes:
    """What a recorded transform had in hand before it hid it."""
    seq = int(step.partition(":")[2])
    for transform in read_events(path / "events.jsonl")[0].transforms:
        if transform.stamp.seq == seq:
            return transform.output if transform.op in _UNDOES else transform.input
    raise InputError(
        f"{path}: decode step {step!r}: no transform event {seq}", "the capture has changed since it was analysed"
    )


def _flow(path: Path, flow_id: str) -> Flow:
    for flow in read_flows(path, lambda _: None):
        if flow.id == flow_id:
            return flow
    raise InputError(f"{path}: flow {flow_id} is not in the flow file", "the capture has changed since it was analysed")
