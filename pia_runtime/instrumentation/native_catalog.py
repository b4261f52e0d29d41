"""Loading and checking the native part of the hook catalog: ``hooks/catalog/native*.yaml``."""

from pathlib import Path

from pia_runtime.errors import KnowledgeError
from pia_runtime.instrumentation.catalog_file import read_entries
from pia_runtime.instrumentation.native_entry import NativeEntry

PATTERN = "native*.yaml"
"""Files that describe C functions; every other file of the folder describes Java methods."""


def load_native(folder: Path) -> dict[str, NativeEntry]:
    """Read and check the native entries of a catalog folder, by id; a folder without any has none.

    Raises:
        KnowledgeError: a file cannot be read, an entry is not as ``docs/hooks.md`` describes, or two entries name one
            function; names file and entry.
    """
    entries: dict[str, NativeEntry] = {}
    owners: dict[str, str] = {}
    for path in sorted(folder.glob(PATTERN)):
        for entry in read_entries(path, "functions", NativeEntry):
            if entry.id in entries:
                raise KnowledgeError(f"{path.name}: {entry.id}: this id is taken")
            for symbol in entry.symbols:
                if owners.setdefault(symbol, entry.id) != entry.id:
                    raise KnowledgeError(f"{path.name}: {entry.id}: {owners[symbol]} also hooks {symbol}")
            entries[entry.id] = entry
    return entries
