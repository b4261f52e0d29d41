"""What every format of the decoder is: a cheap test, the children it finds, and how one of its steps is replayed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Child = tuple[str, str, bytes]
"""A step as written, the nearest field name, and the bytes it leads to."""

MAX_PREFIX = 512
"""Written paths inside one container may grow to this length for free; beyond it they are charged like output."""


class OverBudgetError(Exception):
    """A container would cost more than the room that is left; it is recorded as opaque, never half decoded."""


class Terminal(bytes):
    """A part that is a value as it stands: what is inside it is already among its sisters."""

    __slots__ = ()


def afford(count: int, room: int) -> None:
    """Refuse a container of more parts than the room is good for, counting 64 bytes for each.

    Raises:
        OverBudgetError: too many.
    """
    if count << 6 > room:
        raise OverBudgetError


def something(out: bytes) -> bytes:
    """The output of a replayed step.

    Raises:
        ValueError: nothing came out, so the step does not fit its data.
    """
    if not out:
        raise ValueError("nothing comes out")
    return out


def by_children(children: Callable[[bytes, str, int], list[Child]], name: str) -> Callable[[bytes, str], bytes]:
    """Replay for structures: take the container apart again and pick the child that the step names."""

    def replay(data: bytes, rest: str) -> bytes:
        wanted = name + rest
        for step, _, child in children(data, "", REPLAY_ROOM):
            if step == wanted:
                return child
        raise LookupError(f"no part {wanted!r}")

    return replay


REPLAY_ROOM = 1 << 30
"""Room for replaying one step: a leaf that exists fitted the budget once, so this only stops nonsense paths."""


@dataclass(frozen=True, slots=True)
class Form:
    """One format.

    Attributes:
        name: of its steps, what stands before ``:`` or ``@``.
        might_be: a test of a few bytes that is never wrong when it says no.
        children: ``(data, key, room)`` to the parts; an empty list where the data is not of this form. Raises
            :class:`OverBudgetError` when the parts would be larger than ``room`` bytes, and nothing else.
        replay: ``(data, rest of the step)`` to one part. Raises ValueError or LookupError where the step does not fit.
        keeps: what happens to the container: ``replaces`` (its parts say everything it said), ``adds`` (the container
            stays a value of its own, the parts are found beside it), ``guesses`` (as ``adds``, and a part that is
            neither text nor of a known form is dropped again).
    """

    name: str
    might_be: Callable[[bytes], bool]
    children: Callable[[bytes, str, int], list[Child]]
    replay: Callable[[bytes, str], bytes]
    keeps: Literal["replaces", "adds", "guesses"] = "replaces"
