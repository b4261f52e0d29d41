"""Making a device ready step by step, and giving it back as it was, whatever happens in between."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pia_runtime.device.connection import Connection
from pia_runtime.device.journal import Journal
from pia_runtime.device.restoring import restore
from pia_runtime.device.step import Step
from pia_runtime.errors import NotReadyError, PiaError

Say = Callable[[str], None]


@contextmanager
def prepared(device: Connection, steps: Sequence[Step], journal: Journal, say: Say) -> Iterator[None]:
    """Make the device ready for the block, and undo everything after it: at its end, on an error, on Ctrl-C.

    What an earlier run left is undone first. After ``kill -9`` the journal stays, and ``pia restore`` reads it.

    Args:
        device: connected, its kind of root known.
        steps: in the order in which they are done.
        journal: the device's.
        say: takes one line for each step, for people.

    Raises:
        NotReadyError: a step failed; those before it are undone, or the message says what remains.
    """
    with journal.locked():
        if remains := restore(device, journal, say):
            raise NotReadyError(
                f"{device.serial}: an earlier run left: {remains[0]}", "restart the device, then: pia restore"
            )
        try:
            for step in steps:
                do_step(device, step, journal, say)
            yield
        except PiaError as error:
            remains = _give_back(device, journal, say)
            if remains:
                raise type(error)(
                    f"{error.message} (left on the device: {'; '.join(remains)})", f"{error.fix}; then: pia restore"
                ) from error
            raise
        except BaseException:
            _give_back(device, journal, say)
            raise
        else:
            if remains := _give_back(device, journal, say):
                raise NotReadyError(f"{device.serial}: left on the device: {'; '.join(remains)}", "run: pia restore")


def do_step(device: Connection, step: Step, journal: Journal, say: Say) -> None:
    """Do one step: noted before, verified after; one that is not needed is not done, and so never undone.

    Raises:
        NotReadyError: it failed; it stays open in the journal.
    """
    if step.check(device):
        say(f"  = {step.title}: already so")
        return
    number = journal.doing(step.name, step.before(device))
    step.do(device)
    step.verify(device)
    journal.done(number)
    say(f"  + {step.title}")


def _give_back(device: Connection, journal: Journal, say: Say) -> list[str]:
    try:
        return restore(device, journal, say)
    except PiaError as error:
        say(f"  ! {error}")
        return [f"{step.step} ({error.message})" for step in journal.open_steps()]
