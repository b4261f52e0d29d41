"""One entry of the hook catalog: which method is watched, which data it yields, how its arguments become JSON."""

import re
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Projection = Literal["auto", "skip", "text", "bytes", "mac", "class"] | dict[str, Any]
"""How a Java value becomes JSON; ``docs/hooks.md`` says what each does. A mapping is ``{fields: …}`` or ``{each: …}``."""

EventKind = Literal[
    "api_call",
    "digest",
    "mac",
    "cipher",
    "tap",
    "dialog_shown",
    "dialog_closed",
    "preference",
    "permission_request",
    "permission_result",
    "lifecycle",
]
"""What a call of the method means; all but the first four are about the user's choice."""

_STEP = re.compile(r"\w+(\(\d*\))?")
_CLASS = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)*")
_SIMPLE = frozenset({"auto", "skip", "text", "bytes", "mac", "class"})


class DataByArgument(BaseModel):
    """Which data a call yields where an argument decides it: a settings key, the authority of a content URI.

    Attributes:
        index: position of the argument; it is projected as text.
        match: how the argument is compared with the keys of ``data``; the longest matching prefix wins.
        data: taxonomy ids by key.
        others: ``drop`` calls that match no key (many methods read far more than personal data), or ``record`` them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    index: int = Field(ge=0)
    match: Literal["equals", "prefix"]
    data: dict[str, tuple[str, ...]] = Field(min_length=1)
    others: Literal["drop", "record"] = "drop"

    def lookup(self, argument: object) -> tuple[str, ...]:
        """Return the taxonomy ids for one argument, empty where no key matches."""
        text = str(argument)
        keys = [key for key in self.data if (text == key if self.match == "equals" else text.startswith(key))]
        return self.data[max(keys, key=len)] if keys else ()


class HookEntry(BaseModel):
    """A catalog entry.

    Attributes:
        id: ``area.name``, unique; the area is the file's.
        api: public ``class.method`` as documentation names it; ``<init>`` is a constructor.
        hooked_classes: classes that carry the code where it is not the public one (abstract classes, interfaces).
        overloads: ``all``, or argument type lists by JVM name (``int``, ``java.lang.String``, ``[B``).
        data: taxonomy ids that every call yields.
        args: one projection for each argument; the last one stands for all further ones.
        value: projection of the result; ``skip`` where the data does not come by return.
        ignore_callers: class prefixes whose direct calls are not recorded.
        api_levels: Android API levels that have it: ``1-``, ``26-``, ``1-28``.
        trigger: how a test makes it fire.
        source: where the fact is documented.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$")
    api: str
    hooked_classes: tuple[str, ...] = ()
    overloads: Literal["all"] | tuple[tuple[str, ...], ...] = "all"
    data: tuple[str, ...] = ()
    data_by_argument: DataByArgument | None = None
    event: EventKind = "api_call"
    args: tuple[Projection, ...] = ("auto",)
    value: Projection = "auto"
    ignore_callers: tuple[str, ...] = ()
    api_levels: str = Field(pattern=r"^\d+-(\d+)?$")
    trigger: str = Field(min_length=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name in (self.api.removesuffix(".<init>"), *self.hooked_classes):
            if not _CLASS.fullmatch(name):
                raise ValueError(f"{name!r} is no Java name")
        if "." not in self.api:
            raise ValueError("api must be class.method")
        if (self.event == "api_call") != bool(self.data or self.data_by_argument):
            raise ValueError("api_call entries name data or data_by_argument, and only they do")
        for projection in (*self.args, self.value):
            _check_projection(projection)
        by_argument = self.data_by_argument
        if by_argument and self.args[min(by_argument.index, len(self.args) - 1)] == "skip":
            raise ValueError("data_by_argument needs an argument that is not skipped")
        return self

    @property
    def method(self) -> str:
        """Method name, ``<init>`` for a constructor."""
        return self.api.rpartition(".")[2]

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes to hook."""
        return self.hooked_classes or (self.api.rpartition(".")[0],)

    def data_of(self, args: list[object]) -> tuple[str, ...]:
        """Return the taxonomy ids of one call with these projected arguments."""
        by_argument = self.data_by_argument
        if by_argument is None or by_argument.index >= len(args):
            return self.data
        return self.data + by_argument.lookup(args[by_argument.index])

    def all_data(self) -> list[str]:
        """Every taxonomy id that some call may yield."""
        by_argument = self.data_by_argument.data.values() if self.data_by_argument else ()
        return sorted({*self.data, *(id_ for ids in by_argument for id_ in ids)})

    def plan(self) -> dict[str, Any]:
        """Return what the agent needs of it (``hooks/agent/plan.ts``)."""
        plan: dict[str, Any] = {
            "id": self.id,
            "classes": list(self.classes),
            "method": "$init" if self.method == "<init>" else self.method,
            "overloads": self.overloads,
            "emit": self.event,
            "args": list(self.args),
            "value": self.value,
            "ignore_callers": list(self.ignore_callers),
        }
        only = self.data_by_argument
        if only is not None and not self.data and only.others == "drop":
            plan["only"] = {"arg": only.index, "match": only.match, "values": list(only.data)}
        return plan


def _check_projection(projection: object) -> None:
    if isinstance(projection, str) and projection in _SIMPLE:
        return None
    if isinstance(projection, dict) and len(projection) == 1:
        kind, inner = next(iter(projection.items()))
        if kind == "each":
            return _check_projection(inner)
        if kind == "fields" and isinstance(inner, dict) and inner:
            wrong = [path for path in inner.values() if not all(_STEP.fullmatch(step) for step in str(path).split("."))]
            if not wrong:
                return None
            raise ValueError(f"{wrong[0]!r} is no path of fields and calls")
    raise ValueError(f"unknown projection {projection!r}")
