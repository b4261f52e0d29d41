"""Other tools' recordings → a capture folder: mitmproxy flow files of any readable version, HAR, and packets.

Flow ids are the entry's index in its file, counted from 0; with several sources ``source:index``, the source's place in the
order given, counted from 0 (``session.json``, ``tools.sources``, names them). How well an entry's time is known goes into the
flow's metadata (``pia_err_ns``), which mitmproxy's own tools carry along untouched and ``read_flows`` gives back. An entry
that cannot be read is a ``gap`` event naming it; the rest is imported. The folder appears whole or not at all.
"""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

from mitmproxy import version as mitmproxy_version
from mitmproxy.io import tnetstring

from pia_runtime import __version__
from pia_runtime.capture.flows_import import import_records
from pia_runtime.capture.har_entry import LocalEntryError, parse_entry
from pia_runtime.capture.har_file import BOM, BrokenEntryError, HarFile
from pia_runtime.capture.packet_import import MAGIC, import_packets
from pia_runtime.capture.packet_tshark import tshark_version
from pia_runtime.errors import InputError, unreadable
from pia_runtime.storage.flow_mapping import to_ns
from pia_runtime.storage.flow_reader import FlowTrouble
from pia_runtime.storage.flow_template import parse_flow
from pia_runtime.storage.folder import folder_beside
from pia_runtime.storage.writer import FLOWS, CaptureWriter

