"""What a live run needs of whatever watches the app from inside."""

from collections.abc import Callable
from typing import Any, Protocol

OnEvent = Callable[[dict[str, Any]], Any]
"""Takes one event record, without ``seq``, from any thread."""

OnDetached = Callable[[str], Any]
"""Takes the reason why the app is no longer watched, once, from any thread."""


class Instrument(Protocol):
    """The injected program seen from the host (:class:`pia_runtime.instrumentation.host.FridaHost` is one)."""

    @property
    def dropped(self) -> int:
        """Events that were lost on the way from the app; each loss is also told as a ``gap`` event ``messages_dropped``."""
        ...

    @property
    def tools(self) -> dict[str, Any]:
        """What ``session.json`` must say under ``tools``: digest of the injected program, and whatever it does on purpose."""
        ...

    def start(self) -> Any:  # noqa: ANN401 - whatever it returns is not used
        """Start the app with the hooks in place before its first line, and return when it runs.

        Raises:
            NotReadyError: no such app, device or runtime.
        """
        ...

    def calibrate(self, rounds: int) -> list[dict[str, Any]]:
        """Exchange ``rounds`` messages that read the device's clocks.

        Returns:
            Clock samples as in ``session.json``.
        """
        ...

    def stop(self) -> Any:  # noqa: ANN401 - whatever it returns is not used
        """Deliver what is still under way, unload and end the app; may be called after it died."""
        ...


Connect = Callable[[OnEvent, OnDetached], Instrument]
"""Makes the instrument of a run, given where its events and its end are to be told."""
