"""XML: steps ``xml:/a/b``, ``xml:/a/b[2]/@c`` and ``xml:/a/b/tail()`` (text behind an element).

Names are local names, positions count from 1 as in XPath and are written from the second of a name on. Documents with
entity declarations are refused by the parser (an entity bomb is never expanded) and stay what they are: text.
"""

import re
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from pia_runtime.decoding.form import MAX_PREFIX, Child, Form, OverBudgetError, afford, by_children
from pia_runtime.decoding.names import written
from pia_runtime.decoding.text import to_bytes

_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|[A-Za-z_][\w.:-]*[\s/>]|!--)").match
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE).match
_MAX_NESTING = 128


def _might_be(data: bytes) -> bool:
    return b">" in data and _BEGINNING(data) is not None and _HTML(data) is None


def _children(data: bytes, key: str, room: int) -> list[Child]:
    afford(data.count(b"<") + data.count(b"="), room)
    try:
        root = fromstring(_readable(data.strip()))
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return []
    found: list[Child] = []
    _element(root, "xml:/" + _local(root.tag), found, [room], 0)
    return found


def _readable(data: bytes) -> str | bytes:
    """As text where it is UTF-8, whatever charset it declares: it may have been read from that one, and few are known."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _element(element: Element, path: str, found: list[Child], room: list[int], depth: int) -> None:
    """The attributes, the text, the children and the text behind each of them, in this order."""
    name = _local(element.tag)
    room[0] -= len(path) if len(path) > MAX_PREFIX else 1
    if depth > _MAX_NESTING or room[0] < 0:
        raise OverBudgetError
    for attribute, value in element.attrib.items():
        if value:
            found.append((f"{path}/@{_local(attribute)}", _local(attribute), to_bytes(value)))
    if element.text and element.text.strip():
        found.append((path, name, to_bytes(element.text)))
    seen: dict[str, int] = {}
    for child in element:
        tag = _local(child.tag)
        seen[tag] = seen.get(tag, 0) + 1
        inner = f"{path}/{tag}" if seen[tag] == 1 else f"{path}/{tag}[{seen[tag]}]"
        _element(child, inner, found, room, depth + 1)
        if child.tail and child.tail.strip():
            found.append((f"{inner}/tail()", name, to_bytes(child.tail)))


def _local(tag: object) -> str:
    """A name without its namespace."""
    return written(str(tag).rpartition("}")[2].encode())


XML = Form("xml", _might_be, _children, by_children(_children, "xml"))
