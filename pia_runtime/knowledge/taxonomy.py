"""Kinds of personal information, the placeholders Android returns instead, and calls that read nothing about the user."""

from dataclasses import dataclass

from pia_runtime.knowledge.data_file import ROOT, load_entries, load_yaml, require


@dataclass(frozen=True, slots=True)
class DataType:
    """A taxonomy entry.

    Attributes:
        sensitive: GB/T 35273-2020 表B.1 or PIPL Art. 28 names it; ``sensitive_basis`` says which.
        runtime_permissions: last part of the permissions whose refusal speaks about this data (``READ_CONTACTS``).
    """

    id: str
    zh: str
    en: str
    group: str
    sensitive: bool
    sensitive_basis: str
    runtime_permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExemptAccess:
    """Calls of ``api`` whose first argument is one of ``arguments`` read nothing about the user."""

    api: str
    arguments: frozenset[str]
    reason: str
    own_package: bool


def load_taxonomy() -> dict[str, DataType]:
    """All data types by id. Raises KnowledgeError naming file and entry."""
    types = {}
    for where, entry in load_entries("identifiers", "identifiers"):
        types[entry["id"]] = DataType(
            id=require(entry, "id", str, where),
            zh=require(entry, "zh", str, where),
            en=require(entry, "en", str, where),
            group=require(entry, "group", str, where),
            sensitive=require(entry, "sensitive", bool, where),
            sensitive_basis=require(entry, "sensitive_basis", str, where),
            runtime_permissions=tuple(name.rsplit(".", 1)[-1] for name in entry.get("runtime_permissions", ())),
        )
    return types


def load_placeholders() -> frozenset[str]:
    """Values that stand for "nothing", lower case."""
    content = load_yaml(ROOT / "identifiers" / "placeholders.yaml")
    return frozenset(str(entry["value"]).lower() for entry in content["placeholders"])


def load_exempt_accesses() -> tuple[ExemptAccess, ...]:
    """Calls that are no access, from ``identifiers/exempt_accesses.yaml``."""
    exempt = []
    for where, entry in load_entries("identifiers", "exempt"):
        arguments = frozenset(require(entry, "arguments", list, where))
        exempt.append(
            ExemptAccess(
                api=require(entry, "api", str, where),
                arguments=arguments - {"own_package"},
                reason=require(entry, "reason", str, where),
                own_package="own_package" in arguments,
            )
        )
    return tuple(exempt)
