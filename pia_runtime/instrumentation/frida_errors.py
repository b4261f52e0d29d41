"""Frida's exceptions as sentences a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

import frida

from pia_runtime.errors import NotReadyError

LOST: tuple[type[Exception], ...] = (
    frida.InvalidOperationError,
    frida.TransportError,
    frida.ProtocolError,
    frida.OperationCancelledError,
    frida.ProcessNotFoundError,
    frida.TimedOutError,
    frida.ServerNotRunningError,
    frida.RPCException,
    frida.NotSupportedError,  # "failed to open /proc/PID/auxv": the process ended a moment ago
)
"""What a call raises when the target, its device or the agent has gone in the meantime."""

_FIXES: tuple[tuple[type[Exception], str], ...] = (
    (
        frida.ServerNotRunningError,
        "start frida-server on the device as root, of the version that requirements.lock names",
    ),
    (frida.ProcessNotFoundError, "check the name; for an app, that it is installed"),
    (frida.ExecutableNotFoundError, "check the name; for an app, that it is installed"),
    (frida.ExecutableNotSupportedError, "the program's architecture does not fit this device"),
    (frida.PermissionDeniedError, "run frida-server as root; on this machine allow ptrace"),
    (frida.NotSupportedError, "use a frida-server of the version that requirements.lock names"),
    (frida.ProcessNotRespondingError, "restart frida-server or the device and try again"),
    (frida.TimedOutError, "restart frida-server or the device and try again"),
    (frida.TransportError, "check the connection to the device; restart frida-server and adb"),
    (frida.ProtocolError, "use a frida-server of the version that requirements.lock names"),
    (frida.InvalidArgumentError, "check the serial; adb devices prints all"),
    (frida.InvalidOperationError, "start the run again; the target ended while it was being prepared"),
    (frida.AddressInUseError, "stop what listens on that port"),
    (frida.RPCException, "run scripts/build-agent; the agent did not accept the plan"),
)


@contextmanager
def telling(action: str) -> Iterator[None]:
    """Turn a Frida error inside the block into a NotReadyError that says what was attempted and what to do.

    Args:
        action: what is being done, as the message's beginning: ``"spawn com.some.app on emulator-5554"``.
    """
    try:
        yield
    except tuple(kind for kind, _ in _FIXES) as error:
        fix = next(fix for kind, fix in _FIXES if isinstance(error, kind))
        raise NotReadyError(f"cannot {action}: {error}", fix) from error
