"""The recorded bytes behind a detection, taken apart again along its written path."""

from pathlib import Path
from typing import Any

from pia_runtime.decoding import Step, replay
from pia_runtime.errors import InputError
from pia_runtime.model.flow import Flow
from pia_runtime.storage.flow_reader import read_flows


def replayed_steps(path: Path, detection: dict[str, Any]) -> list[Step]:
    """Decode steps of a transmission, replayed from the flow file; empty for an access.

    Raises:
        InputError: the flow is not in the capture, or the path does not fit it.
    """
    if detection["flow"] is None:
        return []
    flow = _flow(path, detection["flow"])
    written = tuple(step for step in detection["path"] if not step.startswith("decrypt:"))
    return replay(flow, detection["location"], written)


def _flow(path: Path, flow_id: str) -> Flow:
    for flow in read_flows(path, lambda _: None):
        if flow.id == flow_id:
            return flow
    raise InputError(f"{path}: flow {flow_id} is not in the flow file", "the capture has changed since it was analysed")
