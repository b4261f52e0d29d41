"""A capture folder → its analysis document, with the knowledge that ships with the program."""

import contextlib
import os
from functools import cache
from pathlib import Path
from typing import Any

from pia_runtime.knowledge.base import load_knowledge
from pia_runtime.knowledge.sdks import load_sdks
from pia_runtime.pipeline import Content, Toolbox, analyse, document_bytes
from pia_runtime.storage.capture_reader import open_capture
from pia_runtime.storage.scanning import scanner_for


@cache
def load_toolbox() -> Toolbox:
    """The knowledge, read once per process. Raises KnowledgeError naming file and entry."""
    return Toolbox(load_knowledge(), load_sdks(), scanner_for)


def analyse_capture(path: Path, *, reveal: bool = False) -> dict[str, Any]:
    """Analyse one capture.

    Args:
        path: the capture folder.
        reveal: full values instead of masked ones.

    Raises:
        InputError: the folder is no capture, or session.json or identifiers.json is invalid.
    """
    capture = open_capture(path)
    content = Content(
        session=capture.session,
        identifiers=capture.identifiers,
        events=capture.events,
        flows=capture.flows(),
        troubles=lambda: capture.troubles,
        commitment_key=capture.commitment_key,
    )
    return analyse(content, load_toolbox(), reveal=reveal)


def write_analysis(path: Path, document: dict[str, Any]) -> str | None:
    """Store the document as ``derived/analysis.json``, whole or not at all.

    Returns:
        Why it could not be stored (a read-only capture is still analysed), or None.
    """
    folder = path / "derived"
    temporary = folder / f".analysis.json.{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(document_bytes(document))
        temporary.replace(folder / "analysis.json")
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        return f"{folder / 'analysis.json'}: not written ({error.strerror})"
    return None
