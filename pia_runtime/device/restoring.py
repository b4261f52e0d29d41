"""Undoing what the journal of a device says was done, in reverse order."""

from collections.abc import Callable

from pia_runtime.device.connection import Connection, DeviceLostError
from pia_runtime.device.journal import Journal, OpenStep
from pia_runtime.device.root import RootKind, find_root
from pia_runtime.device.steps import UNDO
from pia_runtime.errors import NotReadyError


def restore(device: Connection, journal: Journal, say: Callable[[str], None]) -> list[str]:
    """Undo every open step, last first; one that fails does not keep the others from being undone.

    Returns:
        What remains on the device, one sentence a step; also noted in the journal, so that the next attempt goes on there.

    Raises:
        DeviceLostError: the device does not answer; the journal is as it was.
    """
    steps = journal.open_steps()
    if steps and device.root is RootKind.none:
        device.root = find_root(device)
    return [sentence for step in steps if (sentence := _undo(device, step, journal, say))]


def _undo(device: Connection, step: OpenStep, journal: Journal, say: Callable[[str], None]) -> str:
    try:
        undo = UNDO.get(step.step)
        remains = undo(device, step.before) if undo else f"step {step.step!r} is not known to this version of pia"
    except DeviceLostError:
        raise
    except (NotReadyError, KeyError, TypeError, ValueError) as error:
        remains = f"{step.step}: {error}"
    if remains:
        journal.remains(step.number, remains)
        say(f"  ! {step.step}: {remains}")
    else:
        journal.undone(step.number)
        say(f"  - {step.step}: undone")
    return remains
