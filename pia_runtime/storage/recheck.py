"""Two runs, each a capture folder or a stored analysis document, compared."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from pia_runtime.judgement.recheck import recheck
from pia_runtime.storage.analysis import analyse_capture, load_toolbox
from pia_runtime.storage.document_file import read_document


def compare_runs(before: Path, after: Path, removed: Collection[str] = ()) -> dict[str, Any]:
    """The re-check of two runs (:func:`pia_runtime.judgement.recheck.recheck`).

    Raises:
        InputError: one of them is neither a capture folder nor an analysis document.
    """
    return recheck(read_run(before), read_run(after), load_toolbox().knowledge, removed)


def read_run(path: Path) -> dict[str, Any]:
    """The analysis document of a capture folder (analysed now), or a stored one as it stands.

    Raises:
        InputError: it is neither (:func:`pia_runtime.storage.document_file.read_document`).
    """
    if path.is_dir():
        return analyse_capture(path)
    return read_document(path)
