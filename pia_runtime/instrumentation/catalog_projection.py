"""Projections: how a Java value becomes JSON. ``docs/hooks.md`` says what each gives; here they are only checked."""

import re
from typing import Any, Literal

Projection = Literal["auto", "skip", "text", "bytes", "mac", "class", "map", "parcel"] | dict[str, Any]
"""A name, or a mapping: ``{fields: …}``, ``{each: …}``, or ``{at: path, as: …}``."""

_STEP = re.compile(r"\w+(\(\d*\))?")
_SIMPLE = frozenset({"auto", "skip", "text", "bytes", "mac", "class", "map", "parcel"})


def check_path(path: object) -> None:
    """Check a path of fields and of calls with no argument or one number, such as ``getItemAt(0).getText()``.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(path, str) or not all(_STEP.fullmatch(step) for step in path.split(".")):
        raise ValueError(f"{path!r} is no path of fields and calls")


def check_projection(projection: object) -> None:
    """Check a projection as it stands in a catalog file.

    Raises:
        ValueError: the agent would not understand it; names the part that is wrong.
    """
    if isinstance(projection, str) and projection in _SIMPLE:
        return None
    if isinstance(projection, dict):
        if projection.keys() == {"each"}:
            return check_projection(projection["each"])
        if projection.keys() == {"at", "as"}:
            check_path(projection["at"])
            return check_projection(projection["as"])
        fields = projection.get("fields")
        if projection.keys() == {"fields"} and isinstance(fields, dict) and fields:
            for path in fields.values():
                check_path(path)
            return None
    raise ValueError(f"unknown projection {projection!r}")
