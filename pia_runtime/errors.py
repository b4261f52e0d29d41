"""The errors a caller acts on: each carries the one line a person reads, the fix and the exit code.

Exit codes are those of the command-line contract (``docs/exit-codes.md``). Anything that is not one of these is a bug.
"""


class PiaError(Exception):
    """Something a person can put right.

    Attributes:
        message: one line naming the file, line or field.
        fix: what to do about it, or an empty string.
        exit_code: what the process exits with.
    """

    exit_code = 3

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}; {self.fix}" if self.fix else self.message


class UsageError(PiaError):
    """The command line asks for something that does not exist or contradicts itself (exit code 2)."""

    exit_code = 2


class InputError(PiaError):
    """A file or folder is unreadable or not what it claims to be (exit code 3)."""

    exit_code = 3


class NotReadyError(PiaError):
    """A device, a tool or this machine is not ready: no JDK, port taken, no device (exit code 4)."""

    exit_code = 4


class KnowledgeError(PiaError):
    """A knowledge file of the project is broken; names file and entry (exit code 3)."""

    exit_code = 3


def unreadable(path: object, error: OSError, fix: str = "check the path and its permissions") -> InputError:
    """The one line a person reads when a file or folder cannot be read."""
    return InputError(f"{path}: cannot be read ({error.strerror or type(error).__name__})", fix)
