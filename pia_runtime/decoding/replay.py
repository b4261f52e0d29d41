"""Follow a written path again, step by step, so that a stranger can check every one."""

from dataclasses import dataclass

from pia_runtime.decoding.form import OverBudgetError
from pia_runtime.decoding.registry import BY_NAME
from pia_runtime.decoding.roots import picked, root
from pia_runtime.errors import InputError
from pia_runtime.model.flow import Flow, Location

_EXCERPT = 96


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path, replayed.

    Attributes:
        name: as written, for instance ``json:$.device.id``.
        excerpt_in: the beginning of what went in, for people.
        output: the bytes that came out.
    """

    name: str
    excerpt_in: str
    output: bytes


def unwrap(data: bytes, step: str) -> bytes:
    """Replay one written step.

    Raises:
        InputError: the step is unknown, or does not fit the data.
    """
    name = step
    for end in ":@":
        name = name.partition(end)[0]
    form = BY_NAME.get(f"{name}@" if step.startswith("json@") else name)
    if form is None:
        raise InputError(f"decode step {step!r}: there is no step of this name", "see docs/decoding.md for the steps")
    try:
        return form.replay(data, step[len(name) :])
    except (ValueError, LookupError, ArithmeticError, OverBudgetError) as error:
        raise InputError(f"decode step {step!r}: does not fit these {len(data)} bytes ({error})") from error


def replay(flow: Flow, location: Location, path: tuple[str, ...]) -> list[Step]:
    """Replay a whole path from a flow; the last step's output is the leaf's data.

    An empty path gives one step without a name: the raw bytes of the location.

    Raises:
        InputError: the path does not fit the flow.
    """
    data = root(flow, location)
    if not path:
        return [Step("", excerpt(data), data)]
    steps: list[Step] = []
    for number, name in enumerate(path):
        if number == 0 and name.startswith(("header:", "message:")):
            output = _pick(flow, location, name)
            steps.append(Step(name, "", output))
        else:
            output = unwrap(data, name)
            steps.append(Step(name, excerpt(data), output))
        data = output
    return steps


def _pick(flow: Flow, location: Location, name: str) -> bytes:
    for step, _, data in picked(flow, location):
        if step == name:
            return data
    raise InputError(f"decode step {name!r}: flow {flow.id} has no such part at {location}")


def excerpt(data: bytes, length: int = _EXCERPT) -> str:
    r"""The beginning as one printable line: text as it is, other bytes as ``\\xNN``; ``…`` where more follows."""
    head = data[:length].decode("utf-8", "backslashreplace")
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in head)
    return shown + "…" if len(data) > length else shown
