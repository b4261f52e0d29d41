"""What a person presses while a run is shown again: pause, one step, faster, slower, end."""

import os
import select
import sys
from typing import TextIO

from pia_runtime.capture.keys import Terminal

HELP = "space pause  enter step  + faster  - slower  q end"


class Controls(Terminal):
    """Keys of a terminal; where there is none, lines of standard input are steps, so that a program can step as well.

    Args:
        stream: usually standard input.
        stepping: whether lines are read where the stream is no terminal.
    """

    purpose = "pausing and stepping by key"

    def __init__(self, stream: TextIO | None = None, *, stepping: bool = False) -> None:
        super().__init__(sys.stdin if stream is None else stream)
        self._stepping = stepping

    def read(self, timeout_s: float) -> str:
        """Wait up to ``timeout_s`` for keys; ``q`` where the lines have come to their end."""
        if self.enabled or not self._stepping:
            return self.keys(timeout_s)
        if not select.select([self._stream], [], [], timeout_s)[0]:
            return ""
        lines = os.read(self._stream.fileno(), 4096)
        return "\n" * lines.count(b"\n") if lines else "q"
