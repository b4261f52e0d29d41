"""A file that only grows, by whole records."""

import os
from pathlib import Path


class AppendFile:
    """Appends records, each in one ``write``; a record that does not fit is taken back.

    Attributes:
        path: the file, created with mode 0600 where it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._unsynced = False

    def append(self, record: bytes) -> None:
        """Append the whole record or nothing.

        Raises:
            OSError: it could not be written; the file is as long as before.
        """
        before = os.fstat(self._descriptor).st_size
        view = memoryview(record)
        self._unsynced = True
        try:
            # A nearly full disk takes part of a record and says so only by the returned length.
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError:
            os.ftruncate(self._descriptor, before)
            raise

    def unsynced(self) -> int | None:
        """A descriptor of the caller's own, to push to the disk what was appended since the last call; None where nothing was.

        Another thread can so wait for the disk while this one goes on appending, or closes the file.

        Raises:
            OSError: the process has no descriptor left.
        """
        if not self._unsynced:
            return None
        descriptor = os.dup(self._descriptor)
        self._unsynced = False
        return descriptor

    def sync(self) -> None:
        """Return when the disk itself has everything.

        Raises:
            OSError: the disk refused the bytes.
        """
        os.fsync(self._descriptor)
        self._unsynced = False

    def close(self, *, sync: bool = False) -> None:
        """Close, after the disk itself has the bytes if ``sync`` asks for that; a closed file stays closed.

        Raises:
            OSError: the disk refused the bytes; the file is closed nevertheless.
        """
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        try:
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
