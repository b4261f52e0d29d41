"""A capture folder → its analysis document, with the knowledge that ships with the program."""

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from pia_runtime.knowledge.base import load_knowledge
from pia_runtime.knowledge.sdks import load_sdks
from pia_runtime.knowledge.thresholds import Threshold, overridden
from pia_runtime.pipeline import Content, Toolbox, analyse, document_bytes
from pia_runtime.storage.capture_reader import THRESHOLDS, Capture, open_capture, read_thresholds
from pia_runtime.storage.flow_reader import flow_bytes
from pia_runtime.storage.folder import replace_file
from pia_runtime.storage.parallel import transmissions_of
from pia_runtime.storage.scanning import scanner_for


@cache
def load_toolbox() -> Toolbox:
    """The knowledge, read once per process. Raises KnowledgeError naming file and entry."""
    return Toolbox(load_knowledge(), load_sdks(), scanner_for)


def analyse_capture(
    path: Path,
    *,
    reveal: bool = False,
    regimes: Collection[str] = (),
    thresholds: Path | None = None,
    workers: int = 1,
) -> dict[str, Any]:
    """Analyse one capture.

    Args:
        path: the capture folder.
        reveal: full values instead of masked ones.
        regimes: whose rules to ask about; by default those that the capture points to.
        thresholds: a file that overrides thresholds, over the capture's own.
        workers: processes that scan a large flow file together; the result is the same bytes with any number.

    Raises:
        InputError: the folder is no capture, or session.json or identifiers.json is invalid.
    """
    content = content_of(path, regimes=regimes, thresholds=thresholds, workers=workers)
    return analyse(content, load_toolbox(), reveal=reveal)


def content_of(
    path: Path, *, regimes: Collection[str] = (), thresholds: Path | None = None, workers: int = 1
) -> Content:
    """What a capture holds, ready for the pipeline; arguments and errors as of :func:`analyse_capture`."""
    capture, toolbox = open_capture(path), load_toolbox()
    return Content(
        session=capture.session,
        identifiers=capture.identifiers,
        events=capture.events,
        transmissions=lambda scan: transmissions_of(capture, scan, workers),
        troubles=lambda: capture.troubles,
        flow_bytes=flow_bytes(path),
        commitment_key=capture.commitment_key,
        declaration=capture.declaration,
        thresholds=_thresholds(capture, thresholds, toolbox),
        regimes=frozenset(regimes) or None,
    )


def _thresholds(capture: Capture, given: Path | None, toolbox: Toolbox) -> dict[str, Threshold]:
    """Those of the knowledge, overridden by the capture's own file, and that by a file given for this analysis."""
    numbers = overridden(toolbox.knowledge.thresholds, capture.thresholds, str(capture.path / THRESHOLDS))
    return overridden(numbers, read_thresholds(given), str(given)) if given else numbers


def write_analysis(path: Path, document: dict[str, Any]) -> str | None:
    """Store the document as ``derived/analysis.json``, whole or not at all.

    Returns:
        Why it could not be stored (a read-only capture is still analysed), or None.
    """
    folder = path / "derived"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        replace_file(folder / "analysis.json", document_bytes(document))
    except OSError as error:
        return f"{folder / 'analysis.json'}: not written ({error.strerror})"
    return None
