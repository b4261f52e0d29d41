"""Data that does not come by return: listeners that are registered, and the methods by which they get it."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pia_runtime.instrumentation.catalog_projection import Projection, check_projection
from pia_runtime.instrumentation.catalog_selection import (
    DataByArgument,
    Selectors,
    as_selectors,
    data_by_keys,
    drops_others,
)


class Delivery(BaseModel):
    """One method of a listener by which data reaches the app.

    Attributes:
        method: its name.
        overloads: ``all``, or argument type lists by JVM name, as in an entry.
        declared_by: public class or interface that declares it; None for the listener type itself.
        arg: position of the argument that carries the data.
        value: projection of that argument.
        args: projections for the event's ``args``; by default none is told.
        data: taxonomy ids; without these and ``data_by_argument``, those that the registration asked for.
        data_by_argument: … or those that an argument of the delivery decides (an Intent's action, a sensor's type).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    method: str = Field(pattern=r"^\w+$")
    overloads: Literal["all"] | tuple[tuple[str, ...], ...] = "all"
    declared_by: str | None = None
    arg: int = Field(default=0, ge=0)
    value: Projection = "auto"
    args: tuple[Projection, ...] = ("skip",)
    data: tuple[str, ...] = ()
    data_by_argument: DataByArgument | Selectors | None = None

    @field_validator("value")
    @classmethod
    def _known(cls, value: Projection) -> Projection:
        check_projection(value)
        return value

    @field_validator("args")
    @classmethod
    def _all_known(cls, args: tuple[Projection, ...]) -> tuple[Projection, ...]:
        for projection in args:
            check_projection(projection)
        return args

    @property
    def selectors(self) -> Selectors:
        """``data_by_argument`` as a tuple."""
        return as_selectors(self.data_by_argument)

    @property
    def own(self) -> bool:
        """Does it say by itself which data it brings? Otherwise the registration does."""
        return bool(self.data or self.selectors)

    def data_of(self, keys: list[str | None]) -> tuple[str, ...]:
        """Return the delivery's own taxonomy ids for these texts."""
        return tuple(dict.fromkeys((*self.data, *data_by_keys(self.selectors, keys))))

    def plan(self) -> dict[str, Any]:
        """Return it as the agent reads it."""
        return {
            "method": self.method,
            "overloads": self.overloads,
            "arg": self.arg,
            "value": self.value,
            "args": list(self.args),
            "keys": [selector.plan() for selector in self.selectors],
            "own": self.own,
            "only": not self.data and drops_others(self.selectors),
        }


class Callback(BaseModel):
    """A kind of listener that a method takes.

    Attributes:
        listener: its public type; the argument is found by this type, so its position may differ between overloads.
        through: methods of the *returned* object that take the listener (a ``Task``'s ``addOnSuccessListener``); empty where
            the hooked method itself takes it.
        deliveries: the listener's methods by which data comes.
        unregister: methods of the hooked class that end the registration.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    listener: str
    through: tuple[str, ...] = ()
    deliveries: tuple[Delivery, ...] = Field(min_length=1)
    unregister: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [delivery.method for delivery in self.deliveries if delivery.overloads == "all"]
        if len(names) != len(set(names)):
            raise ValueError("two deliveries by one method need overloads of their own")
        return self

    def api(self, delivery: Delivery) -> str:
        """Return the public name ``class.method`` of a delivery."""
        return f"{delivery.declared_by or self.listener}.{delivery.method}"

    def plan(self) -> dict[str, Any]:
        """Return it as the agent reads it."""
        return {
            "listener": self.listener,
            "through": list(self.through),
            "deliveries": [delivery.plan() for delivery in self.deliveries],
            "unregister": list(self.unregister),
        }
