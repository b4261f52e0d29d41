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

    def append(self, record: bytes) -> None:
        """Append the whole record or nothing.

        Raises:
            OSError: it could not be written; the file is as long as before.
        """
        before = os.fstat(self._descriptor).st_size
        view = memoryview(record)
        try:
            # A nearly full disk takes part of a record and says so only by the returned length.
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError:
            os.ftruncate(self._descriptor, before)
            raise

    def close(self, *, sync: bool = False) -> None:
        """Close, after the disk itself has the bytes if ``sync`` asks for that.

        Raises:
            OSError: the disk refused the bytes; the file is closed nevertheless.
        """
        try:
            if sync:
                os.fsync(self._descriptor)
        finally:
            os.close(self._descriptor)
