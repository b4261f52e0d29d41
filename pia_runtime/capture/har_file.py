"""A HAR file → its entries as raw JSON, one at a time, so that memory does not grow with what they hold.

HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/) is one JSON object ``{"log": {"creator": …, "entries": […]}}``. The file
is mapped, not read, and split into entries by msgspec without decoding them. JSON that msgspec refuses (lone surrogates, as
mitmproxy writes them for bytes that are no text; a file cut off in the middle) is walked entry by entry with the standard
library, so that everything before the damage is kept.
"""

import json
import mmap
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from pia_runtime.errors import InputError

BOM = b"\xef\xbb\xbf"
_ZLIB = b"\x78"
_GZIP = b"\x1f\x8b"
_EITHER_HEADER = 32
"""Tells zlib to take the header of zlib and of gzip."""
_INFLATED_MAX = 1 << 30
_ENTRIES = re.compile(r'"entries"\s*:\s*\[')
_CREATOR = re.compile(r'"creator"\s*:\s*')
_BETWEEN = re.compile(r"[\s,]*")


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw]
    creator: Any = None


class _Har(msgspec.Struct):
    log: _Log


class BrokenEntryError(ValueError):
    """An entry cannot be understood; the text says why."""


class HarFile:
    """One opened HAR.

    Attributes:
        creator: name and version of the program that wrote it, bounded text, "" where unnamed.

    Raises:
        InputError: the file cannot be read, is not JSON, or holds no list ``log.entries``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        content = _content(path)
        self._text = ""
        self._raw: list[msgspec.Raw] = []
        try:
            log = msgspec.json.decode(content, type=_Har).log
            self._raw, creator = log.entries, log.creator
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._text = str(content, "utf-8", "surrogateescape")
            if not _ENTRIES.search(self._text):
                raise InputError(f"{path}: not a HAR: {error}", "export it again as HAR 1.2") from error
            creator = _first_value(self._text, _CREATOR)
        self.creator = _name(creator)

    def entries(self) -> Iterator[dict[str, Any] | BrokenEntryError]:
        """Each entry, or the error that stands in its place."""
        if self._text:
            yield from _walk(self._text)
        for raw in self._raw:
            try:
                yield _object(msgspec.json.decode(raw))
            except BrokenEntryError as error:
                yield error
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                yield BrokenEntryError(f"not readable JSON: {error}")


def _content(path: Path) -> memoryview:
    try:
        with path.open("rb") as file:
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}", "check the path and its permissions") from error
    if content[:1] == _ZLIB or content[:2] == _GZIP:
        content = _inflate(path, content)
    return content[len(BOM) :] if content[: len(BOM)] == BOM else content


def _inflate(path: Path, content: memoryview) -> memoryview:
    """Mitmproxy's ``.zhar`` is the same, deflated; people gzip what they send each other."""
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | _EITHER_HEADER)
    try:
        inflated = inflater.decompress(content, _INFLATED_MAX)
    except zlib.error as error:
        raise InputError(f"{path}: neither HAR nor deflated HAR: {error}", "export it again as HAR 1.2") from error
    if not inflater.eof:
        raise InputError(
            f"{path}: cut off, or over {_INFLATED_MAX >> 30} GiB inflated", "export it as a plain .har file"
        )
    return memoryview(inflated)


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BrokenEntryError(f"an entry must be an object, not {type(value).__name__}")
    return value


def _walk(text: str) -> Iterator[dict[str, Any] | BrokenEntryError]:
    """Entries of JSON that is broken somewhere: all up to the break, then the error."""
    decoder = json.JSONDecoder()
    found = _ENTRIES.search(text)
    at = found.end() if found else len(text)
    while True:
        at = _end_of(_BETWEEN, text, at)
        if text.startswith("]", at):
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield BrokenEntryError(f"the file is broken here, and what follows was not imported: {error}")
            return
        try:
            yield _object(value)
        except BrokenEntryError as error:
            yield error


def _first_value(text: str, key: re.Pattern[str]) -> object:
    found = key.search(text)
    try:
        return json.JSONDecoder().raw_decode(text, found.end())[0] if found else None
    except ValueError:
        return None  # the walk over the entries reports the broken place


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _name(creator: object) -> str:
    if not isinstance(creator, dict):
        return ""
    return f"{creator.get('name', '')} {creator.get('version', '')}".strip()[:100]
