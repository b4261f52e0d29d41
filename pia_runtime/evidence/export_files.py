"""Names of what a shared copy holds, and how it is read.

Apart from the making of copies, which needs mitmproxy, so that verifying one does not.
"""

from pathlib import Path
from typing import Any

import orjson

from pia_runtime.errors import InputError, unreadable

EXPORT = "export.json"
REDACTIONS = "redactions.jsonl"
ANALYSIS = "analysis.json"
SCHEMA = "pia.export/1"


def read_object(path: Path) -> dict[str, Any]:
    """A file of a copy that holds one JSON object.

    Raises:
        InputError: it cannot be read, or is not that.
    """
    fix = "give a copy made by pia export, or ask for it again"
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error, fix) from error
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path}: not JSON (line {error.lineno}: {error.msg})", fix) from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a JSON object", fix)
    return content
