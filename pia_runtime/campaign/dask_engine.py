"""Batches on a Dask cluster (``dask.distributed``, the extra ``cluster``)."""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

from pia_runtime.campaign.engine import Answer, Run
from pia_runtime.errors import NotReadyError

if TYPE_CHECKING:
    from distributed import Future

_AHEAD = 3
"""Batches per worker thread that the scheduler knows of: it never starves, and results do not pile up here."""
_RETRIES = 2
_TIMEOUT_S = 20


class DaskEngine:
    """An existing cluster (``address``), or one of ``workers`` processes on this machine.

    Args:
        address: of the scheduler, such as ``tcp://10.0.0.5:8786``; None starts a cluster of its own.
        workers: processes of the cluster that is started here.

    Raises:
        NotReadyError: distributed is not installed, or no scheduler answers.
    """

    def __init__(self, address: str | None = None, workers: int = 2) -> None:
        try:
            import distributed
        except ImportError as error:
            raise NotReadyError(
                "a Dask cluster needs dask.distributed", "pip install 'pia-runtime[cluster]'"
            ) from error
        self._distributed: Any = distributed
        self._cluster: Any = None
        if address is None:
            self._cluster = self._distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=logging.ERROR,
            )
        try:
            self._client: Any = self._distributed.Client(
                address or self._cluster, timeout=_TIMEOUT_S, set_as_default=False
            )
        except (OSError, ValueError) as error:
            raise NotReadyError(f"{address}: no Dask scheduler answers: {error}", "check the address") from error
        self.workers = max(1, sum(self._client.nthreads().values()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def answers[T, R](self, run: Run[T, R], batches: Sequence[list[T]]) -> Iterator[Answer[T, R]]:
        """See :class:`pia_runtime.campaign.engine.Engine`.

        The scheduler blames a dead worker on every task that was with it, queued ones included: what was lost is tried
        again with nothing beside it before an item is held to be the cause.
        """
        waiting, suspects = deque(batches), list[list[T]]()
        flying: dict[Any, list[T]] = {}
        ready = self._distributed.as_completed(loop=self._client.loop)
        while waiting or flying:
            while waiting and len(flying) < self.workers * _AHEAD:
                batch = waiting.popleft()
                future = self._submit(run, batch)
                flying[future] = batch
                ready.add(future)
            future = next(ready)
            batch = flying.pop(future)
            results = self._results(future)
            if results is None:
                suspects.append(batch)
            else:
                yield batch, results
        for item in (item for batch in suspects for item in batch):
            yield [item], self._results(self._submit(run, [item]))

    def _submit[T, R](self, run: Run[T, R], batch: list[T]) -> "Future[list[R]]":
        future: Future[list[R]] = self._client.submit(run, batch, pure=False, retries=_RETRIES)
        return future

    def _results[R](self, future: "Future[list[R]]") -> list[R] | None:
        """None: the workers that held it died. A finished result can still be lost with its worker before it is fetched.

        Raises:
            NotReadyError: no worker can run the program; what is wrong with one capture is part of a result.
        """
        try:
            return future.result()
        except (self._distributed.scheduler.KilledWorker, self._distributed.client.FutureCancelledError):
            return None
        except Exception as error:
            said = f"{type(error).__name__}: {error}"[:300]
            raise NotReadyError(
                f"the Dask workers cannot run pia_runtime: {said}", "install the same version on every worker"
            ) from error
