"""Analysis documents by the fingerprint of what they follow from. Written whole or not at all; a damaged one counts as absent."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import orjson
import zstandard

from pia_runtime.campaign.work import unpack
from pia_runtime.storage.folder import replace_file


class ResultStore:
    """``results/<two digits>/<key>.json.zst`` in the campaign's folder (files 0600)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json.zst"

    def has(self, key: str) -> bool:
        """Whether a result is stored under this key."""
        return self._path(key).is_file()

    def put(self, key: str, packed: bytes) -> None:
        """Store a result. Raises OSError where it cannot be written."""
        path = self._path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, packed)

    def document(self, key: str) -> dict[str, Any] | None:
        """The document under a key, or None where there is none or its file is damaged."""
        try:
            document = orjson.loads(unpack(self._path(key).read_bytes()))
        except (OSError, zstandard.ZstdError, orjson.JSONDecodeError):
            return None
        return document if isinstance(document, dict) else None

    def keep_only(self, keys: Collection[str]) -> None:
        """Remove every result that nothing refers to any more."""
        wanted = {self._path(key) for key in keys}
        for path in self.folder.glob("*/*"):
            if path not in wanted:
                path.unlink(missing_ok=True)
