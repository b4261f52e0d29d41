"""The classes that a DEX file defines (AOSP documentation, Dalvik executable format)."""

import struct
from collections.abc import Iterator

MAX_CLASSES = 200_000


def class_names(dex: bytes) -> Iterator[str]:
    """Names of the classes that are defined in it, dotted.

    Raises:
        ValueError: it is no DEX file, or its tables lie outside it.
    """
    if len(dex) < 0x70 or not dex.startswith(b"dex\n"):
        raise ValueError("no DEX file")
    strings, types = struct.unpack_from("<II", dex, 0x3C)[0], struct.unpack_from("<II", dex, 0x40)
    count, classes = struct.unpack_from("<II", dex, 0x60)
    if count > MAX_CLASSES:
        raise ValueError(f"{count} classes")
    try:
        for number in range(count):
            kind = struct.unpack_from("<I", dex, classes + 32 * number)[0]
            if kind >= types[0]:
                raise ValueError(f"class {number} is of a type that is not there")
            string = struct.unpack_from("<I", dex, types[1] + 4 * kind)[0]
            at = struct.unpack_from("<I", dex, strings + 4 * string)[0]
            yield _descriptor(dex, at)
    except struct.error as error:
        raise ValueError(f"a table lies outside the file: {error}") from error


def _descriptor(dex: bytes, at: int) -> str:
    """``Lcom/some/Name;`` as ``com.some.Name``: a length in ULEB128, then modified UTF-8 up to a zero."""
    while at < len(dex) and dex[at] & 0x80:
        at += 1
    end = dex.find(b"\0", at + 1)
    if end < 0:
        raise ValueError("a string lies outside the file")
    return dex[at + 1 : end].decode("utf-8", errors="replace").removeprefix("L").removesuffix(";").replace("/", ".")
