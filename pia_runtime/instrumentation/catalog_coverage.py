"""How much of what public hook lists name the catalog watches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pia_runtime.instrumentation.catalog import Catalog
from pia_runtime.instrumentation.signatures.table import SignatureTable


@dataclass(frozen=True, slots=True)
class Coverage:
    """Methods that read personal data, by how many public lists name them.

    Attributes:
        agreed: named by two lists or more.
        agreed_missing: those of them that the catalog does not have.
        single: named by one list.
        single_missing: those of them that the catalog does not have.
    """

    agreed: tuple[str, ...]
    agreed_missing: tuple[str, ...]
    single: tuple[str, ...]
    single_missing: tuple[str, ...]


def coverage(catalog: Catalog, methods: Mapping[str, Sequence[str]], table: SignatureTable) -> Coverage:
    """Compare the catalog with the ``methods`` of ``hooks/sources/public_lists.yaml``.

    A method counts as watched under its public name, the name of a class that carries the code, as a delivery to a listener,
    as something listed as unwatchable, or where the class only inherits it from one that is watched.
    """
    watched = watched_names(catalog)
    agreed = tuple(sorted(name for name, lists in methods.items() if len(lists) > 1))
    single = tuple(sorted(name for name, lists in methods.items() if len(lists) == 1))
    missing = {name for name in methods if not watched & _spellings(name, table)}
    return Coverage(
        agreed,
        tuple(name for name in agreed if name in missing),
        single,
        tuple(name for name in single if name in missing),
    )


def watched_names(catalog: Catalog) -> frozenset[str]:
    """Return every ``class.method`` that the catalog answers for."""
    names = {item.api for item in catalog.unwatchable}
    for entry in catalog.entries.values():
        names.add(entry.api)
        names.update(f"{name}.{entry.method}" for name in entry.hooked_classes)
        names.update(callback.api(each) for callback in entry.callbacks for each in callback.deliveries)
    return frozenset(names)


def _spellings(name: str, table: SignatureTable) -> set[str]:
    """The method under its own name, and under the superclass's where the class itself does not declare it."""
    owner, _, method = name.rpartition(".")
    names = {name}
    for declared in table.lineage(owner):
        names.add(f"{declared.name}.{method}")
        if any(overload.exact for overload in declared.methods.get(method, ())):
            break
    return names
