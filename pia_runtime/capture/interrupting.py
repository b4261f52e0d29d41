"""Ctrl-C and a polite kill end a run in order; a second Ctrl-C ends it at once."""

import signal
import threading
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """While entered, the first SIGINT or SIGTERM only sets a flag; the next one does what it did before.

    Outside the main thread Python allows no signal handlers; there it is never set.
    """

    def __init__(self) -> None:
        self._set = False
        self._before: dict[signal.Signals, Any] = {}

    def is_set(self) -> bool:
        """Whether the user asked for the end."""
        return self._set

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._set = True
        self.__exit__()
