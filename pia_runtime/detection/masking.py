"""Values on their way out: masked for people, committed to for proof. The full value never leaves unless asked for."""

import hashlib
import hmac
from collections.abc import Iterable

import orjson

_KEPT = 2
"""Characters shown at either end of a long value; enough to compare two lines by eye, too few to identify."""

_SHORTEST_SHOWN = 8

_SHORTEST_HIDDEN = 6
"""Shorter values occur in ordinary words; masking them would garble every sentence."""


def canonical(value: object) -> str:
    """The one spelling of a value that commitments are made over: text as it is, anything else as sorted JSON."""
    if isinstance(value, str):
        return value
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str).decode()


def mask(value: object) -> str | None:
    """A value with all but its ends replaced; containers are named by their size. None stays None."""
    if value is None or isinstance(value, bool):
        return None if value is None else "*"
    if isinstance(value, list):
        return f"[{len(value)} items]"
    if isinstance(value, dict):
        return "{" + f"{len(value)} fields" + "}"
    text = str(value)
    if len(text) < _SHORTEST_SHOWN:
        return "*" * len(text)
    return f"{text[:_KEPT]}{'*' * min(len(text) - 2 * _KEPT, 12)}{text[-_KEPT:]}"


def mask_within(text: str, values: Iterable[str]) -> str:
    """A text that people wrote or an app showed, with every one of these values in it masked; the longest first."""
    for value in sorted({value for value in values if len(value) >= _SHORTEST_HIDDEN}, key=lambda v: (-len(v), v)):
        if value in text:
            text = text.replace(value, mask(value) or "")
    return text


def commit(key: bytes | None, data: str, value: object) -> str | None:
    """HMAC-SHA256(key, id ‖ 0x00 ‖ canonical value) in hex; None without a key or a value (capture format, ``commitment``)."""
    if key is None or value is None:
        return None
    return hmac.new(key, data.encode() + b"\0" + canonical(value).encode(), hashlib.sha256).hexdigest()
