"""What a call tells an SDK about the user's answer: data of a catalog entry, read from the call's arguments or result."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Value = bool | int | str | None
Told = Literal["given", "refused", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Said:
    """One consent signal read from a call.

    Attributes:
        scope: ``sdk:<id>``, or ``sdk:<id>/<item>`` for one item among the data that an SDK may take.
        extra: further fields of the event.
    """

    signal: Told
    scope: str
    text: str
    extra: dict[str, Any] = field(default_factory=dict)


class SdkConsent(BaseModel):
    """The meaning of one SDK method.

    Attributes:
        sdk: knowledge id of the SDK.
        argument: position of the argument that carries the answer; with several overloads, counted from the end where it
            is negative. None with ``by: call`` or ``by: result``.
        by: what decides: the ``argument``, the ``result`` (a controller that the SDK asks), or the ``call`` itself.
        given: values that mean yes; ``refused`` those that mean no. Any other value says nothing.
        withdrawn: the call itself takes consent back (right to be forgotten).
        item: taxonomy id or name of the one thing that is spoken about, where the call is not about the SDK as a whole.
        entries: the argument is a map; its entries decide, each by ``given`` and ``refused``.
        where: another argument that must have one of these values for the call to mean this.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    sdk: str = Field(pattern=r"^[a-z0-9_-]+$")
    by: Literal["argument", "result", "call"] = "argument"
    argument: int = 0
    given: tuple[Value, ...] = ()
    refused: tuple[Value, ...] = ()
    withdrawn: tuple[Value, ...] = ()
    item: str = ""
    entries: bool = False
    where: dict[int, tuple[Value, ...]] = {}

    @model_validator(mode="after")
    def _decides(self) -> Self:
        if not (self.given or self.refused or self.withdrawn):
            raise ValueError("say which values mean given, refused or withdrawn (for `by: call`: [called])")
        return self

    @property
    def scope(self) -> str:
        """The consent scope that the call speaks about."""
        return f"sdk:{self.sdk}/{self.item}" if self.item else f"sdk:{self.sdk}"

    def read(self, message: Mapping[str, Any]) -> list[Said]:
        """The signals of one call (the agent's ``sdk_consent`` message), none where its value says nothing."""
        args = list(message.get("a") or ())
        if any(not _at(args, index, values) for index, values in self.where.items()):
            return []
        value = self._value(args, message)
        if self.entries:
            return self._entries(value)
        signal = self._signal(value)
        return [] if signal is None else [Said(signal, self.scope, f"{message.get('api', '')}({_shown(value)})")]

    def _value(self, args: list[Any], message: Mapping[str, Any]) -> object:
        if self.by == "call":
            return "called"
        if self.by == "result":
            return message.get("v")
        return args[self.argument] if -len(args) <= self.argument < len(args) else _MISSING

    def _entries(self, value: object) -> list[Said]:
        """One signal over all entries: given where every entry that speaks says yes, refused where every one says no."""
        if not isinstance(value, Mapping):
            return []
        said = {str(name): self._signal(entry) for name, entry in value.items()}
        answers = {signal for signal in said.values() if signal is not None}
        purposes = {name: signal == "given" for name, signal in said.items() if signal is not None}
        signal = answers.pop() if len(answers) == 1 else ("given" if "given" in answers else None)
        if signal is None:
            return []
        shown = ", ".join(f"{name}={'yes' if yes else 'no'}" for name, yes in sorted(purposes.items()))
        return [Said(signal, self.scope, shown, {"purposes": purposes})]

    def _signal(self, value: object) -> Told | None:
        for signal, values in (("withdrawn", self.withdrawn), ("refused", self.refused), ("given", self.given)):
            if any(_same(value, wanted) for wanted in values):
                return signal  # type: ignore[return-value]  # the three names above
        return None


_MISSING = object()


def _at(args: list[Any], index: int, values: tuple[Value, ...]) -> bool:
    return -len(args) <= index < len(args) and any(_same(args[index], wanted) for wanted in values)


def _same(value: object, wanted: Value) -> bool:
    """Equal and of one kind: 1 is no True, but GRANTED of an enum is the text."""
    if isinstance(value, str) and isinstance(wanted, str):
        return value.casefold() == wanted.casefold()
    return type(value) is type(wanted) and value == wanted


def _shown(value: object) -> str:
    return "" if value == "called" else str(value)[:80]
