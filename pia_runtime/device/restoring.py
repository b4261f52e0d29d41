"""Undoing what the journal of a device says was done, in reverse order."""

from collections.abc import Callable

from pia_runtime.device.connection import Connection, DeviceLostError
from pia_runtime.device.journal import Journal, OpenStep
from pia_runtime.device.root import RootKind, adb_root_is_possible, find_root
from pia_runtime.device.step_adb_root import AdbRoot
from pia_runtime.device.step_ca_store import CaStore
from pia_runtime.device.step_frida_server import FridaServer
from pia_runtime.device.step_udp_block import UdpBlock
from pia_runtime.device.steps import UNDO
from pia_runtime.errors import NotReadyError

SEEN_BY_ROOT = frozenset({CaStore.name, UdpBlock.name})
"""Steps whose traces only root sees: without it they would look undone."""


def restore(device: Connection, journal: Journal, say: Callable[[str], None]) -> list[str]:
    """Undo every open step, last first; one that fails does not keep the others from being undone.

    Returns:
        What remains on the device, one sentence a step; also noted in the journal, so that the next attempt goes on there.

    Raises:
        DeviceLostError: the device does not answer; the journal is as it was.
    """
    steps = journal.open_steps()
    if steps and device.root is RootKind.none:
        device.root = _root_again(device, {step.step for step in steps})
    remains: list[str] = []
    for step in steps:
        if step.step == AdbRoot.name and remains:  # what remains may need it
            sentence = "adb_root: kept until the rest is undone"
            journal.remains(step.number, sentence)
            say(f"  ! {sentence}")
        else:
            sentence = _undo(device, step, journal, say)
        if sentence:
            remains.append(sentence)
    return remains


def _root_again(device: Connection, open_steps: set[str]) -> RootKind:
    """What gives root now; adbd is restarted as root once more where the run had done so and needs it for its undoing."""
    kind = find_root(device)
    needed = open_steps & {*SEEN_BY_ROOT, FridaServer.name}
    if kind is RootKind.none and needed and AdbRoot.name in open_steps and adb_root_is_possible(device):
        device.restart_daemon(root=True)
        return find_root(device)
    return kind


def _undo(device: Connection, step: OpenStep, journal: Journal, say: Callable[[str], None]) -> str:
    try:
        undo = UNDO.get(step.step)
        remains = undo(device, step.before) if undo else f"step {step.step!r} is not known to this version of pia"
        if not remains and step.step in SEEN_BY_ROOT and device.shell("id", "-u", root=True).text != "0":
            remains = f"{step.step}: root is refused, so it may still be there; allow root for 'shell' again"
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
