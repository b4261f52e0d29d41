"""The frida-server that a user gives: which file of a folder fits a device, and what it is."""

import lzma
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from pia_runtime.errors import InputError

ARCHITECTURES = {"arm64-v8a": "arm64", "armeabi-v7a": "arm", "armeabi": "arm", "x86_64": "x86_64", "x86": "x86"}
"""Android's names of ABIs (NDK) to those in the names of Frida's downloads."""

_MACHINES = {(2, 62): "x86_64", (2, 183): "arm64", (1, 3): "x86", (1, 40): "arm"}
"""ELF class and machine (``elf.h``: EM_386, EM_ARM, EM_X86_64, EM_AARCH64) to architecture."""

_DOWNLOAD = re.compile(r"^(?:frida|.*)-server-(\d+(?:\.\d+)*)-android-(\w+?)(?:\.xz)?$")


@dataclass(frozen=True, slots=True)
class FridaBinary:
    """One frida-server.

    Attributes:
        path: the file, as given or found.
        content: the program itself, unpacked.
        architecture: as in the names of Frida's downloads.
    """

    path: Path
    content: bytes
    architecture: str


def load_frida_server(source: Path, abi: str, version: str) -> FridaBinary:
    """Read the frida-server for a device.

    Args:
        source: the program, packed (``.xz``) or not, under any name; or a folder of downloads
            (``frida-server-17.2.0-android-arm64.xz``).
        abi: the device's (``ro.product.cpu.abi``).
        version: this machine's Frida; the folder's file of the same version is taken, else of the same major version.

    Raises:
        InputError: it is not there, is no Android program, or is one for another processor.
    """
    wanted = ARCHITECTURES.get(abi)
    if wanted is None:
        raise InputError(f"the device's ABI {abi!r} is not one that frida-server exists for", "use another device")
    path = _from_folder(source, wanted, version) if source.is_dir() else source
    content = _unpacked(path)
    architecture = _architecture(content)
    if architecture is None:
        raise InputError(f"{path}: not a program for Android (no ELF file)", _where(wanted, version))
    if architecture != wanted:
        raise InputError(f"{path} is for {architecture}; the device ({abi}) needs {wanted}", _where(wanted, version))
    return FridaBinary(path, content, architecture)


def _from_folder(folder: Path, wanted: str, version: str) -> Path:
    downloads = [(found, path) for path in sorted(folder.iterdir()) if (found := _DOWNLOAD.match(path.name))]
    major = version.split(".")[0]
    fitting = [
        (found[1] == version, [int(part) for part in found[1].split(".")], path)
        for found, path in downloads
        if found[2] == wanted and found[1].split(".")[0] == major
    ]
    if not fitting:
        raise InputError(
            f"{folder}: no frida-server of version {version.split('.')[0]} for {wanted} in it", _where(wanted, version)
        )
    return max(fitting)[2]


def _unpacked(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return lzma.decompress(content) if content.startswith(b"\xfd7zXZ\0") else content
    except (OSError, lzma.LZMAError) as error:
        raise InputError(f"{path}: cannot be read: {error}", "name the file or folder of frida-server") from error


def _architecture(content: bytes) -> str | None:
    if len(content) < 20 or not content.startswith(b"\x7fELF"):
        return None
    return _MACHINES.get((content[4], struct.unpack_from("<H", content, 18)[0]), "another processor")


def _where(wanted: str, version: str) -> str:
    return f"download frida-server-{version}-android-{wanted}.xz from Frida's releases"
