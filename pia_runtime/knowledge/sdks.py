"""SDKs by code prefix and by host, from the project's own entries and from two public lists.

Own entries win: a row of a public list below one of our prefixes or hosts is left out. Between what remains the longest
prefix on a dot boundary decides. Every value keeps the source that stated it.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.data_file import ROOT, load_entries, require
from pia_runtime.knowledge.domains import Company, load_companies

FrameKind = Literal["framework", "instrumentation", "library"]


@dataclass(frozen=True, slots=True)
class ConsentCall:
    """A documented call by which an app tells an SDK the user's answer, or keeps it quiet until then.

    Attributes:
        kind: ``grant`` (reports the answer), ``preinit`` (meant for before consent), ``init`` (collection may start: belongs
            after consent), ``collect_switch``, ``personalisation``, ``manifest_flag``.
        call: ``class.method(Parameter, …)`` with the parameters' simple names, or the flag.
        effect: what the vendor says it does.
    """

    kind: str
    call: str
    effect: str


@dataclass(frozen=True, slots=True)
class Sdk:
    """A third party's code.

    Attributes:
        id: knowledge id; ``exodus-<n>`` and ``libchecker-<label>`` where only a public list knows it.
        name: Chinese name where there is one.
        company: who provides it, or None where the source does not say.
        declared_data: taxonomy ids that the vendor says it collects; empty where nothing was read.
        synthetic: made up for the practice app.
        source: ``own``, ``exodus`` or ``libchecker``.
        consent_calls: how an app is meant to tell it the user's answer; empty where nothing was read.
    """

    id: str
    name: str
    company: str | None
    source: str
    kinds: tuple[str, ...] = ()
    declared_data: tuple[str, ...] = ()
    synthetic: bool = False
    consent_calls: tuple[ConsentCall, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SdkIndex:
    """All that attribution looks up.

    Attributes:
        sdks: by id.
        prefixes: dotted code prefix → the SDK, or the kind of frame that is passed over.
        hosts: host or domain suffix → SDK; matched on label boundaries, the longest wins.
        native_libs: library file name, or a pattern with ``*`` → SDK, or the kind of frame that is passed over.
        companies: domain → company.
    """

    sdks: Mapping[str, Sdk]
    prefixes: Mapping[str, Sdk | FrameKind]
    hosts: Mapping[str, Sdk]
    native_libs: Mapping[str, Sdk | FrameKind] = field(default_factory=dict)
    companies: Mapping[str, Company] = field(default_factory=dict)


def longest_prefix[T](name: str, table: Mapping[str, T]) -> tuple[str, T] | None:
    """The entry whose key is ``name`` or the longest part of it that ends before a dot (``a.b`` of ``a.b.C``)."""
    while name:
        found = table.get(name)
        if found is not None:
            return name, found
        name = name.rpartition(".")[0]
    return None


def longest_suffix[T](host: str, table: Mapping[str, T]) -> tuple[str, T] | None:
    """The entry whose key is ``host`` or the longest part of it that begins after a dot (``x.cn`` of ``a.x.cn``)."""
    while host:
        found = table.get(host)
        if found is not None:
            return host, found
        host = host.partition(".")[2]
    return None


def load_sdks() -> SdkIndex:
    """Read the SDK knowledge that ships with the program. Raises KnowledgeError naming file and entry."""
    index = _Building()
    for where, entry in load_entries("sdks", "sdks"):
        index.add_own(where, entry)
    for where, entry in load_entries("sdks", "frames"):
        index.add_frames(where, entry)
    for source in ("exodus", "libchecker"):
        index.add_list(source, list(_rows(ROOT / "sdks" / f"{source}.csv")))
    return SdkIndex(index.sdks, index.prefixes, index.hosts, index.native_libs, load_companies())


class _Building:
    """The tables while they are filled; the first to claim a key keeps it."""

    def __init__(self) -> None:
        self.sdks: dict[str, Sdk] = {}
        self.prefixes: dict[str, Sdk | FrameKind] = {}
        self.hosts: dict[str, Sdk] = {}
        self.native_libs: dict[str, Sdk | FrameKind] = {}

    def add_own(self, where: str, entry: dict[str, Any]) -> None:
        sdk = Sdk(
            id=require(entry, "id", str, where),
            name=entry.get("name_zh") or require(entry, "name_en", str, where),
            company=entry.get("vendor") or None,
            source="own",
            kinds=tuple(entry.get("kind", ())),
            declared_data=tuple(entry.get("declared_data", ())),
            synthetic=bool(entry.get("synthetic", False)),
            consent_calls=tuple(map(_consent_call, entry.get("consent_api") or ())),
        )
        if sdk.id in self.sdks:
            raise KnowledgeError(f"{where}: id {sdk.id!r} stands twice")
        self.sdks[sdk.id] = sdk
        for prefix in require(entry, "code_prefixes", list, where):
            self.prefixes.setdefault(prefix, sdk)
        for host in (*entry.get("hosts", ()), *entry.get("host_suffixes", ())):
            self.hosts.setdefault(host, sdk)
        for library in entry.get("native_libs", ()):
            self.native_libs.setdefault(library, sdk)

    def add_frames(self, where: str, entry: dict[str, Any]) -> None:
        kind = require(entry, "kind", str, where)
        if kind not in get_args(FrameKind):
            raise KnowledgeError(f"{where}: kind {kind!r} is none of {', '.join(get_args(FrameKind))}")
        if not entry.get("prefixes") and not entry.get("native_libs"):
            raise KnowledgeError(f"{where}: neither prefixes nor native_libs")
        for prefix in entry.get("prefixes", ()):
            self.prefixes[prefix] = kind
        for library in entry.get("native_libs", ()):
            self.native_libs[library] = kind

    def add_list(self, source: str, rows: list[dict[str, str]]) -> None:
        """Add a public list; its entry joins ours where they claim the same code of the same vendor."""
        own = self._own_of(rows)
        for row in rows:
            value = row["value"]
            sdk = self.sdks.setdefault(
                own.get(row["id"], row["id"]), Sdk(row["id"], row["name"], row["company"] or None, source)
            )
            if row["kind"] == "host":
                self._claim_host(value, sdk)
            else:
                self._claim_prefix(value, sdk, source)

    def _claim_host(self, host: str, sdk: Sdk) -> None:
        known = longest_suffix(host, self.hosts)
        if known is None or known[1].source != "own":
            self.hosts.setdefault(host, sdk)

    def _claim_prefix(self, prefix: str, sdk: Sdk, source: str) -> None:
        known = longest_prefix(prefix, self.prefixes)
        taken = known is not None and (
            source == "libchecker" if isinstance(known[1], str) else known[1].source == "own"
        )  # Exodus names trackers inside library namespaces, LibChecker names the libraries themselves
        if not taken:
            self.prefixes.setdefault(prefix, sdk)

    def _own_of(self, rows: list[dict[str, str]]) -> dict[str, str]:
        claims: dict[str, set[str]] = {}
        for row in rows:
            known = longest_prefix(row["value"], self.prefixes) if row["kind"] == "prefix" else None
            if known and isinstance(known[1], Sdk) and known[1].source == "own":
                claims.setdefault(row["id"], set()).add(known[1].id)
        return {entry: next(iter(ids)) for entry, ids in claims.items() if len(ids) == 1}


def _consent_call(entry: Mapping[str, Any]) -> ConsentCall:
    parameters = ", ".join(str(name).rpartition(".")[2] for name in entry.get("params") or ())
    place = ".".join(str(entry[part]) for part in ("class", "method") if entry.get(part))
    return ConsentCall(str(entry["type"]), f"{place}({parameters})", str(entry.get("effect") or ""))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            yield from csv.DictReader(stream)
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"{path.name}: cannot be read ({error})", "reinstall pia_runtime") from error
