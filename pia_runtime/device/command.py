"""Command lines for a device's shell. No value reaches the shell unquoted, and no value is part of a script's text."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from pia_runtime.errors import UsageError


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command on the device gave.

    Attributes:
        code: exit code.
        out: standard output as it came.
        error: standard error, as text.
    """

    code: int
    out: bytes
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether it exited with 0."""
        return self.code == 0

    @property
    def text(self) -> str:
        """Standard output without white space at its ends; bytes that are no UTF-8 are replaced."""
        return self.out.decode(errors="replace").strip()

    @property
    def reason(self) -> str:
        """The last line that says why it failed."""
        lines = (self.error.strip() or self.text).splitlines()
        return lines[-1].strip()[:300] if lines else f"exit code {self.code}"


def quote(value: str) -> str:
    """One word for a POSIX shell, whatever is in it.

    Raises:
        UsageError: it holds a NUL byte, which no argument can.
    """
    if "\0" in value:
        raise UsageError(f"{value!r} holds a NUL byte", "correct the value")
    return shlex.quote(value)


def command_line(argv: Sequence[str]) -> str:
    """A command with every word quoted."""
    return " ".join(quote(word) for word in argv)


def script_line(text: LiteralString, *values: str) -> str:
    """A shell script with its values as ``$1``, ``$2``, …: the text is the program's own, the values are anybody's."""
    return command_line(["sh", "-c", text, "pia", *values])
