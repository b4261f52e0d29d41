"""A capture as one file that only its recipients open: a tar stream in age (https://age-encryption.org/v1), and back."""

import contextlib
import os
import shutil
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyrage

from pia_runtime.errors import InputError, NotReadyError, unreadable
from pia_runtime.storage.folder import unwritable

SUFFIX = ".tar.age"
_LARGEST = 1 << 20

type Recipient = pyrage.x25519.Recipient | pyrage.ssh.Recipient
type Identity = pyrage.x25519.Identity | pyrage.ssh.Identity


def read_recipients(given: Sequence[str]) -> list[Recipient]:
    """Recipients as people have them: ``age1…``, a public SSH key, or a file with one a line.

    Raises:
        InputError: one is neither.
    """
    found: list[Recipient] = []
    for item in given:
        lines = [item]
        if not item.startswith(("age1", "ssh-")):
            lines = [line for line in _text(Path(item)).splitlines() if line.strip() and not line.startswith("#")]
        for line in lines:
            try:
                kind = pyrage.ssh.Recipient if line.startswith("ssh-") else pyrage.x25519.Recipient
                found.append(kind.from_str(line.strip()))
            except pyrage.RecipientError as error:
                raise InputError(
                    f"{line[:40]!r}: no recipient of age", "give age1…, a public SSH key or a file"
                ) from error
    return found


def read_identities(path: Path) -> list[Identity]:
    """The identities of a file, as ``age-keygen`` or ``ssh-keygen`` writes it.

    Raises:
        InputError: the file cannot be read, or holds none that can be used.
    """
    text = _text(path)
    try:
        if "PRIVATE KEY-----" in text:
            return [pyrage.ssh.Identity.from_buffer(text.encode())]
        lines = [line.strip() for line in text.splitlines()]
        found: list[Identity] = [
            pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith("AGE-SECRET-KEY-1")
        ]
    except pyrage.IdentityError as error:
        raise InputError(f"{path}: not an identity of age", "give the file of age-keygen or ssh-keygen") from error
    if not found:
        raise InputError(f"{path}: holds no identity", "give the file of age-keygen or ssh-keygen")
    return found


def encrypt_capture(capture: Path, recipients: Sequence[Recipient]) -> Path:
    """Put a capture into ``<capture>.tar.age`` (mode 0600) beside it, and then remove the folder.

    The folder is removed only when the disk itself has the whole file. Removing a file does not wipe a disk: where that matters,
    ``captures/`` belongs on an encrypted one.

    Raises:
        InputError: the file exists already.
        NotReadyError: it cannot be written, or the folder cannot be read; the folder is then untouched.
    """
    target = capture.with_name(capture.name + SUFFIX)
    if target.exists():
        raise InputError(f"{target} exists", "move it away")
    beside = target.with_name(f".{target.name}.part")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            with _tar_of(capture) as stream:
                pyrage.encrypt_io(stream, out, list(recipients))
            out.flush()
            os.fsync(out.fileno())
        beside.replace(target)
    except (OSError, pyrage.EncryptError, tarfile.TarError) as error:
        beside.unlink(missing_ok=True)
        cause = error if isinstance(error, OSError) else OSError(0, str(error))
        raise unwritable(target, cause) from error
    shutil.rmtree(capture)
    return target


def decrypt_capture(source: Path, identities: Sequence[Identity], out: Path) -> None:
    """Restore a capture folder (0700, its files 0600) that must not exist yet.

    Raises:
        InputError: the file is none of ours, no identity opens it, or ``out`` exists.
        NotReadyError: the folder cannot be written.
    """
    if out.exists():
        raise InputError(f"{out} exists", "choose another folder with -o")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))  # mode 0700
    except OSError as error:
        raise unwritable(out, error) from error
    try:
        _unpack(source, identities, place)
        place.rename(out)
    except pyrage.DecryptError as error:
        raise InputError(f"{source}: cannot be decrypted: {error}", "give the identity of a recipient") from error
    except tarfile.TarError as error:
        raise InputError(f"{source}: holds no capture: {error}", "give a file that pia encrypted") from error
    except OSError as error:
        raise NotReadyError(f"{out}: {error.strerror or error}", "free space or choose another folder") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _unpack(source: Path, identities: Sequence[Identity], place: Path) -> None:
    """Decrypt into a file without a name first: age proves a chunk when it has been read, and nothing unproven is unpacked."""
    with source.open("rb") as sealed, tempfile.TemporaryFile(dir=place.parent) as plain:
        try:
            pyrage.decrypt_io(sealed, plain, list(identities))
        except OSError as error:
            if error.errno is not None:
                raise
            raise pyrage.DecryptError(str(error)) from error  # a chunk that was changed, as the library tells it
        plain.seek(0)
        with tarfile.open(fileobj=plain, mode="r:") as tar:
            tar.extractall(place, filter=_private)  # noqa: S202 - the filter refuses what leads elsewhere


def _private(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo:
    """Only files and folders inside, whatever a hostile archive names, and for our eyes only."""
    safe = tarfile.data_filter(member, folder)
    if not (safe.isfile() or safe.isdir()):
        raise tarfile.FilterError(f"{member.name[:80]!r} is neither a file nor a folder")
    return safe.replace(mode=0o700 if safe.isdir() else 0o600)


@contextlib.contextmanager
def _tar_of(capture: Path) -> Iterator[object]:
    """The folder as a tar stream, written by a thread while it is read, so that nothing of it is held in memory."""
    reading, writing = os.pipe()
    failure: list[BaseException] = []

    def write() -> None:
        try:
            with (
                os.fdopen(writing, "wb") as end,
                tarfile.open(fileobj=end, mode="w|", format=tarfile.PAX_FORMAT) as tar,
            ):
                for path in sorted(capture.rglob("*")):
                    tar.add(path, path.relative_to(capture).as_posix(), recursive=False, filter=_nobody)
        except (OSError, tarfile.TarError) as error:
            failure.append(error)

    thread = threading.Thread(target=write, name="tar", daemon=True)
    thread.start()
    with os.fdopen(reading, "rb") as stream:
        yield stream
    thread.join()
    if failure:
        raise failure[0]


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the names of this machine's users."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace")
    except OSError as error:
        raise unreadable(path, error, "give a file, or age1… itself") from error
