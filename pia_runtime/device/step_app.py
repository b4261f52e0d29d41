"""The app under test: installed, emptied, left without permissions, allowed to run in the background."""

import re
from typing import Any, ClassVar

from pia_runtime.device.app_files import AppPart
from pia_runtime.device.connection import Connection, expect
from pia_runtime.errors import NotReadyError

FOLDER = "/data/local/tmp/pia-install"
INSTALL_SECONDS = 300.0
_SESSION = re.compile(r"\[(\d+)\]")
_GRANTED = re.compile(r"^\s*(android\.permission\.\w+|[\w.]+): granted=true", re.MULTILINE)


def is_installed(device: Connection, package: str) -> bool:
    """Whether the device has the app."""
    return device.shell("pm", "path", package).text.startswith("package:")


class InstallApp:
    """Installs an app in one session, all parts together.

    Args:
        package: its name.
        parts: its APKs.
    """

    name: ClassVar[str] = "install_app"

    def __init__(self, package: str, parts: list[AppPart]) -> None:
        self._package, self._parts = package, parts
        self.title = f"install {package} ({len(parts)} APK{'s' if len(parts) > 1 else ''})"

    def check(self, device: Connection) -> bool:
        """Whether it is there. An app that is there is not updated: that could not be taken back."""
        return is_installed(device, self._package)

    def before(self, device: Connection) -> dict[str, Any]:
        """Its name: it was not there."""
        return {"package": self._package}

    def do(self, device: Connection) -> None:
        """Push the parts and commit them together."""
        fix = "see the reason; INSTALL_FAILED_NO_MATCHING_ABIS: use a device with the app's processor"
        created = expect(device.shell("pm", "install-create", "-r", "-t"), "no installation can be begun", fix)
        session = _SESSION.search(created.text)
        if session is None:
            raise NotReadyError(f"no installation can be begun: {created.reason}", fix)
        for number, part in enumerate(self._parts):
            content = part.read()
            path = f"{FOLDER}/{number}.apk"
            device.push(content, path)
            written = device.shell(
                "pm",
                "install-write",
                "-S",
                str(len(content)),
                session[1],
                f"{number}-{part.name}",
                path,
                timeout=INSTALL_SECONDS,
            )
            expect(written, f"{part.name} is not taken", fix)
        committed = device.shell("pm", "install-commit", session[1], timeout=INSTALL_SECONDS)
        device.shell("rm", "-rf", FOLDER)
        if "Success" not in committed.text:
            raise NotReadyError(f"{self._package} is not installed: {committed.reason}", fix)

    def verify(self, device: Connection) -> None:
        """Ask for it by the name that the run will use."""
        if not is_installed(device, self._package):
            raise NotReadyError(f"the files installed are not those of {self._package}", "check the package name")

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Remove the app, which was not there before."""
        package = str(before["package"])
        device.shell("rm", "-rf", FOLDER)
        if is_installed(device, package):
            device.shell("pm", "uninstall", package, timeout=INSTALL_SECONDS)
        return f"{package} is still installed: adb uninstall {package}" if is_installed(device, package) else ""


class ClearData:
    """Empties the app, so that it starts as for the first time. What it held is gone for good."""

    name: ClassVar[str] = "clear_data"

    def __init__(self, package: str) -> None:
        self._package = package
        self.title = f"clear the data of {package} (cannot be undone)"

    def check(self, device: Connection) -> bool:
        """Never: data cannot be seen from outside."""
        return False

    def before(self, device: Connection) -> dict[str, Any]:
        """Its name."""
        return {"package": self._package}

    def do(self, device: Connection) -> None:
        """Stop and empty it."""
        device.shell("am", "force-stop", self._package)
        answer = device.shell("pm", "clear", self._package)
        if "Success" not in answer.text:
            raise NotReadyError(f"the data of {self._package} cannot be cleared: {answer.reason}", "is it installed?")

    def verify(self, device: Connection) -> None:
        """An emptied app has no permission left."""
        if granted := granted_permissions(device, self._package):
            raise NotReadyError(f"{self._package} still holds {granted[0]}", "revoke it in the device's settings")

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Nothing can be brought back, and nothing is left to do."""
        return ""


class RevokePermissions:
    """Takes back what the app was allowed, so that it has to ask."""

    name: ClassVar[str] = "revoke_permissions"

    def __init__(self, package: str) -> None:
        self._package = package
        self.title = f"take back the permissions of {package}"

    def check(self, device: Connection) -> bool:
        """Whether it holds none."""
        return not granted_permissions(device, self._package)

    def before(self, device: Connection) -> dict[str, Any]:
        """What it holds."""
        return {"package": self._package, "granted": granted_permissions(device, self._package)}

    def do(self, device: Connection) -> None:
        """Take each back; some belong to the system and stay."""
        for permission in granted_permissions(device, self._package):
            device.shell("pm", "revoke", self._package, permission)

    def verify(self, device: Connection) -> None:
        """Ask again."""
        if held := granted_permissions(device, self._package):
            raise NotReadyError(
                f"{self._package} still holds {', '.join(held[:3])}",
                "revoke them in the device's settings, or run without",
            )

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Grant what it held."""
        package = str(before["package"])
        for permission in before["granted"]:
            device.shell("pm", "grant", package, str(permission))
        if not is_installed(device, package):
            return ""
        lost = sorted(set(before["granted"]) - set(granted_permissions(device, package)))
        return f"{package} no longer holds {', '.join(lost[:3])}" if lost else ""


def granted_permissions(device: Connection, package: str) -> list[str]:
    """Runtime permissions that the app holds (``dumpsys package``; AOSP ``PackageManagerService``)."""
    dump = device.shell("dumpsys", "package", package).text
    _, _, runtime = dump.partition("runtime permissions:")
    return sorted(set(_GRANTED.findall(runtime)))


class BatteryOptimisationOff:
    """Lets the app run in the background as it would on a charger (the ``deviceidle`` list of AOSP)."""

    name: ClassVar[str] = "battery_optimisation"

    def __init__(self, package: str) -> None:
        self._package = package
        self.title = f"keep battery optimisation away from {package}"

    def check(self, device: Connection) -> bool:
        """Whether it is on the list."""
        return _is_exempt(device, self._package)

    def before(self, device: Connection) -> dict[str, Any]:
        """Its name: it was not on the list."""
        return {"package": self._package}

    def do(self, device: Connection) -> None:
        """Put it on the list."""
        device.shell("dumpsys", "deviceidle", "whitelist", f"+{self._package}")

    def verify(self, device: Connection) -> None:
        """Read the list."""
        if not _is_exempt(device, self._package):
            raise NotReadyError(f"battery optimisation stays on for {self._package}", "switch it off in the settings")

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Take it off the list."""
        package = str(before["package"])
        device.shell("dumpsys", "deviceidle", "whitelist", f"-{package}")
        return f"{package} is still exempt from battery optimisation" if _is_exempt(device, package) else ""


def _is_exempt(device: Connection, package: str) -> bool:
    lines = device.shell("dumpsys", "deviceidle", "whitelist").text.splitlines()
    return any(package in line.split(",") for line in lines)
