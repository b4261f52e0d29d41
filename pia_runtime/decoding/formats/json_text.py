"""JSON: steps ``json:$.a.b[0]``, ``json-key:…``, ``ndjson:2:$.a`` (line from 0), ``jsonp:$.a`` and ``json@12+345:$.a``.

Numbers keep the text they were written with, because a coordinate's digits matter. Repeated names are kept. ``jsonp``
is JSON inside a function call, ``json@offset+length`` JSON that stands inside other text (log lines, guards such as
``)]}'``); offsets and lengths are in bytes.
"""

import json
import re

from pia_runtime.decoding.form import Child, Form, OverBudgetError, afford, by_children
from pia_runtime.decoding.text import to_bytes, to_text
from pia_runtime.decoding.tree import Tree, values

_LENIENT = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, object_pairs_hook=tuple)
_SPACE = b" \t\r\n"
_OPEN = frozenset(b'{["')
_END = {ord("{"): ord("}"), ord("["): ord("]"), ord('"'): ord('"')}
_CALL = re.compile(rb"\s*(?:/\*.{0,40}\*/\s*)?[A-Za-z_$][\w$.]{0,80}\s*\(\s*(?=[\[{\"])", re.DOTALL).match
_CALL_END = re.compile(rb"\)\s*;?\s*\Z").search
_INNER = re.compile(r'\{\s*"|\[\s*[\["{]')
_MAX_INNER_FAILURES = 8
_LARGE = 65536


class _NotJson:
    """Marks what did not parse; None is a value."""


_NOT_JSON = _NotJson()


def parse(data: bytes, room: int) -> Tree:
    """The tree of a JSON text, or a mark that it is none.

    Raises:
        OverBudgetError: more values than ``room`` allows, or nested beyond what the parser takes.
    """
    if len(data) > _LARGE:
        afford(data.count(b",") + data.count(b"[") + data.count(b"{"), room)
    try:
        return _LENIENT.decode(to_text(data))
    except RecursionError as error:
        raise OverBudgetError from error
    except ValueError:
        return _NOT_JSON


def _bare(data: bytes) -> bytes:
    """Without byte order mark and space around."""
    return data.removeprefix(b"\xef\xbb\xbf").strip(_SPACE)


def _looks_like_json(data: bytes) -> bool:
    bare = data if data[0] in _OPEN and data[-1] not in _SPACE else _bare(data)
    return len(bare) > 2 and bare[0] in _OPEN and bare[-1] == _END[bare[0]]


def _json(data: bytes, key: str, room: int) -> list[Child]:
    tree = parse(_bare(data), room)
    return [] if tree is _NOT_JSON else values(tree, "json", key, room)


def _looks_like_lines(data: bytes) -> bool:
    return b"\n" in data and data.lstrip(_SPACE)[:1] in (b"{", b"[") and b"}" in data[: data.find(b"\n") + 1]


def _ndjson(data: bytes, key: str, room: int) -> list[Child]:
    afford(data.count(b"\n"), room)
    found: list[Child] = []
    for number, line in enumerate(data.split(b"\n")):
        bare = _bare(line)
        if not bare:
            continue
        tree = parse(bare, room) if bare[0] in _OPEN else _NOT_JSON
        if tree is _NOT_JSON:
            return []
        inside = values(tree, "ndjson", key, room, f"{number}:$")
        room -= sum(len(child[2]) for child in inside)
        found += inside
    return found


def _jsonp(data: bytes, key: str, room: int) -> list[Child]:
    opening, closing = _CALL(data), _CALL_END(data, max(0, len(data) - 64))
    if opening is None or closing is None:
        return []
    tree = parse(data[opening.end() : closing.start()].strip(_SPACE), room)
    return [] if tree is _NOT_JSON else values(tree, "jsonp", key, room)


def _inner(data: bytes, key: str, room: int) -> list[Child]:
    """JSON inside other text: its values, and the text around it as ``slice@offset+length``."""
    text = to_text(data)
    found: list[Child] = []
    failures, at, told, byte = 0, 0, 0, 0
    while failures < _MAX_INNER_FAILURES and (opening := _INNER.search(text, at)):
        try:
            tree, end = _LENIENT.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            failures, at = failures + 1, opening.end()
            continue
        start = byte + len(to_bytes(text[told : opening.start()]))
        stop = start + len(to_bytes(text[opening.start() : end]))
        inside = values(tree, f"json@{start}+{stop - start}", key, room)
        room -= stop - byte
        found += _slice(data, key, byte, start) + inside
        afford(len(found), room)
        byte, told, at = stop, end, end
    return found + _slice(data, key, byte, len(data)) if found else []


def _slice(data: bytes, key: str, start: int, stop: int) -> list[Child]:
    """The text between two finds, unless there is next to nothing in it."""
    piece = data[start:stop]
    return [(f"slice@{start}+{stop - start}", key, piece)] if len(piece.strip()) > 3 else []


def _replay(data: bytes, rest: str) -> bytes:
    return _JSON_AT(data, rest) if rest.startswith("@") else _JSON(data, rest)


def _replay_key(data: bytes, rest: str) -> bytes:
    return by_children(_json, "json-key")(data, rest)


_JSON = by_children(_json, "json")
_JSON_AT = by_children(_inner, "json")

JSON = Form("json", _looks_like_json, _json, _replay)
JSON_KEY = Form("json-key", _looks_like_json, _json, _replay_key)
NDJSON = Form("ndjson", _looks_like_lines, _ndjson, by_children(_ndjson, "ndjson"))
JSONP = Form("jsonp", lambda data: data.endswith((b")", b");", b")\n", b";\n")), _jsonp, by_children(_jsonp, "jsonp"))
NDJSON_KEY = Form("ndjson-key", _looks_like_lines, _ndjson, by_children(_ndjson, "ndjson-key"))
JSONP_KEY = Form("jsonp-key", JSONP.might_be, _jsonp, by_children(_jsonp, "jsonp-key"))
JSON_AT = Form("json@", lambda data: b'"' in data and (b"{" in data or b"[" in data), _inner, _JSON_AT)
