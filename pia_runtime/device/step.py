"""One change on a device: how to see that it is there, make it, prove it and take it back."""

from typing import Any, ClassVar, Protocol

from pia_runtime.device.connection import Connection


class Step(Protocol):
    """A change that can be repeated without harm and undone from its notes alone.

    Attributes:
        name: its name in the journal; :data:`pia_runtime.device.steps.UNDO` finds it by that.
        title: what it does, for people.
    """

    name: ClassVar[str]
    title: str

    def check(self, device: Connection) -> bool:
        """Whether the device is as wanted already; then nothing is done and nothing is undone."""
        ...

    def before(self, device: Connection) -> dict[str, Any]:
        """What must be known to take the change back: JSON for the journal. Changes nothing."""
        ...

    def do(self, device: Connection) -> None:
        """Make the change.

        Raises:
            NotReadyError: it cannot be made; the message says why and what helps.
        """
        ...

    def verify(self, device: Connection) -> None:
        """Look at the device again.

        Raises:
            NotReadyError: the change is not there.
        """
        ...

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Take the change back, as far as it is there, and look again. Safe at any time and twice.

        Returns:
            What remains on the device, or "" when it is as before.
        """
        ...
