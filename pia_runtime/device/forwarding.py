"""A port of this machine led to one of the device's for the length of a block (``adb forward``)."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pia_runtime.device.connection import Connection, DeviceLostError


@contextmanager
def forwarded(device: Connection, port: int) -> Iterator[int]:
    """Lead a free port of this machine there. It belongs to the adb server here; the device is not changed.

    Raises:
        DeviceLostError: the device does not answer.
    """
    here = device.forward(port)
    try:
        yield here
    finally:
        with suppress(DeviceLostError):  # a device that has gone took the forwarding with it
            device.end_forward(here)
