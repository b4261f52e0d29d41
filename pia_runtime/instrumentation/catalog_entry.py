"""One entry of the hook catalog: which method is watched, which data it yields, how its arguments become JSON."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pia_runtime.instrumentation.catalog_callback import Callback, Delivery
from pia_runtime.instrumentation.catalog_projection import Projection, check_projection
from pia_runtime.instrumentation.catalog_selection import (
    DataByArgument,
    Selectors,
    as_selectors,
    data_by_keys,
    drops_others,
    keys_of,
)
from pia_runtime.instrumentation.sdk_consent import SdkConsent

EventKind = Literal[
    "api_call",
    "digest",
    "mac",
    "signature",
    "cipher",
    "compress",
    "decompress",
    "encode",
    "decode",
    "tap",
    "touch",
    "dialog_shown",
    "dialog_closed",
    "preference",
    "permission_request",
    "permission_result",
    "lifecycle",
    "sdk_consent",
    "record",
    "connect",
    "keylog",
    "bypass",
]
"""What a call of the method means; those from ``tap`` to ``sdk_consent`` are about the user's choice.

``record`` is a call that yields no personal data but explains another observation, ``connect`` one that opens a connection,
``keylog`` one that sees a TLS secret, ``bypass`` one that is answered instead of asked (an intervention)."""

Answer = Literal["accept", "receiver", "proceed"]
"""What a ``bypass`` gives instead of asking.

