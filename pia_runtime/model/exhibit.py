"""What a reader is shown beside a detection: the request it stands in, what each decode step gave, and pictures of the screen."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """A recorded request as text, bounded; bytes that are no text are written out.

    Attributes:
        line: method, target and HTTP version.
        headers: names and values in their order.
        body: its beginning; "" where there was none or it is not text.
        size: bytes of the whole body.
        scheme: ``https``, ``http``, ``wss`` …; whether it left encrypted.
    """

    line: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    size: int = 0
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A screenshot that an event points to, made small.

    Attributes:
        t_ns: when the event happened, host clock where the clocks were compared.
        err_ns: half-width of its uncertainty, or None.
        event: seq of the event.
        jpeg: the picture.
    """

    t_ns: int
    err_ns: int | None
    event: int
    width: int
    height: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Exhibits:
    """All exhibits of one page.

    Attributes:
        requests: flow id → request.
        steps: detection id → each decode step: its name, the beginning of what came out ("" for bytes that are no text, and
            for a step whose output stands in an event), and how many bytes (-1 where that is not known).
        pictures: in the order of time.
        secrets: values that may not stand in any text shown.
        left_out: pictures and flows that did not fit.
    """

    requests: Mapping[str, Request] = field(default_factory=dict)
    steps: Mapping[str, tuple[tuple[str, str, int], ...]] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    secrets: frozenset[str] = frozenset()
    left_out: int = 0
