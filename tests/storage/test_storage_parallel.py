"""Several processes read a large flow file together, and nobody can tell from the result."""

import io
import os
import signal
from pathlib import Path

import mitmproxy.flow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow, tutils

from pia_runtime.model.detection import Match, Opaque
from pia_runtime.model.flow import Flow
from pia_runtime.pipeline import document_bytes
from pia_runtime.pipeline.transmissions import Scan, Transmissions
from pia_runtime.storage import parallel
from pia_runtime.storage.analysis import analyse_capture
from pia_runtime.storage.capture_reader import Capture, open_capture
from pia_runtime.storage.flow_reader import flow_files, read_records, spans
from pia_runtime.storage.parallel import transmissions_of

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "captures" / "sample-loan"
NOON = 1_763_899_200


@pytest.fixture
def small_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every few records are a span, and no file is too small to be shared out."""
    monkeypatch.setattr(parallel, "_SPAN", 3_000)
    monkeypatch.setattr(parallel, "_WORTH_IT", 0)


def folder_with(tmp_path: Path, name: str = "capture") -> Path:
    """The sample's session and identifiers without its flows."""
    folder = tmp_path / name
    folder.mkdir()
    for kept in ("session.json", "identifiers.json"):
        (folder / kept).write_bytes((SAMPLE / kept).read_bytes())
    return folder


def exchange(number: int, host: str = "api.example.com") -> bytes:
    flow = tflow.tflow(req=tutils.treq(host=host, content=b"n=%d" % number), resp=True)
    flow.request.timestamp_start = flow.request.timestamp_end = NOON + number
    return recorded(flow)


def recorded(flow: mitmproxy.flow.Flow) -> bytes:
    file = io.BytesIO()
    FlowWriter(file).add(flow)  # type: ignore[no-untyped-call]
    return file.getvalue()


def by_content(flow: Flow) -> tuple[tuple[Match, ...], tuple[Opaque, ...]]:
    """A scan that finds every body, cannot read some, and breaks at others."""
    body = (flow.body or b"").decode()
    if body.endswith("7"):
        raise ValueError(body)
    opaque = (Opaque("request.body", (), "unknown", 3),) if body.endswith("3") else ()
    return (Match("gaid", "known", "plain", body, "request.body", (), "certain"),), opaque


def both(folder: Path, scan: Scan = by_content) -> list[tuple[Transmissions, Capture]]:
    """What one process and three give."""
    captures = [open_capture(folder), open_capture(folder)]
    return [
        (transmissions_of(capture, scan, workers), capture) for capture, workers in zip(captures, (1, 3), strict=True)
    ]


@pytest.mark.usefixtures("small_spans")
def test_any_number_of_workers_gives_the_same_document() -> None:
    one, *others = (document_bytes(analyse_capture(SAMPLE, workers=workers)) for workers in (1, 2, 5))
    assert others == [one, one]


@pytest.mark.usefixtures("small_spans")
def test_order_faults_and_hosts_are_those_of_one_process(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    (folder / "flows.mitm").write_bytes(b"".join(exchange(n, f"h{n % 4}.example.com") for n in range(40)))
    (folder / "flows-2.mitm").write_bytes(b"".join(exchange(n) for n in range(40, 50)))
    (alone, _), (together, _) = both(folder)
    assert together == alone
    assert [sent.match.value for sent in together.sent] == [f"n={n}" for n in range(50) if n % 10 != 7]
    assert sum(together.faults.values()) == 5
    assert sum(together.opaque.values()) == 5


@pytest.mark.usefixtures("small_spans")
def test_what_cannot_be_read_is_said_once_and_in_its_place(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    dns = recorded(tflow.tdnsflow())
    records = [exchange(1), dns, b"4:oops}", exchange(2), exchange(3), dns, exchange(4)[:-9]]
    (folder / "flows.mitm").write_bytes(b"".join(records))
    (alone, said_alone), (together, said_together) = both(folder)
    assert together == alone
    assert said_together.troubles == said_alone.troubles
    kinds = {trouble.kind for trouble in said_together.troubles if trouble.kind.endswith("_flow")}
    assert kinds == {"non_http_flow", "torn_flow", "unreadable_flow"}
    assert next(t.count for t in said_together.troubles if t.kind == "non_http_flow") == 2


@pytest.mark.usefixtures("small_spans")
def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    (folder / "flows.mitm").write_bytes(b"".join(exchange(n) for n in range(20)))
    here = os.getpid()

    def deadly(flow: Flow) -> tuple[tuple[Match, ...], tuple[Opaque, ...]]:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return by_content(flow)

    (alone, _), (together, _) = both(folder, deadly)
    assert together == alone
    assert len(together.sent) == 18


def test_the_journal_of_an_open_websocket_is_not_cut_apart(tmp_path: Path) -> None:
    (tmp_path / "flows.mitm").write_bytes(exchange(1))
    (tmp_path / "flows-open-1.mitm").write_bytes(exchange(2))
    assert spans(tmp_path, 1) is None


@given(sizes=st.lists(st.integers(0, 5_000), max_size=30), size=st.integers(1, 9_000), torn=st.integers(0, 40))
def test_spans_hold_every_record_exactly_once(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], size: int, torn: int
) -> None:
    folder = tmp_path_factory.mktemp("spans")
    records = [b"%d:%s}" % (length, b"x" * length) for length in sizes]
    whole = b"".join(records)
    (folder / "flows.mitm").write_bytes(whole[: max(0, len(whole) - torn)])
    (file,) = flow_files(folder)
    cut = spans(folder, size)
    assert cut is not None
    together = [record for span in cut for record in read_records(file, lambda _: None, span.start, span.stop)]
    assert together == list(read_records(file, lambda _: None))
    assert [span.start for span in cut] == [0, *(span.stop for span in cut[:-1])]
    assert cut[-1].stop is None
