"""Which permissions Android groups together, and through which APIs an app asks to be woken."""

from dataclasses import dataclass

from pia_runtime.knowledge.data_file import ROOT, load_yaml


@dataclass(frozen=True, slots=True)
class PermissionGroups:
    """Attributes: ``of`` permission (last part of its name) → group; ``wake_apis`` public names of methods."""

    of: dict[str, str]
    wake_apis: frozenset[str]

    def group(self, permission: str) -> str:
        """The group of a permission; one that no group holds stands alone."""
        return self.of.get(permission, permission)


def load_permission_groups() -> PermissionGroups:
    """Read the groups. Raises KnowledgeError when the file is broken."""
    content = load_yaml(ROOT / "permission_groups.yaml")
    of = {name: group for group, names in content["groups"].items() for name in names}
    return PermissionGroups(of, frozenset(content["wake_apis"]))