``accept`` the certificates in whatever form the method answers (nothing, ``true``, the chain), the ``receiver`` of a builder's
method, or ``proceed``: that method of the handler among the arguments is called."""

Visibility = Literal["public", "hidden", "vendor"]
"""Whether an ordinary app finds the method in the SDK it is compiled against."""

_CLASS = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)*")


class HookEntry(BaseModel):
    """A catalog entry.

    Attributes:
        id: ``area.name``, unique; the area is the file's.
        api: public ``class.method`` as documentation names it; ``<init>`` is a constructor.
        hooked_classes: classes that carry the code where it is not the public one (abstract classes, interfaces).
        overloads: ``all``, or argument type lists by JVM name (``int``, ``java.lang.String``, ``[B``).
        found_by: ``class.method`` whose results may be of ``api``'s type: their classes are hooked when they are seen.
        data: taxonomy ids that every call yields; with ``callbacks``, an entry that names none records only deliveries.
        data_by_argument: one selector or several; what they yield is added up.
        args: one projection for each argument; the last one stands for all further ones.
        receiver: projection of the object that the method is called on, told as ``receiver``; by default it is not told.
        value: projection of the result; ``skip`` where the data does not come by return.
        value_of: what ``value`` projects once the call is over: ``result``, ``receiver``, or the position of an argument that
            the method fills (a Bundle, a Parcel, a byte array).
        callbacks: listeners by which the data comes.
        cursor: the result is a cursor: which columns the app reads from it is told when it is closed.
        direct: calls beneath another catalogued method on the same thread are part of it and not recorded.
        ignore_callers: class prefixes whose direct calls are not recorded.
        reads_again: it reads out of an object that another entry's call or delivery hands out: what such an entry has told
            before, with the caller's code on its stack, is not told again.
        leads_to: taxonomy ids that can be reached with what it gives and are told where they are read; listed with the entry,
            never told by it.
        passed_to: ``class.method`` that takes objects which implement ``api``: their classes are hooked when they are passed.
        consent: with ``event: sdk_consent``, what the call tells an SDK about the user's answer.
        answer: with ``event: bypass``, what the caller gets without the original being asked.
        api_levels: Android API levels that have it: ``1-``, ``26-``, ``1-28``.
        visibility: ``public`` SDK, ``hidden`` from it (``@hide``, internal classes), or a ``vendor``'s or library's class
            that no framework carries. Only public entries can be checked against the public signatures.
        trigger: how a test makes it fire.
        trigger_code: Java statements that make it fire where a plain call with plausible arguments does not; the framework's
            stub classes are on the class path. None where a plain call does.
        source: where the fact is documented.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$")
    api: str
    hooked_classes: tuple[str, ...] = ()
    overloads: Literal["all"] | tuple[tuple[str, ...], ...] = "all"
    found_by: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    data_by_argument: DataByArgument | Selectors | None = None
    event: EventKind = "api_call"
    args: tuple[Projection, ...] = ("auto",)
    receiver: Projection = "skip"
    value: Projection = "auto"
    value_of: Literal["result", "receiver"] | Annotated[int, Field(ge=0)] = "result"
    callbacks: tuple[Callback, ...] = ()
    cursor: bool = False
    direct: bool = False
    ignore_callers: tuple[str, ...] = ()
    reads_again: bool = False
    leads_to: tuple[str, ...] = ()
    passed_to: tuple[str, ...] = ()
    consent: SdkConsent | None = None
    answer: Answer | None = None
    api_levels: str = Field(pattern=r"^\d+-(\d+)?$")
    visibility: Visibility = "public"
    trigger: str = Field(min_length=1)
    trigger_code: str | None = Field(default=None, min_length=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        listeners = [callback.listener for callback in self.callbacks]
        for name in (self.api.removesuffix(".<init>"), *self.hooked_classes, *self.found_by, *listeners):
            if not _CLASS.fullmatch(name):
                raise ValueError(f"{name!r} is no Java name")
        if "." not in self.api:
            raise ValueError("api must be class.method")
        if (self.event == "api_call") != bool(self.all_data() or self.selectors):
            raise ValueError("api_call entries name data or data_by_argument, and only they do")
        if self.event != "api_call" and (self.callbacks or self.cursor or self.direct):
            raise ValueError("callbacks, cursor and direct are for api_call entries")
        if (self.event == "sdk_consent") != (self.consent is not None):
            raise ValueError("sdk_consent entries name consent, and only they do")
        if (self.event == "bypass") != (self.answer is not None):
            raise ValueError("bypass entries name an answer, and only they do")
        if self.leads_to and self.all_data():
            raise ValueError("leads_to is for entries that yield no data by themselves")
        for projection in (*self.args, self.receiver, self.value):
            check_projection(projection)
        if any(selector.plain and self._skipped(selector.index) for selector in self.selectors):
            raise ValueError("data_by_argument needs an argument that is not skipped")
        return self

    def _skipped(self, index: int | None) -> bool:
        return index is not None and self.args[min(index, len(self.args) - 1)] == "skip"

    @property
    def selectors(self) -> Selectors:
        """``data_by_argument`` as a tuple."""
        return as_selectors(self.data_by_argument)

    @property
    def method(self) -> str:
        """Method name, ``<init>`` for a constructor."""
        return self.api.rpartition(".")[2]

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes to hook."""
        return self.hooked_classes or (self.api.rpartition(".")[0],)

    def data_of(self, args: list[object], keys: list[str | None] | None = None) -> tuple[str, ...]:
        """Return the taxonomy ids of one call.

        Args:
            args: the projected arguments.
            keys: what the agent read for each selector; None to take it from the arguments.
        """
        keys = keys_of(self.selectors, args) if keys is None else keys
        return tuple(dict.fromkeys((*self.data, *data_by_keys(self.selectors, keys))))

    def delivery(self, place: list[int]) -> tuple[str, Delivery]:
        """Return public name and description of a delivery, by the positions of callback and delivery in the entry.

        Raises:
            IndexError: it has no such delivery.
        """
        callback = self.callbacks[place[0]]
        delivery = callback.deliveries[place[1]]
        return callback.api(delivery), delivery

    def all_data(self) -> list[str]:
        """Every taxonomy id that some call or delivery may yield."""
        deliveries = [delivery for callback in self.callbacks for delivery in callback.deliveries]
        selectors = (*self.selectors, *(selector for delivery in deliveries for selector in delivery.selectors))
        by_key = (ids for selector in selectors for ids in selector.data.values())
        lists = (self.data, *(delivery.data for delivery in deliveries), *by_key)
        return sorted({id_ for ids in lists for id_ in ids})

    def listed_data(self) -> list[str]:
        """What the catalog says of it: :meth:`all_data`, or what it leads to."""
        return self.all_data() or sorted(self.leads_to)

    def plan(self) -> dict[str, Any]:
        """Return what the agent needs of it (``hooks/agent/plan.ts``)."""
        plan: dict[str, Any] = {
            "id": self.id,
            "classes": list(self.classes),
            "found_by": list(self.found_by),
            "method": "$init" if self.method == "<init>" else self.method,
            "overloads": self.overloads,
            "emit": self.event,
            "args": list(self.args),
            "receiver": self.receiver,
            "value": self.value,
            "value_of": self.value_of,
            "keys": [selector.plan() for selector in self.selectors],
            "only": not self.data and drops_others(self.selectors),
            "silent": self.event == "api_call" and not (self.data or self.selectors),
            "callbacks": [callback.plan() for callback in self.callbacks],
            "cursor": self.cursor,
            "direct": self.direct,
            "ignore_callers": list(self.ignore_callers),
            "answer": self.answer,
            "passed_to": list(self.passed_to),
        }
        return plan
