"""What is instrumented: an app on a device, or a program on this machine's JVM. One narrow protocol for both."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import frida

from pia_runtime.instrumentation.frida_errors import telling

DEVICE_TIMEOUT_S = 10


class Target(Protocol):
    """Something that Frida can start."""

    @property
    def process(self) -> str | None:
        """Name to report for the process, or None for the one it has on the device."""
        ...

    @property
    def follows_children(self) -> bool:
        """Whether further processes of the app must be instrumented too."""
        ...

    @property
    def shares_ports(self) -> bool:
        """Whether a connection has one port for app and proxy: they run on one machine, with nothing in between."""
        ...

    def open_device(self) -> Any:  # noqa: ANN401  (frida's binding is only partly typed)
        """Return the Frida device.

        Raises:
            NotReadyError: it is not there.
        """
        ...

    def spawn(self, device: Any) -> int:  # noqa: ANN401
        """Start it, suspended before its first instruction, and return its pid.

        Raises:
            NotReadyError: it cannot be started.
        """
        ...

    def owns(self, identifier: str) -> bool:
        """Whether a process that appears on the device belongs to the app."""
        ...


class JvmTarget:
    """A Java program on this machine.

    Args:
        argv: the full path of JDK 17's ``java`` and its arguments. Newer JVMs have no symbols the bridge could use.
        cwd: working folder, None for this process's.
        env: variables added to this process's environment.
        process: name to report; None for the path in ``argv``.
    """

    follows_children = False
    shares_ports = True

    def __init__(
        self,
        argv: Sequence[str],
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        process: str | None = None,
    ) -> None:
        self.process = process
        self._argv = list(argv)
        self._cwd = cwd
        self._env = dict(env or {})

    def open_device(self) -> Any:  # noqa: ANN401
        """Return the local device."""
        return frida.get_local_device()

    def spawn(self, device: Any) -> int:  # noqa: ANN401
        """Start the JVM, suspended; its output is read, so that a full pipe never stops it."""
        options: dict[str, Any] = {"env": self._env, "stdio": "pipe"}
        if self._cwd is not None:
            options["cwd"] = str(self._cwd)
        with telling(f"start {self._argv[0]}"):
            return int(device.spawn(self._argv, **options))

    def owns(self, identifier: str) -> bool:
        """No other process belongs to it."""
        return False


class DeviceTarget:
    """An app on a rooted phone or emulator whose frida-server, certificate and proxy are set up.

    Args:
        package: the app's package name.
        serial: ``adb devices`` serial, ``host:port`` of a reachable frida-server, or None for the only USB device.
        address: ``host:port`` where frida-server is reached (``adb forward``), whatever its port on the device; or None.
    """

    follows_children = True
    shares_ports = False

    def __init__(self, package: str, serial: str | None = None, address: str | None = None) -> None:
        self._address = address
        self.process = package
        self._package = package
        self._serial = serial

    def open_device(self) -> Any:  # noqa: ANN401
        """Find the device: by adb serial, by address, or the only one on USB."""
        with telling(f"find device {self._serial or '(USB)'}"):
            if self._address is not None:
                return frida.get_device_manager().add_remote_device(self._address)
            if self._serial is None:
                return frida.get_usb_device(timeout=DEVICE_TIMEOUT_S)
            if self._is_address() and self._serial not in {device.id for device in frida.enumerate_devices()}:
                return frida.get_device_manager().add_remote_device(self._serial)
            return frida.get_device(self._serial, timeout=DEVICE_TIMEOUT_S)

    def _is_address(self) -> bool:
        host, colon, port = (self._serial or "").rpartition(":")
        return bool(host and colon and port.isdigit())

    def spawn(self, device: Any) -> int:  # noqa: ANN401
        """Start the app, suspended before its first line."""
        with telling(f"start {self._package} on {device.id}"):
            return int(device.spawn(self._package))

    def owns(self, identifier: str) -> bool:
        """Android names further processes of an app ``package:name``."""
        return identifier == self._package or identifier.startswith(f"{self._package}:")