_SNIFFED_BYTES = 64
_GZIP = b"\x1f\x8b"
_KEY_LINE = re.compile(rb"^[A-Z0-9_]+ [0-9a-fA-F]+ [0-9a-fA-F]+\s*$", re.MULTILINE)
_NO_EVENTS = "a recording of traffic alone: no API call, transformation or consent was observed"
_GAPS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did.

    Attributes:
        path: the capture folder.
        flows: flows written.
        gaps: one line per entry that could not be imported whole, naming source and entry; also events of the capture.
        local: entries left out because they never left the machine (``data:``, ``blob:``, extension pages).
    """

    path: Path
    flows: int
    gaps: tuple[str, ...]
    local: int


@dataclass(slots=True)
class _Import:
    """An import under way."""

    writer: CaptureWriter
    gaps: list[dict[str, Any]] = field(default_factory=list)
    keylog: Path | None = None
    local: int = 0
    first_ns: int | None = None
    last_ns: int | None = None

    def add(self, record: bytes, t_ns: int | None) -> None:
        self.writer.flow(record)
        if t_ns is not None:
            self.first_ns = t_ns if self.first_ns is None else min(self.first_ns, t_ns)
            self.last_ns = t_ns if self.last_ns is None else max(self.last_ns, t_ns)

    def gap(self, kind: str, detail: str, host: str = "", count: int = 1) -> None:
        if len(self.gaps) < _GAPS_MAX:
            gap = {"type": "gap", "kind": kind, "host": host, "detail": detail[:500]}
            self.gaps.append({**gap, "count": count} if count > 1 else gap)


def import_recording(
    sources: list[Path], out: Path, *, package: str | None = None, keylog: Path | None = None
) -> ImportResult:
    """Make a capture folder from recordings.

    Args:
        sources: HAR files (also gzipped, or deflated as ``.zhar``), mitmproxy flow files, pcap and pcapng (also gzipped), told
            apart by their content.
        out: the folder to make; must not exist, or be empty.
        package: the app's package name, where known.
        keylog: TLS secrets of recorded packets, in the NSS key log form.

    Raises:
        InputError: a source is unreadable, of an unknown kind or version, or holds no entry that can be read; ``out`` is taken;
            a key log is given without packets, or is none.
        NotReadyError: the folder cannot be written, or there is no tshark to read packets with.
    """
    kinds = [_kind(source) for source in sources]
    _check_keylog(keylog, kinds)
    with folder_beside(out) as folder:
        session = {"app": {"package": package or ""}, "tools": _tools(sources, kinds)}
        with CaptureWriter.create(folder, session, streams=(FLOWS,)) as writer:
            done = _Import(writer, keylog=keylog)
            for number, (source, kind) in enumerate(zip(sources, kinds, strict=True)):
                _READERS[kind](source, f"{number}:" if len(sources) > 1 else "", done)
            _finish(done, package)
        folder.rename(out)
    return ImportResult(out, writer.flows, tuple(str(gap["detail"]) for gap in done.gaps), done.local)


def _kind(source: Path) -> str:
    try:
        with source.open("rb") as file:
            head = file.read(_SNIFFED_BYTES)
    except OSError as error:
        raise unreadable(source, error) from error
    if not head:
        raise InputError(f"{source}: the file is empty", "record again, or leave it out")
    start = head.removeprefix(BOM).lstrip()[:1]
    if start in (b"{", b"x"):
        return "har"
    if head[:1].isdigit():
        return "flows"
    if head.startswith(_GZIP):
        head = _inflated_head(source)
        if head.removeprefix(BOM).lstrip()[:1] == b"{":
            return "har"
    if head.startswith(MAGIC):
        return "packets"
    raise InputError(
        f"{source}: neither a HAR nor a mitmproxy flow file nor pcap or pcapng",
        "export the recording as HAR 1.2, or as pcap",
    )


def _inflated_head(source: Path) -> bytes:
    try:
        with gzip.open(source) as file:
            return file.read(_SNIFFED_BYTES)
    except (OSError, EOFError, zlib.error):
        return b""


def _check_keylog(keylog: Path | None, kinds: list[str]) -> None:
    if keylog is None:
        return
    if "packets" not in kinds:
        raise InputError("--keylog: no source holds packets", "leave it out")
    try:
        with keylog.open("rb") as file:
            head = file.read(1 << 20)
    except OSError as error:
        raise unreadable(keylog, error) from error
    if not _KEY_LINE.search(head):
        raise InputError(f"{keylog}: holds no TLS secret", "give a key log as SSLKEYLOGFILE makes it")


def _import_har(source: Path, prefix: str, done: _Import) -> None:
    har = HarFile(source)
    done.writer.update_session(
        tools={"recorded_by": {**done.writer.session["tools"].get("recorded_by", {}), source.name: har.creator}}
    )
    before, seen = done.writer.flows, 0
    for index, entry in enumerate(har.entries()):
        seen += 1
        _import_entry(source, index, prefix, entry, har.creator, done)
    if seen and done.writer.flows == before and not done.local:
        raise InputError(
            f"{source}: none of its {seen} entries can be read; {done.gaps[0]['detail']}", "export it again as HAR 1.2"
        )
    if not seen:
        done.gap("empty_flow_file", f"{source.name}: holds no entries")


def _import_entry(
    source: Path, index: int, prefix: str, entry: dict[str, Any] | BrokenEntryError, creator: str, done: _Import
) -> None:
    where = f"{source.name}: entry {index}"
    try:
        if isinstance(entry, BrokenEntryError):
            raise entry
        imported = parse_entry(entry, f"{prefix}{index}", creator)
    except LocalEntryError:
        done.local += 1
        return
    except (BrokenEntryError, ValueError, TypeError) as error:
        done.gap("broken_entry", f"{where}: {error}")
        return
    flow = imported.flow
    done.add(tnetstring.dumps(flow.get_state()), to_ns(flow.request.timestamp_start))
    if imported.lost:
        done.gap("undecodable", f"{where}: {imported.lost}", flow.request.host)


def _import_flows(source: Path, prefix: str, done: _Import) -> None:
    troubles: list[FlowTrouble] = []
    before = done.writer.flows
    for _, record in import_records(source, prefix, troubles):
        done.add(record, _time_of(record))
    for trouble in troubles:
        done.gap(trouble.kind, trouble.detail, trouble.host)
    if done.writer.flows == before:
        said = f"; {troubles[0].detail}" if troubles else ""
        raise InputError(f"{source}: no flow in it can be read{said}", "save the recording again with mitmproxy")


def _time_of(record: bytes) -> int | None:
    flow = parse_flow(record.partition(b":")[2])
    return flow.t_ns if flow else None


def _import_packets(source: Path, prefix: str, done: _Import) -> None:
    tools = done.writer.session["tools"]
    done.writer.update_session(tools={**tools, "tshark": tshark_version()})
    before, gaps = done.writer.flows, len(done.gaps)
    for flow in import_packets(source, done.keylog, prefix, done.gap):
        done.add(tnetstring.dumps(flow.get_state()), to_ns(flow.request.timestamp_start))
    if done.writer.flows == before and len(done.gaps) == gaps:
        done.gap("empty_flow_file", f"{source.name}: holds no connection with anything in it")


_READERS: dict[str, Callable[[Path, str, _Import], None]] = {
    "har": _import_har,
    "flows": _import_flows,
    "packets": _import_packets,
}


def _tools(sources: list[Path], kinds: list[str]) -> dict[str, Any]:
    listed = [
        {"name": source.name, "kind": kind, "sha256": _sha256(source)}
        for source, kind in zip(sources, kinds, strict=True)
    ]
    return {
        "pia_runtime": __version__,
        "mitmproxy": mitmproxy_version.VERSION,
        "importer": "pia import",
        "sources": listed,
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _finish(done: _Import, package: str | None) -> None:
    """Times and name of the session, and the gaps as events."""
    start = done.first_ns or 0
    stamp = datetime.fromtimestamp(start // 10**9, UTC).strftime("%Y-%m-%dT%H%M%SZ")
    done.writer.update_session(id=f"{stamp}-{package or 'import'}", started_ns=done.first_ns, ended_ns=done.last_ns)
    for gap in _events(done.gaps):
        done.writer.event({**gap, "t_ns": start, "clock": "host"})


def _events(gaps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The gaps, and that nothing but traffic was recorded: with an event file there, its absence no longer says so."""
    if gaps:
        yield {"type": "gap", "kind": "no_event_file", "host": "", "detail": _NO_EVENTS}
        yield from gaps
