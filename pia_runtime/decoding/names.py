"""How field names and positions are written in steps, so that a step is one printable string that can be read back."""

import json
import re
from functools import lru_cache

from pia_runtime.decoding.text import to_text

_SIMPLE = re.compile(r"[^\W\d][\w$-]*").fullmatch
_UNSAFE = re.compile(r"[#%\x00-\x1f\x7f\ud800-\udfff]").sub
_TELLING = re.compile(r"[A-Za-z_$][A-Za-z_.-]{0,24}\d{0,2}").fullmatch


@lru_cache(maxsize=8192)
def member(name: str) -> str:
    """A member of an object inside a path: ``.name``, or ``["any text"]`` where the name is not a plain word."""
    if _SIMPLE(name):
        return "." + name
    return f"[{json.dumps(name, ensure_ascii=not name.isprintable())}]"


@lru_cache(maxsize=8192)
def is_field_name(name: str) -> bool:
    """Whether a name is a plain word, which carries no value itself. ``13800138000`` or a MAC address as a key is not."""
    return _TELLING(name) is not None


@lru_cache(maxsize=8192)
def written(name: bytes) -> str:
    """A field, header or part name as written in a step; ``#``, ``%`` and what cannot be printed become ``%XX``."""
    return _UNSAFE(_percent, to_text(name))


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogateescape"))


def numbered(step: str, seen: dict[str, int]) -> str:
    """The step, with ``#1``, ``#2``, … behind the second, third, … of the same writing."""
    count = seen.get(step, 0)
    seen[step] = count + 1
    return f"{step}#{count}" if count else step
