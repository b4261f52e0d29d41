"""Asking a device's frida-server whether this machine's Frida can work with it."""

import contextlib
import threading

import frida

from pia_runtime.device.connection import Connection

ANSWER_SECONDS = 10.0


def probe_server(device: Connection, port: int) -> str | None:
    """Speak to frida-server on a port of the device, as an instrumented run will.

    Returns:
        None where it answers, else why not, in one sentence.

    Raises:
        DeviceLostError: the device does not answer.
    """
    here = device.forward(port)
    address = f"127.0.0.1:{here}"
    manager = frida.get_device_manager()
    patience = frida.Cancellable()  # type: ignore[no-untyped-call]
    timer = threading.Timer(ANSWER_SECONDS, patience.cancel)
    timer.start()
    try:
        with patience:
            manager.add_remote_device(address).query_system_parameters()
        return None
    except frida.OperationCancelledError:
        return f"something listens there and says nothing for {ANSWER_SECONDS:.0f} s"
    except (frida.ServerNotRunningError, frida.TransportError):
        return "nobody answers there"
    except frida.ProtocolError as error:
        return f"it is of another major version or no frida-server ({error})"
    except (
        frida.NotSupportedError,
        frida.InvalidOperationError,
        frida.TimedOutError,
        frida.PermissionDeniedError,
    ) as error:
        return str(error)
    finally:
        timer.cancel()
        with contextlib.suppress(frida.InvalidArgumentError):
            manager.remove_remote_device(address)
        device.end_forward(here)
