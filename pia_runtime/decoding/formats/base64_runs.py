"""Base64, whole values and runs inside text: steps ``base64``, ``base64url`` and ``base64@17+44``.

Standard and URL-safe alphabet, padded or not, with or without line breaks. A run in a longer text is given by offset and
length; where it has no clear beginning ("idMTM4MDAx…"), the slice is the part that decodes to something readable.
A result is believed when it is text or names itself; bytes of no known form are believed only where the whole value was
clearly base64.
"""

import re
from collections.abc import Iterator

import pybase64

from pia_runtime.decoding.form import Child, Form, afford
from pia_runtime.decoding.formats.slices import cut
from pia_runtime.decoding.magic import is_known
from pia_runtime.decoding.runs import MIN_RUN, alphabet, runs
from pia_runtime.decoding.structures import makes_sense
from pia_runtime.decoding.text import is_text

_SPACE = re.compile(rb"\s+")
_WHOLE = re.compile(rb"\s*([A-Za-z0-9+/_-]{8,}(?:\r?\n[A-Za-z0-9+/_-]+)*)(={0,2})\s*").fullmatch
_LINES = re.compile(rb"(?:[A-Za-z0-9+/]{60,76}\r?\n)+[A-Za-z0-9+/]{1,76}={0,2}").match
_LINE = 60
_ALPHABET = alphabet(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
_WORDS = re.compile(rb"(?:[a-z/+_-]*\d*|[A-Z/+_-]*\d*|[0-9a-f-]*|[0-9A-F-]*|(?:[A-Z]?[a-z]{2,}+[/+_-]?+)++)\Z").match
"""Lower case, upper case, numbers, hexadecimal, UUIDs, CamelCase, paths of words: hardly ever base64, and everywhere."""
_STANDARD = re.compile(rb"[A-Za-z0-9+/]{8,}={0,2}").finditer
_URL_SAFE = re.compile(rb"[A-Za-z0-9_-]{8,}={0,2}").finditer
_PLAIN = re.compile(rb"[A-Za-z0-9]{8,}={0,2}").finditer
_MARK = re.compile(rb"H4sI|KLUv/|BCJNG|eyJ|W3si|/wYAAHNOYVBwWQ").search
_READABLE = re.compile(rb"(?:[\x20-\x7e\t\r\n]|[\xc2-\xdf][\x80-\xbf]|[\xe3-\xe9\xef][\x80-\xbf]{2}){6,}").finditer
_MIN_BINARY = 16
_OPAQUE = 18
_MIN_TEXT = 9


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
    url_safe = _is_url_safe(bare)
    if len(bare) % 4 == 1 or (url_safe and (b"+" in bare or b"/" in bare)):
        return b""
    try:
        return pybase64.b64decode(bare + b"=" * (-len(bare) % 4), altchars=b"-_" if url_safe else None, validate=True)
    except ValueError:
        return b""


def _children(data: bytes, key: str, room: int) -> list[Child]:
    whole = _WHOLE(data)
    if whole is None:
        return _all_runs(data, key, room)
    bare = _SPACE.sub(b"", whole[1])
    if _WORDS(bare):
        return []
    out = _decoded(bare)
    step = "base64url" if _is_url_safe(bare) else "base64"
    if out and _believed(out, bare):
        return [(step, key, out)]
    inside = _in_run(data, key, 0) if len(bare) >= MIN_RUN else []
    whole_value = [(step, key, out)] if len(out) >= _OPAQUE or (out and whole[2]) else []
    return inside if inside and len(inside[0][2]) * 2 > len(out) else whole_value + inside


def _all_runs(data: bytes, key: str, room: int) -> list[Child]:
    found: list[Child] = []
    for start, stop in _runs(data):
        found += _run(data[start:stop], key, start)
        afford(len(found), room)
    return found


def _runs(data: bytes) -> Iterator[tuple[int, int]]:
    """Where runs stand in a longer text, their padding and further lines included."""
    done = 0
    for start, stop in runs(data, _ALPHABET):
        if start >= done:
            lines = _LINES(data, start) if stop - start >= _LINE else None
            done = lines.end() if lines else stop
            while done < stop + 2 and data[done : done + 1] == b"=":
                done += 1
            yield start, done


def _run(run: bytes, key: str, offset: int) -> list[Child]:
    """A run of the alphabet: as a whole, cut at the signs of only one alphabet, or from somewhere inside it."""
    bare = (_SPACE.sub(b"", run) if b"\n" in run else run).rstrip(b"=")
    if bare == bare.lower() or _WORDS(bare):
        return []
    out = _decoded(bare)
    if out and _believed(out, bare):
        return [(f"base64@{offset}+{len(run)}", key, out)]
    return _pieces(run, bare, key, offset) or _in_run(run, key, offset)


def _believed(out: bytes, bare: bytes) -> bool:
    """Short words decode to something that parses too often; only text counts there."""
    return is_text(out) if len(bare) < _MIN_BINARY else makes_sense(out)


def _pieces(run: bytes, bare: bytes, key: str, offset: int) -> list[Child]:
    """``a/b-c`` are three words as well as one run; each piece that is text or a known form by itself counts."""
    found: list[Child] = []
    if bare.isalnum():
        return found
    for pattern in (_STANDARD, _URL_SAFE, _PLAIN):
        for piece in pattern(run):
            letters = piece[0].rstrip(b"=")
            if len(piece[0]) < len(run) and not _WORDS(letters):
                out = _decoded(letters)
                if out and (is_text(out) or is_known(out)):
                    found.append((f"base64@{offset + piece.start()}+{len(piece[0])}", key, out))
        if found:
            break
    return found


def _in_run(run: bytes, key: str, offset: int) -> list[Child]:
    """Base64 that begins somewhere inside a run of its own letters: at a known beginning, or where text comes out."""
    if b"\n" in run:
        return []
    mark = _MARK(run)
    if mark is not None and mark.start():
        stop = _whole_groups(run, mark.start(), len(run))
        out = _decoded(run[mark.start() : stop].rstrip(b"="))
        if out and (is_text(out) or is_known(out)):
            return [(f"base64@{offset + mark.start()}+{stop - mark.start()}", key, out)]
    readable = [found for shift in range(4) if (found := _readable(run, shift))]
    if not readable:
        return []
    start, stop, out = max(readable, key=lambda part: len(part[2]))
    return [(f"base64@{offset + start}+{stop - start}", key, out)]


def _readable(run: bytes, shift: int) -> tuple[int, int, bytes] | None:
    """Which part of the run, read from this letter on, is text: to its very end, or a third of it at least."""
    out = _decoded(run[shift : _whole_groups(run, shift, len(run))].rstrip(b"="))
    for found in _READABLE(out):
        to_end = found.end() == len(out)
        if not to_end and found.end() - found.start() < max(24, len(out) // 3):
            continue
        start = shift + -(-found.start() // 3) * 4
        stop = _whole_groups(run, start, len(run) if to_end else shift + found.end() // 3 * 4)
        piece = _decoded(run[start:stop].rstrip(b"="))
        if len(piece) >= _MIN_TEXT and is_text(piece):
            return start, stop, piece
    return None


def _whole_groups(run: bytes, start: int, stop: int) -> int:
    """Where the last group of letters ends that can be decoded: one letter left over holds no byte."""
    letters = len(run[start:stop].rstrip(b"="))
    return start + letters - 1 if letters % 4 == 1 else stop


def _replay(data: bytes, rest: str) -> bytes:
    return unbase64(cut(data, rest) if rest else data)


BASE64 = Form("base64", lambda data: len(data) >= 8, _children, _replay, "adds")
BASE64URL = Form("base64url", lambda _: False, _children, _replay, "adds")
