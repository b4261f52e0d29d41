"""A capture's flow files → flows, one at a time.

The file is a row of tnetstrings (``length:payload}``), one per flow. Each record is read whole and tried on the fast
parser (:mod:`pia_runtime.storage.flow_template`); whatever that does not know (another version, another layout) goes to
mitmproxy's own code (:mod:`pia_runtime.storage.flow_record`). A record that cannot be read is a stated trouble and the next one
is read; only a file that is no flow file at all is an error.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from pia_runtime.errors import InputError, unreadable
from pia_runtime.model.flow import Flow
from pia_runtime.storage.flow_mapping import UndatedFlowError, map_http_flow
from pia_runtime.storage.flow_record import READ_ERRORS, UnknownVersionError, load_record
from pia_runtime.storage.flow_template import parse_flow

_LENGTH_DIGITS = 12  # mitmproxy refuses longer ones too
_USUAL_PREFIX = 5  # no flow is shorter than 1000 bytes
_BUFFER = 1 << 18
_DETAIL_CHARS = 300
_ROTATED = re.compile(r"flows(?:-(\d+))?\.mitm")
_JOURNAL = re.compile(r"flows-.+\.mitm")


@dataclass(frozen=True, slots=True)
class FlowTrouble:
    """Something in a flow file that could not be read.

    Attributes:
        kind: ``torn_flow``, ``empty_flow_file``, ``unreadable_flow``, ``undated_flow`` or ``non_http_flow``.
        detail: one bounded line for people, naming the file.
        offset: byte of the file where the record starts.
        host: whom it was meant for, where known.
        count: how many flows this stands for.
    """

    kind: str
    detail: str
    offset: int = 0
    host: str = ""
    count: int = 1


def flow_files(folder: Path) -> tuple[Path, ...]:
    """The flow files of a capture in order: ``flows.mitm``, then those it rotated into by their number.

    Journals of WebSockets that were still open (``flows-<name>.mitm``) come last.
    """
    names = {path.name: path for path in folder.glob("flows*.mitm") if path.is_file()}
    rotated = {name: int(found[1] or 0) for name in names if (found := _ROTATED.fullmatch(name))}
    journals = sorted(name for name in names if name not in rotated and _JOURNAL.fullmatch(name))
    return tuple(names[name] for name in [*sorted(rotated, key=lambda name: (rotated[name], name)), *journals])


def flow_bytes(folder: Path) -> int:
    """How large the flow files of a capture are together."""
    return sum(path.stat().st_size for path in flow_files(folder))


def read_flows(path: Path, on_trouble: Callable[[FlowTrouble], None]) -> Iterator[Flow]:
    """Read the flows of a capture folder, or of one flow file, in file order.

    Memory holds one flow at a time. In a folder, the parts of a WebSocket that was open when the recording died (its
    journal) are joined into one flow, unless the whole flow was also written.

    Args:
        path: capture folder or any file that mitmproxy's FlowReader reads.
        on_trouble: called for everything that could not be read; non-HTTP flows are reported once per kind and host.

    Raises:
        InputError: a file cannot be opened, is not a flow file, or is of a version the installed mitmproxy cannot read.
    """
    if not path.is_dir():
        yield from _read_file(path, on_trouble)
        return
    files = flow_files(path)
    journals = [file for file in files if not _ROTATED.fullmatch(file.name)]
    open_sockets = {flow.id: flow for file in journals for flow in _join_parts(_read_file(file, on_trouble))}
    for file in files:
        if file not in journals:
            for flow in _read_file(file, on_trouble):
                open_sockets.pop(flow.id, None)
                yield flow
    yield from open_sockets.values()


def _join_parts(parts: Iterator[Flow]) -> list[Flow]:
    """Records with one id, each with the messages since the one before → one flow each."""
    whole: dict[str, Flow] = {}
    for part in parts:
        before = whole.get(part.id)
        whole[part.id] = replace(part, messages=before.messages + part.messages) if before else part
    return list(whole.values())


def _read_file(path: Path, on_trouble: Callable[[FlowTrouble], None]) -> Iterator[Flow]:
    others: Counter[tuple[str, str]] = Counter()
    yield from read_span(Span(path, 0, None), others, on_trouble)
    report_others(path, others, on_trouble)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole records of one flow file, from byte ``start`` to byte ``stop`` or the file's end."""

    path: Path
    start: int
    stop: int | None


def read_span(
    span: Span, others: Counter[tuple[str, str]], on_trouble: Callable[[FlowTrouble], None]
) -> Iterator[Flow]:
    """The HTTP flows of a span in order; flows of other kinds are counted in ``others`` by (kind, host).

    Raises:
        InputError: as :func:`read_flows`.
    """
    for offset, record in read_records(span.path, on_trouble, span.start, span.stop):
        flow = parse_flow(record)
        if flow is None:
            flow = _read_slowly(span.path, offset, record, others, on_trouble)
        if flow is not None:
            yield flow


def report_others(path: Path, others: Counter[tuple[str, str]], on_trouble: Callable[[FlowTrouble], None]) -> None:
    """Say of a file how many flows of which kind were no HTTP."""
    for (kind, host), count in sorted(others.items()):
        on_trouble(FlowTrouble("non_http_flow", f"{path.name}: {count} {kind} flow(s)", 0, host, count))


def spans(folder: Path, size: int) -> tuple[Span, ...] | None:
    """The flow files of a capture cut between records into spans of about ``size`` bytes, in order.

    None where the flows must be read one after the other: the journal of an open WebSocket belongs to flows anywhere.
    """
    files = flow_files(folder)
    if any(not _ROTATED.fullmatch(file.name) for file in files):
        return None
    return tuple(span for file in files for span in _cut(file, size))


