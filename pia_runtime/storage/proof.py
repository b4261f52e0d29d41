"""The recorded bytes behind a detection, taken apart again along its written path."""

import itertools
from pathlib import Path
from typing import Any

from pia_runtime.decoding import Step, replay
from pia_runtime.errors import InputError
from pia_runtime.model.flow import Flow
from pia_runtime.storage.flow_reader import read_flows

_FROM_EVENTS = ("decrypt:", "decompress:", "decode:")
"""Steps whose output stands in an event, not in the flow."""


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
