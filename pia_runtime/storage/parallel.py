"""Large flow files scanned by several processes: each takes spans of the file, and the results are joined in its order.

The scan is built once and inherited by fork, so that nothing personal is pickled or written; therefore Linux only. The
result is the same as with one process, byte for byte.
"""

import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from pia_runtime.pipeline.transmissions import Scan, Transmissions, detect_transmissions
from pia_runtime.storage.capture_reader import Capture
from pia_runtime.storage.flow_reader import FlowTrouble, Span, flow_bytes, read_span, report_others, spans

_SPAN = 8 << 20
_WORTH_IT = 24 << 20
"""Below this many bytes of flows the processes cost more than they save."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one span gave."""

    found: Transmissions
    others: Counter[tuple[str, str]]
    troubles: tuple[FlowTrouble, ...]


def usable_cores() -> int:
    """Processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def transmissions_of(capture: Capture, scan: Scan, workers: int) -> Transmissions:
    """Scan the flows of a capture, with several processes where that pays.

    Args:
        capture: its troubles grow by what the flow files hold.
        scan: as for :func:`detect_transmissions`.
        workers: processes; 1 scans in this one.

    Raises:
        InputError: a flow file cannot be read at all.
    """
    cut = _spans_worth_it(capture) if workers > 1 and sys.platform == "linux" else None
    if cut is not None:
        parts = _scanned(cut, scan, workers)
        if parts is not None:
            return _joined(capture, cut, parts)
    return detect_transmissions(capture.flows(), scan)


def _spans_worth_it(capture: Capture) -> tuple[Span, ...] | None:
    if flow_bytes(capture.path) < _WORTH_IT:
        return None
    return spans(capture.path, _SPAN)


def _scanned(cut: Sequence[Span], scan: Scan, workers: int) -> list[_Part] | None:
    """The parts in order; None where a worker was killed, so that the caller can do it alone."""
    try:
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(min(workers, len(cut)), context, _Worker.begin, (scan,)) as pool:
            return list(pool.map(_Worker.part, cut))
    except BrokenProcessPool:
        return None


class _Worker:
    """What a forked process keeps: the scan it inherited, because a compiled matcher cannot be pickled."""

    scan: Scan

    @classmethod
    def begin(cls, scan: Scan) -> None:
        cls.scan = staticmethod(scan)

    @classmethod
    def part(cls, span: Span) -> _Part:
        others: Counter[tuple[str, str]] = Counter()
        troubles: list[FlowTrouble] = []
        found = detect_transmissions(read_span(span, others, troubles.append), cls.scan)
        return _Part(found, others, tuple(troubles))


def _joined(capture: Capture, cut: Sequence[Span], parts: Sequence[_Part]) -> Transmissions:
    """All parts as one, and what the files held as if they had been read one after the other."""
    whole = Transmissions()
    others: dict[Path, Counter[tuple[str, str]]] = {}
    for span, part in zip(cut, parts, strict=True):
        whole.add(part.found)
        for trouble in part.troubles:
            capture.note(trouble)
        others.setdefault(span.path, Counter()).update(part.others)
        if span.stop is None:
            report_others(span.path, others[span.path], capture.note)
    return whole
