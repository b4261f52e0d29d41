"""``session.json`` and ``identifiers.json``: what was run, and the identifying values known to be on the device."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator


class _Record(BaseModel):
    """Frozen; unknown fields are kept, as the capture format asks, and null is a field that is missing."""

    model_config = ConfigDict(frozen=True, extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _null_is_missing(cls, given: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if value is not None or name not in cls.model_fields}


class App(_Record):
    """The app under test."""

    package: StrictStr = ""
    label: StrictStr | None = None
    version_name: StrictStr | None = None
    version_code: StrictInt | None = None
    apk_sha256: StrictStr | None = None
    categories: tuple[StrictInt, ...] = ()
    declared_data: tuple[StrictStr, ...] = ()


class Device(_Record):
    """Where it ran."""

    serial: StrictStr | None = None
    model: StrictStr | None = None
    android: StrictStr | None = None
    api_level: StrictInt | None = None
    emulator: StrictBool | None = None


class ClockSample(_Record):
    """One exchange that read the device's clocks.

    Attributes:
        host_ns: host time at the middle of the exchange, ns UTC.
        device_ns: device wall clock, read between sending and receiving, ns.
        rtt_ns: whole length of the exchange; the offset is uncertain by at least half of it.
        device_mono_ns: CLOCK_BOOTTIME read at the same moment, or None.
    """

    host_ns: StrictInt
    device_ns: StrictInt
    rtt_ns: StrictInt = Field(ge=0)
    device_mono_ns: StrictInt | None = None
    boot_id: StrictStr | None = None


class Session(_Record):
    """``session.json``. Times in ns since the Unix epoch, UTC, host clock."""

    schema_: Literal["pia.session/1"] = Field("pia.session/1", alias="schema")
    id: StrictStr = ""
    app: App = App()
    device: Device = Device()
    tools: dict[str, Any] = {}
    started_ns: StrictInt | None = None
    ended_ns: StrictInt | None = None
    first_launch: StrictBool | None = None
    clock_samples: tuple[ClockSample, ...] = ()


class Coordinates(BaseModel):
    """A WGS-84 position in degrees."""

    model_config = ConfigDict(frozen=True, extra="allow")
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class Contact(BaseModel):
    """One address-book entry; what it does not give is empty, but something it gives."""

    model_config = ConfigDict(frozen=True, extra="allow")
    name: StrictStr = ""
    phones: tuple[StrictStr, ...] = ()
    emails: tuple[StrictStr, ...] = ()

    @model_validator(mode="after")
    def _gives_something(self) -> Self:
        if not (self.name or self.phones or self.emails):
            raise ValueError("neither name, phones nor emails")
        return self


class Packages(BaseModel):
    """Installed apps by package name."""

    model_config = ConfigDict(frozen=True, extra="allow")
    packages: tuple[StrictStr, ...]


class Identifier(_Record):
    """One known value.

    Attributes:
        id: taxonomy id; ids may repeat.
        tolerance_m: a coordinate is known only within this many metres.
    """

    id: StrictStr
    value: StrictStr | Coordinates | Contact | Packages
    planted: StrictBool = False
    tolerance_m: float = 50.0

    def texts(self) -> tuple[str, ...]:
        """What of the value can be looked for letter by letter; not coordinates, whose digits vary, nor names of other apps."""
        if isinstance(self.value, Contact):
            return (self.value.name, *self.value.phones, *self.value.emails)
        return (self.value,) if isinstance(self.value, str) else ()


class Identifiers(_Record):
    """``identifiers.json``."""

    schema_: Literal["pia.identifiers/1"] = Field("pia.identifiers/1", alias="schema")
    identifiers: tuple[Identifier, ...] = ()
