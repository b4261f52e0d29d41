"""A capture and its document → the exhibits of a page: requests and decode steps from the flow files, pictures from ``blobs/``.

A page is bounded, so are its exhibits: requests of findings come before others, the gravest first; pictures that consent signals
rest on come before others. What cannot be read is left out: the page says "not kept here", and ``pia explain`` shows it whole.
"""

import io
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from pia_runtime.decoding import replay
from pia_runtime.errors import InputError
from pia_runtime.model.exhibit import Exhibits, Picture, Request
from pia_runtime.model.flow import Flow
from pia_runtime.pipeline import Analysed, analyse_recorded
from pia_runtime.storage.analysis import content_of, load_toolbox
from pia_runtime.storage.flow_reader import flow_files, read_flows

MOST_REQUESTS = 400
MOST_STEPS = 1_500
"""Detections whose decode steps are replayed."""

MOST_PICTURES = 60
MOST_PICTURE_BYTES = 2_500_000
PICTURE_SIZE = (360, 800)
"""A phone's screen at this size is readable and weighs some 30 kB."""

EXCERPT = 1_200
"""Characters of a body."""

STEP = 160
"""Characters of what a decode step gave."""

_MOST_PIXELS = 40_000_000
_LARGEST_BLOB = 30_000_000
_MOST_HEADERS = 30
_SEVERITIES = ("critical", "high", "medium", "low", "info")
_FROM_EVENTS = ("decrypt:", "decompress:", "decode:")


def read_exhibits(
    path: Path,
    document: Mapping[str, Any],
    secrets: frozenset[str] = frozenset(),
    *,
    pictures: bool = True,
    paths: Mapping[str, list[str]] | None = None,
) -> Exhibits:
    """The exhibits for a page of ``document``.

    Args:
        path: the capture folder.
        document: its analysis document.
        secrets: values that the page may not show (empty where everything is revealed).
        pictures: whether screenshots are wanted: they show what was on the screen, unmasked.
        paths: detection id → its path as recorded, where the document's may be masked.
    """
    wanted = _wanted(document)
    requests: dict[str, Request] = {}
    steps: dict[str, tuple[tuple[str, str, int], ...]] = {}
    missed = max(len(wanted) - MOST_REQUESTS, 0)
    chosen = dict(itertools.islice(wanted.items(), MOST_REQUESTS))
    if chosen and flow_files(path):
        for flow in read_flows(path, lambda _: None):
            if flow.id not in chosen:
                continue
            detections = chosen.pop(flow.id)
            requests[flow.id] = _request(flow)
            for detection in detections[: max(MOST_STEPS - len(steps), 0)]:
                steps[str(detection["id"])] = tuple(_steps(flow, detection, (paths or {}).get(detection["id"])))
            if not chosen:
                break
    kept, lost = _pictures(path, document) if pictures else ((), 0)
    return Exhibits(requests, steps, kept, secrets, missed + lost)


def analyse_for_page(
    path: Path, *, reveal: bool = False, pictures: bool = True, workers: int = 1
) -> tuple[dict[str, Any], Exhibits]:
    """Analyse a capture and read what a page shows beside the document.

    Raises:
        InputError: as :func:`pia_runtime.storage.analysis.analyse_capture`.
    """
    content = content_of(path, workers=workers)
    analysed = analyse_recorded(content, load_toolbox(), reveal=reveal)
    return analysed.document, exhibits_of(path, analysed, pictures=pictures)


def exhibits_of(path: Path, analysed: Analysed, *, pictures: bool = True) -> Exhibits:
    """The exhibits of an analysis; decode steps follow the paths as recorded, where masking changed them."""
    return read_exhibits(path, analysed.document, analysed.secrets, pictures=pictures, paths=analysed.paths)


def _wanted(document: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Flow id → its detections, those of the gravest findings first, then the earliest."""
    rank: dict[str, int] = {}
    for finding in document.get("findings") or ():
        severity = finding.get("severity")
        place = _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)
        for one in finding.get("detections") or ():
            rank[one] = min(rank.get(one, place), place)
    sent = [one for one in document.get("detections") or () if one.get("flow")]
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in sorted(sent, key=lambda one: (rank.get(one["id"], len(_SEVERITIES)), one.get("t_ns") or 0, one["id"])):
        found.setdefault(str(one["flow"]), []).append(one)
    return found


def _request(flow: Flow) -> Request:
    target = flow.target[:EXCERPT].decode("utf-8", "backslashreplace")
    headers = tuple(
        (name[:80].decode("latin-1"), value[:200].decode("utf-8", "backslashreplace"))
        for name, value in flow.headers[:_MOST_HEADERS]
    )
    body = flow.body or b""
    line = f"{flow.method} {target} {flow.http_version}"
    return Request(line, headers, _text(body[: EXCERPT * 2]), len(body), flow.scheme)


def _text(data: bytes) -> str:
    """The beginning of a body that is text; nothing of one that is not."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:  # further from the end than a character cut in two
            return ""
        text = data[: error.start].decode("utf-8")
    return "" if "\0" in text else text[:EXCERPT]


def _steps(flow: Flow, detection: Mapping[str, Any], recorded: list[str] | None) -> Iterator[tuple[str, str, int]]:
    shown = [str(step) for step in detection.get("path") or ()]
    written = shown if recorded is None else recorded
    replayable = tuple(itertools.takewhile(lambda step: not step.startswith(_FROM_EVENTS), written))
    try:
        replayed = replay(flow, detection["location"], replayable) if replayable else []
        for name, step in zip(shown, replayed, strict=False):
            yield name, _text(step.output[: STEP * 4])[:STEP], len(step.output)
    except InputError:  # a document of another capture, or of another version
        return
    yield from ((step, "", -1) for step in shown[len(replayable) :])


def _pictures(path: Path, document: Mapping[str, Any]) -> tuple[tuple[Picture, ...], int]:
    """Pictures that fit, in the order of time, and how many did not."""
    consents = {seq for interval in document.get("consent") or () for seq in interval.get("signals") or ()}
    moments = [one for one in (document.get("moments") or {}).get("blobs") or () if one.get("t_ns") is not None]
    moments.sort(key=lambda one: (one["event"] not in consents, one["t_ns"], one["event"]))
    kept: list[Picture] = []
    lost, weight = 0, 0
    for moment in moments:
        if len(kept) >= MOST_PICTURES or weight >= MOST_PICTURE_BYTES:
            lost += 1
            continue
        small = _small(path / "blobs" / str(moment["blob"]))
        if small is not None:
            jpeg, width, height = small
            weight += len(jpeg)
            kept.append(Picture(moment["t_ns"], moment.get("err_ns"), moment["event"], width, height, jpeg))
    return tuple(sorted(kept, key=lambda one: (one.t_ns, one.event))), lost


def _small(blob: Path) -> tuple[bytes, int, int] | None:
    """A picture as a small JPEG with its size; None for what is no picture, is too large, or is missing."""
    try:
        if blob.stat().st_size > _LARGEST_BLOB:
            return None
        with Image.open(blob, formats=("PNG", "JPEG", "WEBP")) as image:
            if image.width * image.height > _MOST_PIXELS:
                return None
            small = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    small.thumbnail(PICTURE_SIZE, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=72, optimize=True)
    return out.getvalue(), small.width, small.height
