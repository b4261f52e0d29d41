"""Making a capture folder and replacing its files whole."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pia_runtime.errors import InputError, NotReadyError


def claim_folder(path: Path) -> None:
    """Make a folder of our own (mode 0700), or take an empty one.

    Raises:
        InputError: it is a file, or something is in it.
        OSError: it cannot be made.
    """
    if path.exists():
        if not path.is_dir():
            raise InputError(f"{path} is a file", "name a folder that does not exist yet")
        if any(path.iterdir()):
            raise InputError(f"{path} is not empty", "name a new folder, or move the old capture away")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)


@contextmanager
def folder_beside(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` to fill and then rename to it: ``out`` is there whole or not at all.

    What was not renamed is removed.

    Raises:
        InputError: ``out`` is a file, or something is in it.
        NotReadyError: nothing can be written there.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} already exists and is not an empty folder", "choose another folder with -o")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise unwritable(out, error) from error
    try:
        yield folder
    except OSError as error:
        raise unwritable(out, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # after a rename there is nothing left of that name


def require_folder(path: Path) -> None:
    """Raises InputError where a capture folder is meant and there is none."""
    if not path.is_dir():
        said = "is a file, not a capture folder" if path.exists() else "no such capture folder"
        raise InputError(f"{path}: {said}", "give the folder that holds flows.mitm or events.jsonl")


def holds_recording(path: Path) -> bool:
    """Whether a folder (no link to one) is a capture: it holds events or flows."""
    if path.is_symlink() or not path.is_dir():
        return False
    return (path / "events.jsonl").is_file() or any(file.is_file() for file in path.glob("flows*.mitm"))


def replace_file(path: Path, content: bytes) -> None:
    """Write beside and rename (mode 0600), so that a reader sees the old or the new file and never a part.

    Raises:
        OSError: it cannot be written; the old file is still there.
    """
    beside = write_beside(
        path.with_name(f".{path.name}.{os.getpid()}"), content
    )  # two processes may write the same file
    with _gone_on_failure(beside):
        beside.replace(path)


def write_beside(beside: Path, content: bytes) -> Path:
    """Write a file (mode 0600) that is to be renamed, push it to the disk itself, and return it.

    Raises:
        OSError: it cannot be written; nothing of it is left.
    """
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with _gone_on_failure(beside), open(descriptor, "wb") as file:  # noqa: PTH123 - an open descriptor, not a path
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return beside


@contextmanager
def _gone_on_failure(beside: Path) -> Iterator[None]:
    """Ctrl-C too leaves nothing half-written."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def unwritable(path: Path, error: OSError) -> NotReadyError:
    """The one line a person reads when a path cannot be written."""
    reason = error.strerror or type(error).__name__
    return NotReadyError(f"{path}: cannot be written: {reason}", "free space or choose another folder with -o")
