"""Leaf path → the field names that lead to the value, from outside in, whatever stood between them.

``("gunzip", "form:data_list", "base64", "gunzip", "json:$[0].properties.$model")`` gives
``("data_list", "0", "properties", "$model")``: transforms carry no name, structures do.
"""

import json
import re
from functools import lru_cache

_FIELDS = frozenset({"form", "form-plus", "multipart", "header", "cookie", "segment", "trailer"})
_NAME = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.\[\]]+)')
_REPEAT = re.compile(r"#\d+(?=[.\[]|$)")
_INDEX = re.compile(r"\[\d+\]")


@lru_cache(maxsize=16384)
def field_names(path: tuple[str, ...]) -> tuple[str, ...]:
    """Names and indexes on the way to a leaf; indexes as decimal text, header names in lower case."""
    names: list[str] = []
    for step in path:
        kind, _, rest = step.partition(":")
        if kind in _FIELDS:
            names.append(_REPEAT.sub("", rest))
        elif kind == "protobuf":  # a repeated field is still that field; readings of one number (":signed") too
            names.extend(_INDEX.sub("", rest.partition(":")[0]).split("."))
        elif kind == "xml":
            names.extend(
                part.removeprefix("@") for part in _INDEX.sub("", rest).split("/") if part and part != "tail()"
            )
        elif rest.startswith("$") and not kind.endswith("-key"):
            names.extend(_tree_names(_REPEAT.sub("", rest).removeprefix("$")))
    return tuple(names)


def websocket_message(path: tuple[str, ...]) -> int | None:
    """Index of the WebSocket message a leaf stands in, None in an HTTP request."""
    kind, colon, rest = path[0].partition(":") if path else ("", "", "")
    return int(rest) if colon and kind == "message" and rest.isdecimal() else None


def fits(pattern: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """Whether a pattern with ``*`` (one name) and ``**`` (any number of names) covers the whole of ``names``."""
    if not pattern:
        return not names
    head, rest = pattern[0], pattern[1:]
    if head == "**":
        return any(fits(rest, names[start:]) for start in range(len(names) + 1))
    return bool(names) and head in {"*", names[0]} and fits(rest, names[1:])


def _tree_names(text: str) -> list[str]:
    return [json.loads(f'"{quoted}"') if quoted else index or plain for quoted, index, plain in _NAME.findall(text)]
