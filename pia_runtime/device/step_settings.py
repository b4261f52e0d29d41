"""Settings of the device (``settings put``), each put back to what it was."""

from typing import Any, ClassVar

from pia_runtime.device.connection import Connection, expect
from pia_runtime.errors import NotReadyError

UNSET = "null"
"""What ``settings get`` prints for a name that has no value (AOSP ``SettingsService``)."""

PROXY_NAMES = (
    "http_proxy",
    "global_http_proxy_host",
    "global_http_proxy_port",
    "global_http_proxy_exclusion_list",
    "global_proxy_pac_url",
)
"""AOSP ``Settings.Global``: the first is written, the system derives the others from it."""

_REFUSED = (
    "allow it on the device: developer options, 'USB debugging (Security settings)' or 'Disable permission monitoring'"
)


def read_setting(device: Connection, space: str, name: str) -> str:
    """A setting's value, ``null`` where there is none.

    Raises:
        NotReadyError: the settings cannot be read.
    """
    return expect(device.shell("settings", "get", space, name), f"setting {space}/{name} cannot be read", _REFUSED).text


def _put(device: Connection, space: str, name: str, value: str) -> None:
    verb = ("delete", space, name) if value == UNSET else ("put", space, name, value)
    expect(device.shell("settings", *verb), f"setting {space}/{name} cannot be written", _REFUSED)


class Setting:
    """One setting.

    Args:
        space: ``global``, ``secure`` or ``system``.
        key: its name.
        value: what it is to be.
        title: what that is for.
    """

    name: ClassVar[str] = "setting"

    def __init__(self, space: str, key: str, value: str, title: str) -> None:
        self._space, self._key, self._value = space, key, value
        self.title = title

    def check(self, device: Connection) -> bool:
        """Whether it is that."""
        return read_setting(device, self._space, self._key) == self._value

    def before(self, device: Connection) -> dict[str, Any]:
        """What it is now."""
        return {"space": self._space, "key": self._key, "value": read_setting(device, self._space, self._key)}

    def do(self, device: Connection) -> None:
        """Write it."""
        _put(device, self._space, self._key, self._value)

    def verify(self, device: Connection) -> None:
        """Read it back."""
        if not self.check(device):
            raise NotReadyError(f"setting {self._space}/{self._key} did not take {self._value!r}", _REFUSED)

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Write what it was."""
        space, key, value = str(before["space"]), str(before["key"]), str(before["value"])
        _put(device, space, key, value)
        now = read_setting(device, space, key)
        return "" if now == value else f"setting {space}/{key} is {now!r}, was {value!r}"


class GlobalProxy:
    """The device's global HTTP proxy.

    Args:
        host: as the device sees it: ``127.0.0.1`` behind ``adb reverse``, ``10.0.2.2`` on the SDK's emulator.
        port: of the proxy.
    """

    name: ClassVar[str] = "global_proxy"

    def __init__(self, host: str, port: int) -> None:
        self._value = f"{host}:{port}"
        self.title = f"set the device's proxy to {self._value}"

    def check(self, device: Connection) -> bool:
        """Whether it is set so."""
        return read_setting(device, "global", PROXY_NAMES[0]) == self._value

    def before(self, device: Connection) -> dict[str, Any]:
        """All settings that a proxy is made of."""
        return _proxy_settings(device)

    def do(self, device: Connection) -> None:
        """Set it."""
        _put(device, "global", PROXY_NAMES[0], self._value)

    def verify(self, device: Connection) -> None:
        """Read it back."""
        if not self.check(device):
            raise NotReadyError(f"the device did not take the proxy {self._value}", _REFUSED)

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Clear it, then write what was there: deleting alone leaves the old one at work until a restart.

        ``:0`` is how the system is told that there is none (AOSP ``ProxyTracker``).
        """
        now = _proxy_settings(device)
        if now[PROXY_NAMES[0]] != before[PROXY_NAMES[0]]:
            _put(device, "global", PROXY_NAMES[0], ":0")
            now = _proxy_settings(device)
        for name in reversed(PROXY_NAMES):
            if now[name] != before[name]:
                _put(device, "global", name, str(before[name]))
        now = _proxy_settings(device)
        wrong = [name for name in PROXY_NAMES if now[name] != before[name]]
        return f"the proxy settings {', '.join(wrong)} differ from before" if wrong else ""


def _proxy_settings(device: Connection) -> dict[str, str]:
    listed = expect(device.shell("settings", "list", "global"), "the settings cannot be read", _REFUSED)
    known = dict(line.partition("=")[::2] for line in listed.out.decode(errors="replace").splitlines())
    return {name: known.get(name, UNSET) for name in PROXY_NAMES}
