"""Keeping the chain's heads on the disk while the run goes on, no more than a moment behind."""

import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from pia_runtime.storage.appending import AppendFile
from pia_runtime.storage.chain import Chain

HEAD_SECONDS = 0.5
"""How often the head is put on the disk, so that a run that is killed has proof up to its last second."""


class HeadKeeper:
    """A thread that twice a second pushes the recorded files to the disk and then writes a head over them.

    Args:
        chain: records are added to it under ``lock``.
        lock: guards the chain and the files; it is never held while the disk is waited for.
        files: the files being written; called under ``lock``.
        on_failure: told once when the disk refused; the chain gets no further heads.

    Attributes:
        doomed: files to remove once a head says that they are gone; grows under ``lock``.
        ordering: to be taken before ``lock`` by whoever calls :meth:`put`, so that heads are written in their order.
    """

    def __init__(
        self,
        chain: Chain,
        lock: threading.RLock,
        files: Callable[[], Iterable[AppendFile]],
        on_failure: Callable[[OSError], object],
    ) -> None:
        self.doomed: list[Path] = []
        self.ordering = threading.RLock()
        self._chain = chain
        self._lock = lock
        self._files = files
        self._on_failure = on_failure
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._now_and_then, name="chain", daemon=True)
        self._thread.start()

    def put(self) -> None:
        """Push what came since the last head to the disk, then write the head.

        Raises:
            OSError: the disk refused.
        """
        with self.ordering:
            try:
                with self._lock:
                    if not self._chain.pending:
                        return
                    line, doomed = self._chain.take(), self._take_doomed()
                    found = [file.unsynced() for file in self._files()]
                _sync([descriptor for descriptor in found if descriptor is not None])
                self._chain.write(line)
                _remove(doomed)
            except OSError:
                self._chain.close()
                raise

    def end(self, *, closed: bool) -> None:
        """Write the last head and close the chain.

        Args:
            closed: the recording ended in order, and the last head says so; otherwise it has no last head.

        Raises:
            OSError: the disk refused.
        """
        self._ended.set()
        with self.ordering, self._lock:
            try:
                if closed:
                    self._chain.write(self._chain.take(closed=True))
                    _remove(self._take_doomed())
            finally:
                self._chain.close()

    def _take_doomed(self) -> list[Path]:
        doomed, self.doomed = self.doomed, []
        return doomed

    def _now_and_then(self) -> None:
        while not self._ended.wait(HEAD_SECONDS):
            try:
                self.put()
            except OSError as error:
                self._on_failure(error)
                return


def _sync(descriptors: list[int]) -> None:
    try:
        for descriptor in descriptors:
            os.fsync(descriptor)
    finally:
        for descriptor in descriptors:
            with suppress(OSError):
                os.close(descriptor)


def _remove(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