def _cut(path: Path, size: int) -> Iterator[Span]:
    """Walk the lengths; what is no length stays in the last span, whose reader says what is wrong with it."""
    with path.open("rb", buffering=0) as file:
        end = os.fstat(file.fileno()).st_size
        start = offset = 0
        while offset < end:
            digits, colon, _ = os.pread(file.fileno(), _LENGTH_DIGITS + 1, offset).partition(b":")
            following = offset + len(digits) + 1 + int(digits) + 1 if colon and digits.isdigit() else end
            if offset - start >= size:
                yield Span(path, start, offset)
                start = offset
            offset = min(following, end)
    yield Span(path, start, None)


def read_records(
    path: Path, on_trouble: Callable[[FlowTrouble], None], start: int = 0, stop: int | None = None
) -> Iterator[tuple[int, bytes]]:
    """The records of one file, unparsed: offset, and payload with its type byte. A torn end becomes trouble.

    Raises:
        InputError: the file cannot be opened or does not start with a record.
    """
    try:
        with path.open("rb", buffering=_BUFFER) as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                on_trouble(FlowTrouble("empty_flow_file", f"{path.name}: empty flow file, no flow was recorded"))
            file.seek(start)
            yield from _split(path, file, start, size if stop is None else stop, on_trouble)
    except OSError as error:
        raise unreadable(path, error) from error


def flow_of_record(record: bytes) -> Flow | None:
    """The HTTP flow of one record of :func:`read_records`; None where it holds none, or none that can be read."""
    try:
        flow = parse_flow(record)
        if flow is None:
            loaded = load_record(record)
            flow = map_http_flow(loaded) if loaded.type == "http" else None
    except READ_ERRORS:
        return None
    return flow


def _split(
    path: Path, file: BinaryIO, offset: int, size: int, on_trouble: Callable[[FlowTrouble], None]
) -> Iterator[tuple[int, bytes]]:
    while offset < size:
        head = file.read(_USUAL_PREFIX)
        while b":" not in head and len(head) <= _LENGTH_DIGITS and (more := file.read(1)):
            head += more
        digits, colon, rest = head.partition(b":")
        if not colon or not digits.isdigit():
            on_trouble(_broken_prefix(path, offset, size, head))
            return
        length = len(digits) + 1 + int(digits) + 1
        if offset + length > size:  # and never ask for more memory than the file can fill
            on_trouble(_torn(path, offset, size, f"{offset + length - size} bytes of its last flow are missing"))
            return
        if len(head) > length:
            rest = rest[: length - len(head)]
            file.seek(offset + length)
        yield offset, rest + file.read(max(0, length - len(head)))
        offset += length


def _broken_prefix(path: Path, offset: int, size: int, head: bytes) -> FlowTrouble:
    if head.isdigit() and offset + len(head) == size:
        return _torn(path, offset, size, "only part of a length is there")
    if offset == 0:
        raise _not_a_flow_file(path, head)
    left = f"the {size - offset} bytes from there on were not read"
    return FlowTrouble("unreadable_flow", f"{path.name}: not a flow at byte {offset}; {left}", offset)


def _torn(path: Path, offset: int, size: int, detail: str) -> FlowTrouble:
    return FlowTrouble("torn_flow", f"{path.name}: cut off at byte {size}: {detail}", offset)


def _not_a_flow_file(path: Path, head: bytes) -> InputError:
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return InputError(f"{path}: holds JSON, not mitmproxy flows", "import a HAR with `pia import`")
    return InputError(f"{path}: not a mitmproxy flow file", "give a file written by mitmproxy, or use `pia import`")


def _read_slowly(
    path: Path,
    offset: int,
    record: bytes,
    others: Counter[tuple[str, str]],
    on_trouble: Callable[[FlowTrouble], None],
) -> Flow | None:
    """One record through mitmproxy's own reader; None with a trouble noted where there is no HTTP flow to give."""
    try:
        flow = load_record(record)
        if flow.type == "http":
            return map_http_flow(flow)
        others[flow.type, _other_host(flow)] += 1
    except UnknownVersionError as error:
        if offset == 0:
            raise InputError(
                f"{path}: {error}", f"install a mitmproxy that reads it, or save the flows with mitmproxy {_version()}"
            ) from error
        on_trouble(_unreadable("unreadable_flow", path, offset, error))
    except UndatedFlowError as error:
        on_trouble(_unreadable("undated_flow", path, offset, error))
    except READ_ERRORS as error:
        if offset == 0 and not record.endswith(b"}"):
            raise _not_a_flow_file(path, b"") from error
        on_trouble(_unreadable("unreadable_flow", path, offset, error))
    return None


def _unreadable(kind: str, path: Path, offset: int, error: Exception) -> FlowTrouble:
    reason = ascii(str(error))[1:-1][:_DETAIL_CHARS] or type(error).__name__
    return FlowTrouble(kind, f"{path.name}: flow at byte {offset}: {type(error).__name__}: {reason}", offset)


def _version() -> str:
    from mitmproxy import version

    return version.VERSION


def _other_host(flow: Any) -> str:  # noqa: ANN401 - a DNS, TCP or UDP flow
    """Whom a flow that is not HTTP was meant for: the DNS name asked, SNI, or the server's address."""
    if flow.type == "dns" and flow.request.questions:
        return str(flow.request.questions[0].name).lower()
    address = flow.server_conn.address
    return str(flow.client_conn.sni or flow.server_conn.sni or (address[0] if address else "")).lower()
