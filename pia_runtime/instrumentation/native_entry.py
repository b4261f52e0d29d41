"""One native entry of the hook catalog: a C function, which data it yields, or which computation it is part of."""

import re
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pia_runtime.instrumentation.catalog_selection import DataByArgument, Selectors, data_by_keys, drops_others
from pia_runtime.instrumentation.native_step import Step

Word = Literal["skip", "int", "hex", "text", "command", "argv", "filled_text", "callback_name"]
"""What an argument is told as; ``docs/hooks.md`` says what each gives."""

Failure = Literal["never", "negative", "null", "nonzero", "not_one", "not_positive"]
"""Which results say that nothing was obtained."""

Platform = Literal["any", "android"]
"""Where the function exists: in any C library, or only on Android, where no test of this project could run it."""

_VALUES = frozenset(
    {"skip", "result", "result_text", "exists", "content", "output", "callback", "ioctl", "netlink"}
    | {"read", "message", "close", "close_file", "socket", "find_property", "exit"}
)
_CARRIERS = frozenset({"read", "message", "close", "close_file", "socket", "find_property", "exit"})
_PLACE = re.compile(r"(text|bytes|buffer|interfaces)@[0-9]")


class NativeEntry(BaseModel):
    """A native catalog entry.

    Attributes:
        id: ``area.name``, unique; the area is the file's.
        symbols: names of the function; several are variants with the same leading arguments (``open``, ``open64``).
        library: the library that documentation names; ``api`` is ``library!symbol``.
        modules: names of the libraries that are searched, with ``*``.
        event: ``api_call``; ``transform``; ``stream`` for a function that carries what an ``api_call`` waits for (``read``).
        args: one projection for each leading argument; the others are not told.
        value: where the data comes from once the call is over; for ``stream`` the role.
        fails: which results say that nothing was obtained: the event's value is then null.
        data: taxonomy ids that every call yields.
        data_by_argument: the argument that decides, as for Java entries.
        unless: keys of the deciding argument for which nothing is recorded, though a wider key matches; a process's own folder in
            ``/proc`` is ``/proc/self`` here, however it is named.
        data_by_field: taxonomy ids by the field of the value's items that carries them, for values that are lists.
        transform: the step of a computation.
        ignore_modules: names of libraries whose direct calls are not recorded, with ``*``.
        platform: ``android`` where no test could run it.
        api_levels, trigger, source: as for Java entries.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$")
    symbols: tuple[str, ...] = Field(min_length=1)
    library: str = Field(min_length=1)
    modules: tuple[str, ...] = ("*",)
    event: Literal["api_call", "stream", "transform"] = "api_call"
    args: tuple[Word, ...] = ()
    value: str = "skip"
    fails: Failure = "never"
    data: tuple[str, ...] = ()
    data_by_argument: DataByArgument | None = None
    unless: tuple[str, ...] = ()
    data_by_field: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    transform: Step | None = None
    ignore_modules: tuple[str, ...] = ()
    platform: Platform = "any"
    api_levels: str = Field(pattern=r"^\d+-(\d+)?$")
    trigger: str = Field(min_length=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.value not in _VALUES and not _PLACE.fullmatch(self.value):
            raise ValueError(f"unknown value {self.value!r}")
        if (self.event == "api_call") != self._yields():
            raise ValueError("api_call entries name data, data_by_argument or data_by_field, and only they do")
        if (self.event == "stream") != (self.value in _CARRIERS):
            raise ValueError("a stream entry names its role as value, and only a stream entry has one")
        if (self.event == "transform") != (self.transform is not None):
            raise ValueError("a transform entry names its step, and only a transform entry has one")
        selector = self.data_by_argument
        if selector is not None and self.value != "netlink" and not self._told(selector):
            raise ValueError("data_by_argument needs an argument that is told")
        return self

    def _yields(self) -> bool:
        by_argument = self.event != "stream" and self.data_by_argument is not None  # a stream's says what is followed
        return bool(self.data or by_argument or self.data_by_field)

    def _told(self, selector: DataByArgument) -> bool:
        return selector.plain and (selector.index or 0) < len(self.args) and self.args[selector.index or 0] != "skip"

    @property
    def api(self) -> str:
        """``library!symbol`` of the first symbol."""
        return f"{self.library}!{self.symbols[0]}"

    @property
    def selectors(self) -> Selectors:
        """``data_by_argument`` as a tuple."""
        return () if self.data_by_argument is None else (self.data_by_argument,)

    def data_of(self, keys: Sequence[str | None], value: object) -> tuple[str, ...]:
        """Return the taxonomy ids of one call.

        Args:
            keys: the text that decides, as the agent read it.
            value: what the call gave; decides for ``data_by_field``.
        """
        items = value if isinstance(value, list) else []
        fields = {field for item in items if isinstance(item, dict) for field in item}
        by_field = [id_ for field, ids in self.data_by_field.items() if field in fields for id_ in ids]
        if self.data_by_field and not by_field:
            by_field = [id_ for ids in self.data_by_field.values() for id_ in ids]  # asked for, and not obtained
        return tuple(dict.fromkeys((*self.data, *data_by_keys(self.selectors, keys), *by_field)))

    def all_data(self) -> list[str]:
        """Every taxonomy id that some call may yield."""
        by_key = () if self.data_by_argument is None or self.event == "stream" else self.data_by_argument.data.values()
        return sorted({*self.data, *(id_ for ids in (*by_key, *self.data_by_field.values()) for id_ in ids)})

    def plan(self) -> dict[str, Any]:
        """Return what the agent needs of it (``hooks/agent/native_plan.ts``)."""
        return {
            "id": self.id,
            "symbols": list(self.symbols),
            "modules": list(self.modules),
            "event": self.event,
            "args": list(self.args),
            "value": self.value,
            "fails": self.fails,
            "keys": [selector.plan() for selector in self.selectors],
            "only": not self.data and not self.data_by_field and drops_others(self.selectors),
            "unless": list(self.unless),
            "transform": None if self.transform is None else self.transform.plan(),
            "ignore_modules": list(self.ignore_modules),
        }
