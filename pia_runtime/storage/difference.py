"""Where two JSON documents differ first, for people."""

from typing import Any


def first_difference(one: Any, other: Any, where: str = "$") -> str | None:  # noqa: ANN401 - any JSON value
    """The place of the first difference as ``$.findings[3].count``, or None where there is none."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in [*one, *(name for name in other if name not in one)]:
            if name not in one or name not in other:
                return f"{where}.{name}"
            if found := first_difference(one[name], other[name], f"{where}.{name}"):
                return found
        return None
    if isinstance(one, list) and isinstance(other, list):
        for number, (left, right) in enumerate(zip(one, other, strict=False)):
            if found := first_difference(left, right, f"{where}[{number}]"):
                return found
        return None if len(one) == len(other) else f"{where}[{min(len(one), len(other))}]"
    return None if type(one) is type(other) and one == other else where
