"""How commands are run as root on a device: each kind of ``su`` takes its command in its own form.

Sources: AOSP ``system/extras/su/su.cpp`` (a user first, no ``-c``); Magisk ``docs/tools.md`` (``-c``, ``-mm`` for the global
mount namespace, ``-v`` prints ``…:MAGISKSU``); KernelSU's ``su`` (``-c``, ``-M``, ``-v`` names KernelSU).
"""

from enum import StrEnum
from typing import TYPE_CHECKING

from pia_runtime.device.command import quote

if TYPE_CHECKING:
    from pia_runtime.device.connection import Connection


class RootKind(StrEnum):
    """What gives root."""

    none = "none"
    adb = "adb root"
    aosp = "AOSP su"
    magisk = "Magisk"
    kernelsu = "KernelSU"
    su = "su"

    def wrap(self, line: str) -> str:
        """A command line as this kind takes it, in the global mount namespace where it has a choice."""
        match self:
            case RootKind.aosp:
                return f"su 0 sh -c {quote(line)}"
            case RootKind.magisk:
                return f"su -mm -c {quote(line)}"
            case RootKind.kernelsu:
                return f"su -M -c {quote(line)}"
            case RootKind.su:
                return f"su -c {quote(line)}"
            case _:
                return line


def find_root(device: "Connection") -> RootKind:
    """Find out what gives root now, without changing anything; ``none`` where nothing does.

    A daemon that runs as root needs no ``su``. Otherwise ``su -v`` tells the kinds apart, and the form chosen is tried.
    """
    if device.shell("id", "-u").text == "0":
        return RootKind.adb
    said = device.shell("su", "-v")
    named = said.text.lower()
    candidates = [RootKind.su, RootKind.aosp]
    if said.ok and "magisk" in named:
        candidates = [RootKind.magisk, RootKind.su]
    elif said.ok and "kernelsu" in named:
        candidates = [RootKind.kernelsu, RootKind.su]
    return next((kind for kind in candidates if device.gives_root(kind)), RootKind.none)


def adb_root_is_possible(device: "Connection") -> bool:
    """Whether ``adb root`` would work: builds for developers allow it (``ro.debuggable``)."""
    return device.shell("getprop", "ro.debuggable").text == "1"
