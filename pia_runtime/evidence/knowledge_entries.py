"""The knowledge a capture was judged with, entry by entry, kept beside the seal so that a later change can be named."""

from collections.abc import Mapping
from typing import Any

import orjson

from pia_runtime.knowledge.entries import entry_digests
from pia_runtime.storage.chain import canonical

KNOWLEDGE = "knowledge.json"
SCHEMA = "pia.knowledge_entries/1"
_DIGITS = 8


def entries_document(sha256: str) -> bytes:
    """``knowledge.json``: the knowledge's digest, and a short one of every entry by file.

    Args:
        sha256: digest of the whole knowledge.
    """
    files: dict[str, dict[str, str]] = {}
    for name, digest in entry_digests().items():
        file, _, entry = name.partition("#")
        files.setdefault(file, {})[entry] = digest[:_DIGITS]
    return canonical({"schema": SCHEMA, "sha256": sha256, "entries": files})


def changed_since(content: bytes | None) -> list[str] | None:
    """Names (``file#entry``) of entries that differ between ``knowledge.json`` and now; None where it does not say."""
    try:
        document: Any = orjson.loads(content or b"")
    except orjson.JSONDecodeError:
        return None
    files = document.get("entries") if isinstance(document, dict) else None
    if not isinstance(files, dict):
        return None
    before = {
        f"{file}#{entry}" if entry else str(file): str(digest)
        for file, entries in files.items()
        if isinstance(entries, dict)
        for entry, digest in entries.items()
    }
    now: Mapping[str, str] = {name: digest[:_DIGITS] for name, digest in entry_digests().items()}
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
