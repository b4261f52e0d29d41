"""The hook catalog: loading and checking ``hooks/catalog/*.yaml``."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pia_runtime.errors import KnowledgeError
from pia_runtime.instrumentation.catalog_entry import HookEntry
from pia_runtime.instrumentation.catalog_file import read_entries
from pia_runtime.instrumentation.catalog_unwatchable import FILE as UNWATCHABLE
from pia_runtime.instrumentation.catalog_unwatchable import UnreadableType, Unwatchable, load_unwatchable
from pia_runtime.instrumentation.native_catalog import PATTERN as NATIVE
from pia_runtime.instrumentation.native_catalog import load_native
from pia_runtime.instrumentation.native_entry import NativeEntry

_HERE = Path(__file__).parent
_FOLDERS = (_HERE.parents[1] / "hooks" / "catalog", _HERE / "hook_catalog")
"""In a checkout and in an installed package."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """All hooks, by id, in file order (Java methods, then C functions), and what cannot be watched."""

    entries: dict[str, HookEntry]
    unwatchable: tuple[Unwatchable, ...] = ()
    native: dict[str, NativeEntry] = field(default_factory=dict)
    unreadable: tuple[UnreadableType, ...] = ()

    def documents(self) -> list[dict[str, Any]]:
        """Return every entry as plain JSON: at least ``id``, ``api`` and ``data``.

        ``data`` is all that some call may yield or lead to. ``hooked_class`` is where the code stands if not in ``api``'s class.
        """
        return [
            entry.model_dump(mode="json", exclude_defaults=True)
            | ({"hooked_class": entry.hooked_classes[0]} if entry.hooked_classes else {})
            | {"data": entry.listed_data()}
            for entry in self.entries.values()
        ] + [
            {"id": entry.id, "api": entry.api}
            | entry.model_dump(mode="json", exclude_defaults=True)
            | {"data": entry.all_data()}
            for entry in self.native.values()
        ]

    def kinds_left_out(self, taxonomy: Iterable[str]) -> list[str]:
        """Return the taxonomy ids that no entry yields and that are not stated as unreadable either."""
        watched = {id_ for entry in self.entries.values() for id_ in entry.all_data()}
        watched |= {id_ for native in self.native.values() for id_ in native.all_data()}
        stated = {each.data for each in self.unreadable}
        return [id_ for id_ in taxonomy if id_ not in watched | stated]

    def plan(self) -> list[dict[str, Any]]:
        """Return the Java entries as the agent reads them."""
        return [entry.plan() for entry in self.entries.values()]

    def native_plan(self) -> list[dict[str, Any]]:
        """Return the native entries as the agent reads them."""
        return [entry.plan() for entry in self.native.values()]


def load_catalog(folder: Path | None = None) -> Catalog:
    """Read and check the catalog.

    Args:
        folder: holds ``<area>.yaml`` files; None for the catalog that comes with the program.

    Raises:
        KnowledgeError: a file cannot be read, or an entry is not as ``docs/hooks.md`` describes; names file and entry.
    """
    folder = folder or next((path for path in _FOLDERS if path.is_dir()), _FOLDERS[1])
    paths = sorted(path for path in folder.glob("*.yaml") if path.name != UNWATCHABLE and not path.match(NATIVE))
    if not paths:
        raise KnowledgeError(f"{folder}: no hook catalog here", "reinstall pia_runtime")
    catalog: dict[str, HookEntry] = {}
    for path in paths:
        for entry in read_entries(path, "hooks", HookEntry):
            if entry.id in catalog:
                raise KnowledgeError(f"{path.name}: {entry.id}: this id is taken")
            catalog[entry.id] = entry
    _check_methods(catalog)
    unwatchable, unreadable = load_unwatchable(folder)
    return Catalog(catalog, unwatchable, load_native(folder), unreadable)


def _check_methods(catalog: dict[str, HookEntry]) -> None:
    """Two entries for one method would fight over it: the second would never be installed."""
    methods = Counter((name, entry.method) for entry in catalog.values() for name in entry.classes)
    for entry in catalog.values():
        for name in entry.classes:
            if methods[name, entry.method] > 1:
                raise KnowledgeError(f"hook catalog: {entry.id}: another entry also hooks {name}.{entry.method}")
