"""A finished campaign read back: its tables as DataFrames, and its stored analysis documents."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from pia_runtime.campaign.dataset import CAPTURES_FILE
from pia_runtime.campaign.manifest import Entry, Manifest, read_manifest
from pia_runtime.campaign.store import ResultStore
from pia_runtime.campaign.tables import TABLES
from pia_runtime.errors import InputError

_AGAIN = "run pia inspect again"
_WHOLE_NUMBERS = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
"""Nullable, because a float holds no nanosecond of this century."""


class Campaign:
    """A campaign folder as ``pia inspect`` left it.

    In its DataFrames whole numbers are ``Int64`` and truths ``boolean`` (both nullable), texts that repeat are categories.

    Attributes:
        folder: where it stands.
        manifest: every capture and what came of it.
    """

    def __init__(self, folder: Path) -> None:
        """Open the campaign in ``folder``. Raises InputError where there is none, or none that was finished."""
        manifest = read_manifest(folder) if folder.is_dir() else None
        if manifest is None:
            raise InputError(f"{folder}: no finished campaign", "make one with: pia inspect CAPTURES -o CAMPAIGN")
        self.folder: Path = folder
        self.manifest: Manifest = manifest
        self._store = ResultStore(folder / "results")

    def captures(self) -> pd.DataFrame:
        """One row a capture, broken ones too (:data:`pia_runtime.campaign.tables.CAPTURES`)."""
        return self._read(lambda: pq.read_table(self.folder / "dataset" / CAPTURES_FILE))

    def findings(self) -> pd.DataFrame:
        """One row a finding of a run (:data:`pia_runtime.campaign.tables.FINDINGS`)."""
        return self.table("findings")

    def detections(self) -> pd.DataFrame:
        """One row a detection (:data:`pia_runtime.campaign.tables.DETECTIONS`)."""
        return self.table("detections")

    def table(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        """A table of the dataset by name, whole or some of its columns.

        Raises:
            InputError: a file of it is missing or damaged.
        """
        schema, folder = TABLES[name], self.folder / "dataset" / name
        wanted = columns or schema.names
        parts = sorted(str(path) for path in folder.rglob("*.parquet"))
        if not parts:
            return self._read(lambda: pa.schema([schema.field(name) for name in wanted]).empty_table())
        return self._read(lambda: ds.dataset(parts, schema=schema, format="parquet").to_table(columns=wanted))

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name: ``captures`` and those of :data:`pia_runtime.campaign.tables.TABLES`."""
        return {"captures": self.captures(), **{name: self.table(name) for name in TABLES}}

    def document(self, entry: Entry) -> dict[str, Any]:
        """The stored analysis document of a capture. Raises InputError where it is gone or damaged."""
        document = self._store.document(entry.key)
        if document is None:
            raise InputError(f"{self.folder}: the stored result of {entry.name} is missing or damaged", _AGAIN)
        return document

    def documents(self, app: str) -> Iterator[tuple[Entry, dict[str, Any]]]:
        """Every analysed run of an app with its document, in the order of their names."""
        for entry in self.manifest.captures:
            if entry.key and entry.app == app:
                yield entry, self.document(entry)

    def apps(self) -> list[str]:
        """Package names of the apps of which a run was analysed."""
        return sorted({entry.app for entry in self.manifest.captures if entry.key})

    def _read(self, read: Callable[[], Any]) -> pd.DataFrame:
        try:
            frame: pd.DataFrame = read().unify_dictionaries().to_pandas(types_mapper=_WHOLE_NUMBERS.get)
            return frame
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(f"{self.folder / 'dataset'}: cannot be read: {error}", _AGAIN) from error
