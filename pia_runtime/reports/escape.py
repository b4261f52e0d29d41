r"""Captured text made safe to look at: nothing in it can move a cursor, reorder a line, or fill a page.

Control characters, bidirectional overrides and other invisible format characters are shown as what they are (``\x1b``,
``\u202e``) instead of acting; line breaks too, so that one value stays one line. The text stays readable and the escape
is visible. HTML and terminal markup are not this module's work: HTML is escaped by Jinja2's autoescape or enters by
``textContent``, terminal text goes into ``rich.text.Text``, which knows no markup.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

SHORT = 120
"""Characters of a captured text in a table cell."""

MEDIUM = 300
"""Characters of one field in an evidence panel."""

LONG = 2_000
"""Characters of a quoted body, or of one frame or step, in an evidence panel."""

# General categories Cc, Cf, Cs, Zl and Zp of Unicode 15 (a test compares with the interpreter's own table), and U+FFFE and
# U+FFFF, which no XML may hold.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u2064\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(value: object, limit: int = SHORT) -> str:
    """``value`` as one line of at most ``limit`` characters of its own, invisible characters written out.

    What is cut off is counted: ``…(+998000)``. ``None`` gives the empty string.
    """
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    shown = _INVISIBLE.sub(_written_out, text[:limit])
    return shown + _cut(len(text), limit)


def visible_lines(value: str, limit: int = LONG) -> str:
    """As :func:`visible`, but line breaks stay: for quoted bodies in an element that keeps them."""
    return "\n".join(visible(part, limit) for part in value[:limit].splitlines()) + _cut(len(value), limit)


def _cut(length: int, limit: int) -> str:
    return f"…(+{length - limit})" if length > limit else ""


def _written_out(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def json_for_script(value: Mapping[str, Any]) -> str:
    """JSON that may stand inside a ``<script type="application/json">``: ``<``, ``>`` and ``&`` are escaped.

    Keys keep their order; the same value gives the same text.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
