"""Base64, whole values and runs inside text: steps ``base64``, ``base64url`` and ``base64@17+44``.

Standard and URL-safe alphabet, padded or not, with or without line breaks. A run in a longer text is given by offset and
length; where it has no clear beginning ("idMTM4MDAx…"), the slice is the part that decodes to something readable.
A result is believed when it is text or names itself; bytes of no known form are believed only where the whole value was
clearly base64.
"""

import re

import pybase64

from pia_runtime.decoding.form import Child, Form
from pia_runtime.decoding.formats.slices import cut
from pia_runtime.decoding.magic import is_known
from pia_runtime.decoding.text import is_text, is_utf8

_SPACE = re.compile(rb"\s+")
_WHOLE = re.compile(rb"\s*([A-Za-z0-9+/_-]{8,}(?:\r?\n[A-Za-z0-9+/_-]+)*)(={0,2})\s*").fullmatch
_RUN = re.compile(rb"(?:[A-Za-z0-9+/]{60,76}\r?\n)+[A-Za-z0-9+/]{1,76}={0,2}|[A-Za-z0-9+/_-]{12,}={0,2}").finditer
_MIXED = re.compile(rb"[a-z/+_-]*\d*\Z|[A-Z/+_-]*\d*\Z|[0-9a-f-]*\Z|[0-9A-F-]*\Z").match
_PIECES = re.compile(rb"[A-Za-z0-9+/]{12,}={0,2}|[A-Za-z0-9_-]{12,}={0,2}").finditer
_MARK = re.compile(rb"H4sI|KLUv/|BCJNG|eyJ|W3si|/wYAAHNOYVBwWQ").search
_READABLE = re.compile(rb"(?:[\x20-\x7e\t\r\n]|[\xc2-\xdf][\x80-\xbf]|[\xe3-\xe9\xef][\x80-\xbf]{2}){9,}").search
_LONG = 24


def unbase64(data: bytes) -> bytes:
    """Either alphabet, padded or not, white space ignored.

    Raises:
        ValueError: not base64.
    """
    bare = _SPACE.sub(b"", data).rstrip(b"=")
    if len(bare) % 4 == 1:
        raise ValueError("the length is not one of base64")
    return pybase64.b64decode(
        bare + b"=" * (-len(bare) % 4), altchars=b"-_" if _is_url_safe(bare) else None, validate=True
    )


def _is_url_safe(data: bytes) -> bool:
    return b"-" in data or b"_" in data


def _decoded(bare: bytes) -> bytes:
    """The bytes, empty where the text cannot be base64 as a whole."""
    if len(bare) % 4 == 1 or (_is_url_safe(bare) and (b"+" in bare or b"/" in bare)):
        return b""
    return pybase64.b64decode(bare + b"=" * (-len(bare) % 4), altchars=b"-_" if _is_url_safe(bare) else None)


def _children(data: bytes, key: str, room: int) -> list[Child]:
    whole = _WHOLE(data)
    if whole is None:
        return _runs(data, key)
    bare = _SPACE.sub(b"", whole[1])
    out = b"" if _MIXED(bare) else _decoded(bare)
    if out and (is_text(out) or is_known(out) or len(bare) >= _LONG or (whole[2] and len(bare) % 4)):
        return [("base64url" if _is_url_safe(bare) else "base64", key, out)]
    return _in_run(data, key, 0, data) if len(data) >= 12 else []


def _runs(data: bytes, key: str) -> list[Child]:
    """Every run inside a longer text."""
    found: list[Child] = []
    for run in _RUN(data):
        if not _MIXED(run[0].rstrip(b"=")):
            found += _run(run[0], key, run.start())
    return found


def _run(run: bytes, key: str, offset: int) -> list[Child]:
    bare = _SPACE.sub(b"", run).rstrip(b"=")
    out = _decoded(bare)
    if out and (is_text(out) or is_known(out)):
        return [(f"base64@{offset}+{len(run)}", key, out)]
    found: list[Child] = []
    if _is_url_safe(bare) or b"/" in bare or b"+" in bare:
        for piece in _PIECES(run):
            if piece[0] != run and not _MIXED(piece[0].rstrip(b"=")):
                out = _decoded(piece[0].rstrip(b"="))
                if out and (is_text(out) or is_known(out)):
                    found.append((f"base64@{offset + piece.start()}+{len(piece[0])}", key, out))
    return found or _in_run(run, key, offset, run)


def _in_run(run: bytes, key: str, offset: int, text: bytes) -> list[Child]:
    """Base64 that begins somewhere inside a run of its own letters: at a known beginning, or where text comes out."""
    mark = _MARK(run)
    if mark is not None and mark.start():
        out = _unpadded(run[mark.start() :])
        if out and (is_text(out) or is_known(out)):
            return [(f"base64@{offset + mark.start()}+{len(run) - mark.start()}", key, out)]
    if b"\n" in run:
        return []
    for shift in range(4):
        out = _unpadded(run[shift:])
        readable = _READABLE(out)
        if readable and is_utf8(readable[0]):
            first, last = readable.start() // 3 + (readable.start() % 3 > 0), readable.end() // 3
            start = shift + first * 4
            stop = len(run) if readable.end() == len(out) else shift + last * 4
            piece = _unpadded(run[start:stop])
            if len(piece) > 5 and is_text(piece):
                return [(f"base64@{offset + start}+{stop - start}", key, piece)]
    return []


def _unpadded(run: bytes) -> bytes:
    """Decode what may end in the middle of a group of four."""
    bare = run.rstrip(b"=")
    return _decoded(bare[:-1] if len(bare) % 4 == 1 else bare)


def _replay(data: bytes, rest: str) -> bytes:
    return unbase64(cut(data, rest) if rest else data)


BASE64 = Form("base64", lambda data: len(data) >= 8, _children, _replay, "adds")
BASE64URL = Form("base64url", lambda _: False, _children, _replay, "adds")
