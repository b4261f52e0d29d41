"""One JSON value per line; whatever the app handed over, the line can be read back."""

import json
import math
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_REPR = 200
"""Characters kept of an object that JSON has no form for."""


def encode_line(record: dict[str, Any]) -> bytes:
    """Encode one record as a line with its newline.

    Values that JSON (or its readers) cannot carry become readable strings: a whole number beyond 64 bits its digits, a
    lone surrogate the replacement character, a foreign object its bounded ``repr``.
    """
    try:
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
    except (TypeError, RecursionError):
        return orjson.dumps(_readable(record, 60), option=orjson.OPT_APPEND_NEWLINE)


def decode_line(line: bytes) -> object:
    """The value of a line, also of one that a laxer writer made.

    A byte order mark is passed over; ``NaN`` and infinities become texts, whole numbers beyond 64 bits their digits, lone
    surrogates and bytes that are not UTF-8 the replacement character: an app that hands over such a value still read it.

    Raises:
        ValueError: the line is not JSON.
    """
    line = line.removeprefix(_BYTE_ORDER_MARK)
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:
            lax = json.loads(line.decode("utf-8", "replace"), parse_constant=str, parse_float=_number)
            return _readable(lax, 60)
        except (ValueError, RecursionError):
            raise error from None


def copied_lines(path: Path, same_seq: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Line number → seq of the lines that say, to the letter, what an earlier line of their seq says.

    Args:
        path: a file of lines.
        same_seq: line number and seq of every line whose seq another line uses too.
    """
    seq_of, seen, copies = dict(same_seq), set[tuple[int, bytes]](), dict[int, int]()
    if not seq_of:
        return copies
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if number not in seq_of:
                continue
            said = (seq_of[number], blake2b(line.removeprefix(_BYTE_ORDER_MARK).strip(), digest_size=16).digest())
            if said in seen:
                copies[number] = seq_of[number]
            seen.add(said)
    return copies


def _number(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _readable(value: object, depth: int) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if depth > 0 and isinstance(value, dict):
        return {str(_readable(str(key), 0)): _readable(item, depth - 1) for key, item in value.items()}
    if depth > 0 and isinstance(value, list | tuple):
        return [_readable(item, depth - 1) for item in value]
    return (
        repr(value)[:MAX_REPR]
        if not isinstance(value, dict | list | tuple)
        else f"{type(value).__name__} nested too deep"
    )
