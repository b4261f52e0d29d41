"""Consent marks by keys: what a tester sees on the device is recorded with the moment of the key."""

import codecs
import contextlib
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Self, TextIO

TESTER_ERR_NS = 1_500_000_000
"""Half-width of a tester's mark, ns. A judgement, not a measurement: about half a second to see and decide, as much to move
from the device to the keyboard, and a reserve. Printed with the marks, and configurable."""

SIGNALS = {"r": "requested", "g": "given", "x": "refused", "w": "withdrawn"}
HELP = "r requested  g given  x refused  w withdrawn  n note  s screenshot  q quit"
MAX_NOTE = 2_000


@dataclass(frozen=True, slots=True)
class Mark:
    """One key.

    Attributes:
        record: the event it makes, or None.
        wants: what else it asks for: a screenshot, or the end of the run.
        said: one line for the tester.
    """

    record: dict[str, Any] | None
    wants: Literal["", "screenshot", "end"] = ""
    said: str = ""


class Terminal:
    """Reads single keys from a terminal while entered, and gives the terminal back however it is left.

    Ctrl-C keeps its meaning. Where there is no terminal, nothing is read and ``why_not`` says so.

    Args:
        stream: the terminal, usually standard input.

    Attributes:
        enabled: whether keys are read.
        why_not: one sentence for people where they are not.
    """

    purpose = "keys"

    def __init__(self, stream: TextIO | None = None) -> None:
        self.enabled = False
        self.why_not = ""
        self._stream = sys.stdin if stream is None else stream
        self._saved: list[Any] | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def __enter__(self) -> Self:
        self.why_not = self._obstacle()
        if not self.why_not:
            self._saved = termios.tcgetattr(self._stream)
            tty.setcbreak(self._stream)
            self.enabled = True
        return self

    def __exit__(self, *_: object) -> None:
        if self._saved is not None:
            with contextlib.suppress(termios.error):  # a terminal that was closed has nothing to be given back
                termios.tcsetattr(self._stream, termios.TCSADRAIN, self._saved)
        self._saved = None
        self.enabled = False

    def keys(self, timeout_s: float) -> str:
        """Wait up to ``timeout_s`` for keys and return those pressed; without a terminal, just wait."""
        if not self.enabled:
            time.sleep(timeout_s)
            return ""
        if not select.select([self._stream], [], [], timeout_s)[0]:
            return ""
        data = b""
        with contextlib.suppress(OSError):  # a terminal that was closed: some systems say end of file, some an error
            data = os.read(self._stream.fileno(), 4096)
        if not data:
            self.__exit__()
            self.why_not = "the terminal was closed"
        return self._decoder.decode(data)

    def _obstacle(self) -> str:
        try:
            descriptor = self._stream.fileno()
        except (OSError, ValueError):
            return f"standard input is not a terminal: {self.purpose} are off"
        if not os.isatty(descriptor):
            return f"standard input is not a terminal: {self.purpose} are off"
        # Changing a terminal from the background would stop the whole process.
        if os.tcgetpgrp(descriptor) != os.getpgrp():
            return f"the run is in the background: {self.purpose} are off"
        return ""


class KeyReader(Terminal):
    """Turns the keys of a terminal into marks.

    Args:
        stream: the terminal, usually standard input.
        err_ns: half-width of the uncertainty of a mark.
        now_ns: the host's clock.

    Attributes:
        typing: the note being typed, or None.
    """

    purpose = "consent marks by key"

    def __init__(
        self, stream: TextIO | None = None, *, err_ns: int = TESTER_ERR_NS, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        super().__init__(stream)
        self.typing: str | None = None
        self.err_ns = err_ns
        self._now_ns = now_ns
        self._note_ns = 0

    def read(self, timeout_s: float) -> list[Mark]:
        """Wait up to ``timeout_s`` for keys and return the marks they make; without a terminal, just wait."""
        keys = self.keys(timeout_s)
        pressed_ns = self._now_ns()
        marks = (self._key(key, pressed_ns) for key in keys)
        return [mark for mark in marks if mark is not None]

    def _key(self, key: str, pressed_ns: int) -> Mark | None:
        if self.typing is not None:
            return self._note_key(key, self.typing)
        if key in SIGNALS:
            record = {"type": "consent", "t_ns": pressed_ns, "clock": "host", "signal": SIGNALS[key]}
            record |= {"scope": "policy", "source": "tester", "text": f"key {key}", "err_ns": self.err_ns}
            return Mark(record, said=f"marked {SIGNALS[key]} ±{self.err_ns / 1e9:.1f} s")
        if key == "n":
            self.typing, self._note_ns = "", pressed_ns
        if key == "s":
            return Mark(None, "screenshot")
        return Mark(None, "end") if key == "q" else None

    def _note_key(self, key: str, text: str) -> Mark | None:
        if key in "\r\n":
            self.typing = None
            record = {"type": "note", "t_ns": self._note_ns, "clock": "host", "text": text}
            return Mark(record, said="note kept") if text else None
        if key == "\x1b":
            self.typing = None
        elif key in "\x7f\b":
            self.typing = text[:-1]
        elif key.isprintable():
            self.typing = (text + key)[:MAX_NOTE]
        return None
