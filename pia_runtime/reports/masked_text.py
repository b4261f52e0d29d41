"""Quoted requests with every value hidden: structure and names stay, so that a reader sees where a value stood.

What is hidden does not depend on what was found: a request holds more about a person than any analysis finds. Values keep two
characters at either end (:func:`pia_runtime.detection.masking.mask`), enough to compare two lines by eye.
"""

import re

from pia_runtime.detection.masking import Secrets, mask

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

NOTHING = Secrets(())


def masked_text(text: str, secrets: Secrets = NOTHING) -> str:
    """A body, request line or decoded step with its values hidden; method, path and the names of fields stay."""
    text = secrets.mask_within(text)
    text = _QUOTED.sub(_string, text)
    text = _ELEMENT.sub(lambda match: match[1] + _hide(match[3]), text)
    text = _PAIR.sub(lambda match: f"={_hide(match[1])}", text)
    text = _NUMBER.sub(lambda match: _hide(match[0]), text)
    return _TOKEN.sub(lambda match: _hide(match[0]), text)


def masked_header(name: str, value: str, secrets: Secrets = NOTHING) -> str:
    """A header's value; those that say nothing about a person are shown, apart from secrets in them."""
    return secrets.mask_within(value) if name.lower() in _OPEN else _hide(value)


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
