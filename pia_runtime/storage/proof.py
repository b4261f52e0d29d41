"""The recorded bytes behind a detection, taken apart again along its written path."""

import itertools
from pathlib import Path
from typing import Any

from pia_runtime.decoding import Step, replay
from pia_runtime.detection.masking import Secrets
from pia_runtime.errors import InputError
from pia_runtime.model.flow import Flow
from pia_runtime.pipeline import analyse_recorded
from pia_runtime.storage.analysis import content_of, load_toolbox
from pia_runtime.storage.flow_reader import read_flows

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
    changed = {one["id"]: {"path": one["path"]} for one in analysed.recorded if one["path"] != shown[one["id"]]}
    return analysed.document, changed, Secrets(analysed.secrets)


def replayed_steps(path: Path, detection: dict[str, Any]) -> list[Step]:
    """Decode steps of a transmission, replayed from the flow file; empty for an access.

    A step like ``decrypt:17`` puts the plaintext of event 17 in the place of the bytes: the steps are replayed up to there, and
    the event line shows the rest.

    Raises:
        InputError: the flow is not in the capture, or the path does not fit it.
    """
    if detection["flow"] is None:
        return []
    flow = _flow(path, detection["flow"])
    written = tuple(itertools.takewhile(lambda step: not step.startswith(_FROM_EVENTS), detection["path"]))
    return replay(flow, detection["location"], written)


def _flow(path: Path, flow_id: str) -> Flow:
    for flow in read_flows(path, lambda _: None):
        if flow.id == flow_id:
            return flow
    raise InputError(f"{path}: flow {flow_id} is not in the flow file", "the capture has changed since it was analysed")
