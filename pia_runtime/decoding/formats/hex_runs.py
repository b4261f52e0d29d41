"""Hexadecimal, whole values and runs inside text: steps ``hex`` and ``hex@17+44``.

Believed when text or a known form, or where more than 64 bytes that nothing explains are a blind spot.
"""

import re

from pia_runtime.decoding.form import Child, Form
from pia_runtime.decoding.formats.slices import cut
from pia_runtime.decoding.structures import makes_sense

_RUN = re.compile(rb"(?<![0-9A-Fa-f])(?:0[xX])?((?:[0-9A-Fa-f]{2}){6,})(?![0-9A-Fa-f])")
_OPAQUE = 65


def _children(data: bytes, key: str, room: int) -> list[Child]:
    whole = _RUN.fullmatch(data)
    if whole:
        out = bytes.fromhex(whole[1].decode())
        return [("hex", key, out)] if len(out) >= _OPAQUE or makes_sense(out) else []
    found = []
    for run in _RUN.finditer(data):
        out = bytes.fromhex(run[1].decode())
        if makes_sense(out):
            found.append((f"hex@{run.start(1)}+{len(run[1])}", key, out))
    return found


def _replay(data: bytes, rest: str) -> bytes:
    text = cut(data, rest) if rest else data
    return bytes.fromhex(text.decode("ascii").removeprefix("0x").removeprefix("0X"))


HEX = Form("hex", lambda data: len(data) >= 12, _children, _replay, "adds")
