"""The flows of a capture as mitmproxy's own objects, for its own replay addons."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mitmproxy import http

from pia_runtime.errors import InputError
from pia_runtime.storage.flow_reader import flow_files, read_records
from pia_runtime.storage.flow_record import READ_ERRORS, load_record


@dataclass(frozen=True, slots=True)
class Place:
    """Where a flow stands.

    Attributes:
        begun_s: when its request began, seconds since the Unix epoch.
    """

    begun_s: float
    path: Path
    offset: int


def read_exchanges(folder: Path) -> Iterator[tuple[Place, http.HTTPFlow]]:
    """Every HTTP exchange that can be read, in file order; one at a time is in memory.

    Raises:
        InputError: there are no flows, or a file is no flow file.
    """
    files = flow_files(folder)
    if not files:
        raise InputError(f"{folder}: holds no flows.mitm", "give a capture that recorded traffic")
    for path in files:
        for offset, record in read_records(path, lambda _: None):
            try:
                flow = load_record(record)
            except READ_ERRORS:
                continue  # the analysis names it as a blind spot; there is nothing of it to replay
            if isinstance(flow, http.HTTPFlow):
                yield Place(flow.request.timestamp_start or 0.0, path, offset), flow


def read_exchange(place: Place) -> http.HTTPFlow:
    """One exchange again."""
    _, record = next(read_records(place.path, lambda _: None, place.offset))
    flow = load_record(record)
    assert isinstance(flow, http.HTTPFlow)  # noqa: S101 - it was one when its place was taken down
    return flow
