"""What a report is made from, read from disk: a capture folder, analysed now, or an analysis document that was kept."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pia_runtime.detection.masking import Secrets
from pia_runtime.errors import UsageError
from pia_runtime.model.event import Events
from pia_runtime.model.exhibit import Exhibits
from pia_runtime.pipeline import analyse_recorded
from pia_runtime.storage.analysis import content_of, load_toolbox
from pia_runtime.storage.document_file import read_document
from pia_runtime.storage.exhibits import exhibits_of


@dataclass(frozen=True, slots=True)
class Material:
    """An analysis document with what stands beside it.

    Attributes:
        exhibits: requests, decode steps and pictures; empty where they were not asked for or only a document was given.
        events: the capture's events, None where only a document was given.
        secrets: values that may not stand in texts quoted from events.
    """

    document: dict[str, Any]
    exhibits: Exhibits
    events: Events | None
    secrets: Secrets


def read_material(
    path: Path,
    *,
    reveal: bool = False,
    quotes: bool = False,
    pictures: bool = False,
    regimes: Collection[str] = (),
    thresholds: Path | None = None,
    workers: int = 1,
) -> Material:
    """Analyse a capture, or read an analysis document.

    Args:
        path: a capture folder, or a file that ``pia analyze --format json`` printed.
        reveal: full values instead of masked ones.
        quotes: whether requests and decode steps are wanted.
        pictures: screenshots too, as they were.
        regimes: whose rules to ask about; by default those that the capture points to.
        thresholds: a file that overrides thresholds, over the capture's own.
        workers: processes that scan a large flow file together.

    Raises:
        InputError: neither a capture nor an analysis document.
        UsageError: options that a document cannot answer.
    """
    if path.is_file():
        if reveal or regimes or thresholds:
            raise UsageError(f"{path}: a document holds what its analysis was asked for", "give the capture folder")
        return Material(read_document(path), Exhibits(), None, Secrets(()))
    content = content_of(path, regimes=regimes, thresholds=thresholds, workers=workers)
    analysed = analyse_recorded(content, load_toolbox(), reveal=reveal)
    exhibits = exhibits_of(path, analysed, pictures=pictures) if quotes else Exhibits()
    return Material(analysed.document, exhibits, content.events, Secrets(analysed.secrets))
