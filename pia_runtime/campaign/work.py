"""What runs in a worker, on this machine or on a cluster: fingerprints and analyses, one capture never harming another."""

from dataclasses import dataclass
from pathlib import Path

import zstandard

from pia_runtime.campaign.fingerprint import capture_digest, program_digest
from pia_runtime.campaign.sources import Source, local_folder
from pia_runtime.errors import PiaError
from pia_runtime.pipeline import document_bytes
from pia_runtime.storage.analysis import analyse_capture, load_toolbox

_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Setting:
    """What every worker must share, or its results would not be this campaign's."""

    knowledge_sha256: str
    program_sha256: str

    @classmethod
    def here(cls) -> "Setting":
        """That of this process."""
        return cls(load_toolbox().knowledge.sha256, program_digest())


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A capture's files in one digest; ``reason`` says why there is none."""

    name: str
    digest: str = ""
    size: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One capture to analyse, as it was when its fingerprint was taken."""

    source: Source
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task: the compressed analysis document, or the reason why there is none."""

    name: str
    packed: bytes = b""
    reason: str = ""


def fingerprint_batch(sources: list[Source], setting: Setting) -> list[Fingerprint]:
    """Fingerprints of some captures, in order."""
    mismatch = _mismatch(setting)
    return [Fingerprint(source.name, reason=mismatch) if mismatch else _fingerprint(source) for source in sources]


def analyse_batch(tasks: list[Task], setting: Setting) -> list[Outcome]:
    """Analyses of some captures, in order."""
    mismatch = _mismatch(setting)
    return [Outcome(task.source.name, reason=mismatch) if mismatch else _analysed(task) for task in tasks]


def _mismatch(setting: Setting) -> str:
    if Setting.here() == setting:
        return ""
    return "the worker runs another version of pia_runtime or of its knowledge; install the same one everywhere"


def _fingerprint(source: Source) -> Fingerprint:
    folder = None
    try:
        with local_folder(source.place) as folder:
            digest, size = capture_digest(folder)
        return Fingerprint(source.name, digest, size)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one capture is its own
        return Fingerprint(source.name, reason=reason_of(error, folder))


def _analysed(task: Task) -> Outcome:
    folder = None
    try:
        with local_folder(task.source.place) as folder:
            if capture_digest(folder)[0] != task.digest:
                return Outcome(task.source.name, reason="its files changed while the campaign was inspected")
            document = analyse_capture(folder)
        return Outcome(task.source.name, pack(document_bytes(document)))
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one capture is its own
        return Outcome(task.source.name, reason=reason_of(error, folder))


def reason_of(error: Exception, folder: Path | None = None) -> str:
    """One bounded line that says what went wrong; files of the capture's folder by their names inside it.

    Who prints a reason names the capture in front of it, and the folder of a remote one is a copy that is gone by then.
    """
    text = str(error) if isinstance(error, PiaError) else f"unexpected {type(error).__name__}: {error}"
    if folder is not None:
        text = text.removeprefix(f"{folder}: ").removeprefix(f"{folder}/")
    return " ".join(text.split())[:_LONGEST_REASON]


def pack(document: bytes) -> bytes:
    """A document as it is stored: zstd, the same bytes every time."""
    return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(document)


def unpack(packed: bytes) -> bytes:
    """The document. Raises zstandard.ZstdError where the bytes are damaged."""
    return zstandard.ZstdDecompressor().decompress(packed)
