"""The campaign's Parquet files: ``captures.parquet`` and one folder per table, ``<table>/<app>/<version>/<date>/part.parquet``.

The partition's values are columns of the files too, so that no reader has to guess types from folder names.
"""

import hashlib
import io
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from pia_runtime.campaign.manifest import Entry
from pia_runtime.campaign.tables import CAPTURES, TABLES, Row, capture_row, rows_of, table_of
from pia_runtime.storage.folder import replace_file

_LONGEST_NAME = 100
_STAMP = b"pia.inputs_sha256"
CAPTURES_FILE = "captures.parquet"

type Document = Mapping[str, Any]


def write_dataset(folder: Path, entries: Sequence[Entry], document_of: Callable[[Entry], Document], stamp: str) -> None:
    """Bring the dataset to exactly these captures; partitions that already hold them are left alone.

    Args:
        folder: ``dataset/`` of the campaign.
        entries: every capture, broken ones too.
        document_of: the stored analysis document of a capture that is not broken.
        stamp: of the program that writes; a partition written by another one is written again.

    Raises:
        OSError: a file cannot be written.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    partitions: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: entry.name):
        if entry.key:
            partitions.setdefault(entry.partition, []).append(entry)
    about: dict[str, Row] = {entry.name: capture_row(entry, None) for entry in entries if not entry.key}
    for partition, members in sorted(partitions.items()):
        about |= _write_partition(folder, partition, members, document_of, stamp)
    _remove_others(folder, {_part(folder, table, partition) for table in TABLES for partition in partitions})
    rows = [about[name] for name in sorted(about)]
    _write(folder / CAPTURES_FILE, table_of(CAPTURES, rows), "")


def _write_partition(
    folder: Path,
    partition: tuple[str, str, str],
    members: Iterable[Entry],
    document_of: Callable[[Entry], Document],
    stamp: str,
) -> dict[str, Row]:
    documents = [(entry, document_of(entry)) for entry in members]
    inputs = hashlib.sha256("\n".join([stamp, *(f"{e.name}\0{e.key}" for e, _ in documents)]).encode()).hexdigest()
    if not all(_stamp_of(_part(folder, table, partition)) == inputs for table in TABLES):
        rows: dict[str, list[Row]] = {table: [] for table in TABLES}
        for entry, document in documents:
            for table, added in rows_of(entry, document).items():
                rows[table].extend(added)
        for table, schema in TABLES.items():
            _write(_part(folder, table, partition), table_of(schema, rows[table]), inputs)
    return {entry.name: capture_row(entry, document) for entry, document in documents}


def _part(folder: Path, table: str, partition: tuple[str, str, str]) -> Path:
    return folder.joinpath(table, *map(_safe, partition), "part.parquet")


def _safe(name: str) -> str:
    """A captured name as one folder name: bounded, never hidden, never a way out of the dataset."""
    quoted = quote(name, safe="")
    if quoted.startswith((".", "_")):
        quoted = f"%{ord(quoted[0]):02X}{quoted[1:]}"
    if len(quoted) <= _LONGEST_NAME:
        return quoted or "%"
    return f"{quoted[:_LONGEST_NAME]}~{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _write(path: Path, table: pa.Table, inputs: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamped = table.replace_schema_metadata({_STAMP: inputs.encode()})
    memory = io.BytesIO()
    pq.write_table(stamped, memory, compression="zstd")
    replace_file(path, memory.getvalue())


def _stamp_of(path: Path) -> str:
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return ""
    return bytes(metadata.get(_STAMP, b"")).decode()


def _remove_others(folder: Path, wanted: set[Path]) -> None:
    for table in TABLES:
        for path in (folder / table).rglob("*.parquet"):
            if path not in wanted:
                path.unlink()
        for below in sorted((folder / table).rglob("*"), reverse=True):
            if below.is_dir() and not any(below.iterdir()):
                shutil.rmtree(below)
