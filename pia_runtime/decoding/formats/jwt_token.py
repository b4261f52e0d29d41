"""JSON Web Tokens (RFC 7519), also behind ``Bearer``: steps ``jwt:header`` and ``jwt:payload``; JSON follows."""

import re

import pybase64

from pia_runtime.decoding.form import Child, Form, by_children

_TOKEN = re.compile(rb"\s*(?:[A-Za-z]{1,20} )?(eyJ[\w-]+)\.([\w-]+)\.[\w-]*(?:\.[\w-]*\.[\w-]*)?\s*").fullmatch


def _children(data: bytes, key: str, room: int) -> list[Child]:
    token = _TOKEN(data)
    if token is None:
        return []
    found: list[Child] = []
    for name, part in (("header", token[1]), ("payload", token[2])):
        out = pybase64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_") if len(part) % 4 != 1 else b""
        if name == "header" and not out.startswith(b"{"):
            return []
        if out:
            found.append((f"jwt:{name}", key, out))
    return found


JWT = Form("jwt", lambda data: b"eyJ" in data and b"." in data, _children, by_children(_children, "jwt"))
