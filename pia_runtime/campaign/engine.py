"""Where batches run: in this process, in a pool of processes, or on a Dask cluster. All give the same results."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

_IN_FLIGHT_PER_WORKER = 2
"""Batches handed out ahead of time: enough to keep workers busy, few enough to keep memory bounded."""

type Run[T, R] = Callable[[list[T]], list[R]]
type Answer[T, R] = tuple[list[T], list[R] | None]


class Engine(AbstractContextManager["Engine"], Protocol):
    """Runs a function over batches. A batch whose worker died is answered with None once nothing else can be tried."""

    workers: int

    def answers[T, R](self, run: Run[T, R], batches: Sequence[list[T]]) -> Iterator[Answer[T, R]]:
        """Batches with their results, in the order in which they become ready.

        A batch of several items whose worker died is tried again item by item, so that one item is blamed and not its
        neighbours.
        """
        ...


class SerialEngine:
    """One batch after another in this process."""

    workers = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def answers[T, R](self, run: Run[T, R], batches: Sequence[list[T]]) -> Iterator[Answer[T, R]]:
        """See :class:`Engine`; a death of this process cannot be survived."""
        for batch in batches:
            yield batch, run(batch)


class PoolEngine:
    """A pool of processes on this machine.

    Workers come from a fork server that has already read the knowledge: it is shared between them, and no thread of this
    process is ever copied.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["pia_runtime.campaign.preloaded"])
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def _live_pool(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.workers, self._context)
        return self._pool

    def answers[T, R](self, run: Run[T, R], batches: Sequence[list[T]]) -> Iterator[Answer[T, R]]:
        """See :class:`Engine`."""
        waiting, suspects = deque(batches), list[list[T]]()
        flying: dict[Future[list[R]], list[T]] = {}
        while waiting or flying:
            while waiting and len(flying) < self.workers * _IN_FLIGHT_PER_WORKER:
                batch = waiting.popleft()
                flying[self._submit(run, batch)] = batch
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                batch = flying.pop(future)
                try:
                    yield batch, future.result()
                except BrokenProcessPool:
                    suspects.append(batch)
                    self._pool = None
        yield from self._one_by_one(run, suspects)

    def _submit[T, R](self, run: Run[T, R], batch: list[T]) -> "Future[list[R]]":
        try:
            return self._live_pool().submit(run, batch)
        except BrokenProcessPool:  # died between two answers; what flew with it is answered as broken
            self._pool = None
            return self._live_pool().submit(run, batch)

    def _one_by_one[T, R](self, run: Run[T, R], suspects: list[list[T]]) -> Iterator[Answer[T, R]]:
        """Alone in flight, so that a death has one culprit."""
        for item in (item for batch in suspects for item in batch):
            try:
                yield [item], self._live_pool().submit(run, [item]).result()
            except BrokenProcessPool:
                self._pool = None
                yield [item], None
