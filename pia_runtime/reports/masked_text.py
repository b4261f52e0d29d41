"""Quoted requests with every value hidden: structure and names stay, so that a reader sees where a value stood.

What is hidden does not depend on what was found: a request holds more about a person than any analysis finds. Values keep two
characters at either end (:func:`pia_runtime.detection.masking.mask`), enough to compare two lines by eye.
"""

import re
from collections.abc import Iterable

from pia_runtime.detection.masking import mask

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|"((?:[^"\\]|\\.)*)\Z')
_PAIR = re.compile(r"(?<=[\w\])%.-])=([^&\s\"',;<>]+)")
_NUMBER = re.compile(r"(?<![\w.])-?\d[\d.]{3,}(?![\w])")
_TOKEN = re.compile(r"(?=[^\s\"',;{}\[\]&<>=:/?()|*]*\d)[^\s\"',;{}\[\]&<>=:/?()|*]{6,}|[A-Za-z0-9+_-]{20,}")
_ELEMENT = re.compile(r"(<([\w:.-]+)[^<>]*>)([^<>]+)(?=</\2>)")
_MASKED = re.compile(r"[^*]{0,2}\*+[^*]{0,2}")
_OPEN = {
    *("host", "content-type", "content-length", "content-encoding", "transfer-encoding"),
    *("accept", "accept-encoding", "connection", "upgrade"),
}
"""Headers whose values say nothing about a person."""


def masked_text(text: str, secrets: Iterable[str] = ()) -> str:
    """A body, target or decoded step with its values hidden."""
    for secret in sorted((one for one in secrets if _worth_hiding(one)), key=lambda one: (-len(one), one)):
        if secret in text:
            text = text.replace(secret, mask(secret) or "")
    text = _QUOTED.sub(_string, text)
    text = _ELEMENT.sub(lambda match: match[1] + _hide(match[3]), text)
    text = _PAIR.sub(lambda match: f"={_hide(match[1])}", text)
    text = _NUMBER.sub(lambda match: _hide(match[0]), text)
    return _TOKEN.sub(lambda match: _hide(match[0]), text)


def masked_header(name: str, value: str, secrets: Iterable[str] = ()) -> str:
    """A header's value; those that say nothing about a person are shown, apart from secrets in them."""
    if name.lower() in _OPEN:
        for secret in secrets:
            if _worth_hiding(secret) and secret in value:
                return _hide(value)
        return value
    return _hide(value)


def masked_target(line: str, secrets: Iterable[str] = ()) -> str:
    """A request line: method, path and the names of the query stay."""
    return masked_text(line, secrets)


def _worth_hiding(secret: str) -> bool:
    """Short ASCII words occur by chance; two Chinese characters are a name."""
    return len(secret) >= (4 if secret.isascii() else 2)


def _string(match: re.Match[str]) -> str:
    if match[2] is not None:
        return match[0]  # a name
    if match[3] is not None:
        return f'"{_hide(match[3])}'  # cut off in the middle
    inner = match[1]
    return f'"{inner if _already(inner) else _hide(inner)}"'


def _hide(text: str) -> str:
    return text if not text or _already(text) else mask(text) or ""


def _already(text: str) -> bool:
    return _MASKED.fullmatch(text) is not None
