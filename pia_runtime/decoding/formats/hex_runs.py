"""Hexadecimal, whole values and runs inside text: steps ``hex`` and ``hex@17+44``.

Believed when text or a known form, or where more than 64 bytes that nothing explains are a blind spot.
"""

from pia_runtime.decoding.form import Child, Form, afford
from pia_runtime.decoding.formats.slices import cut
from pia_runtime.decoding.runs import MIN_RUN, alphabet, runs
from pia_runtime.decoding.structures import makes_sense
from pia_runtime.decoding.text import is_text

_LETTERS = alphabet(b"0123456789ABCDEFabcdef")
_OPAQUE = 65
_STRUCTURE = 7
"""Fewer bytes are believed only as text: the last group of every UUID is six bytes of hexadecimal."""


def _children(data: bytes, key: str, room: int) -> list[Child]:
    found: list[Child] = []
    for start, stop in runs(data, _LETTERS):
        if (stop - start) % 2:
            continue
        out = bytes.fromhex(data[start:stop].decode())
        whole = stop == len(data) and (start == 0 or (start == 2 and data[:2] in (b"0x", b"0X")))
        believed = is_text(out) if len(out) < _STRUCTURE else makes_sense(out)
        if believed or (whole and len(out) >= _OPAQUE):
            afford(len(found), room)
            found.append(("hex" if whole else f"hex@{start}+{stop - start}", key, out))
    return found


def _replay(data: bytes, rest: str) -> bytes:
    text = cut(data, rest) if rest else data
    return bytes.fromhex(text.decode("ascii").removeprefix("0x").removeprefix("0X"))


HEX = Form("hex", lambda data: len(data) >= MIN_RUN, _children, _replay, "adds")
