"""What stands in a shared copy where a personal value stood, and the list of every such place.

Each value is committed to with the capture's own key, as in the analysis document; each replaced part of a flow or event too, so
that whoever is given key and original can show that nothing but what is listed was changed.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from pia_runtime.detection.masking import Secrets, canonical, mask
from pia_runtime.model.detection import Match

type Why = Literal["value", "unreadable", "always", "left_out"]
"""Values were found in it; it could not be read to the bottom; such things are never shared; it is not in the copy at all."""

BLANK = "[redacted]"


def value_commitment(key: bytes, data: str, value: object) -> str:
    """The commitment of a value, as in the analysis document."""
    return hmac.new(key, data.encode() + b"\0" + canonical(value).encode(), sha256).hexdigest()


def content_commitment(key: bytes, where: str, content: bytes) -> str:
    """The commitment of a part: its place and its bytes."""
    return hmac.new(key, b"content\0" + where.encode() + b"\0" + content, sha256).hexdigest()


@dataclass(slots=True)
class Redactor:
    """Replaces and lists.

    Args:
        key: the capture's commitment key, or None where it has none: nothing is committed to then.
        secrets: every value that is known or was observed, as text.
        pseudonyms: whether a value becomes a name that is the same everywhere (``imei-1``), instead of its ends.

    Attributes:
        entries: one object for each redaction, in the order of the copy.
    """

    key: bytes | None
    secrets: Secrets
    pseudonyms: bool = False
    entries: list[dict[str, Any]] = field(default_factory=list)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def shown(self, data: str, value: object) -> str:
        """What stands for a value of a kind of data."""
        if not self.pseudonyms:
            return mask(value) or BLANK
        spelled = (data, self._commitment(data, value) or canonical(value))
        if spelled not in self._names:
            self._numbers[data] = self._numbers.get(data, 0) + 1
            self._names[spelled] = f"{data}-{self._numbers[data]}"
        return self._names[spelled]

    def shown_for(self, data: str, commitment: str | None, masked: str | None) -> str | None:
        """What stands for a value of which only the commitment is known."""
        if not self.pseudonyms or commitment is None:
            return masked
        if (data, commitment) not in self._names:
            self._numbers[data] = self._numbers.get(data, 0) + 1
            self._names[data, commitment] = f"{data}-{self._numbers[data]}"
        return self._names[data, commitment]

    def values(self, matches: Iterable[Match]) -> list[dict[str, Any]]:
        """What was found in a part: kind, place, and what stands for it."""
        return [
            {
                "data": match.data,
                "encoding": match.encoding,
                "path": [self.secrets.mask_within(step) for step in match.path],
                "shown": self.shown(match.data, match.value),
                "commitment": self._commitment(match.data, match.value),
            }
            for match in matches
        ]

    def value(self, data: str, value: object) -> dict[str, Any]:
        """One value of which the kind is known."""
        return {"data": data, "shown": self.shown(data, value), "commitment": self._commitment(data, value)}

    def note(
        self, where: str, why: Why, content: bytes | None, values: list[dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        """List one redaction and return its entry. A place whose own name holds a value is told without it."""
        where = self.secrets.mask_within(where)
        committed = None if self.key is None or content is None else content_commitment(self.key, where, content)
        entry = {
            "where": where,
            "why": why,
            "bytes": None if content is None else len(content),
            "commitment": committed,
            "values": values or [],
        }
        self.entries.append(entry)
        return entry

    def _commitment(self, data: str, value: object) -> str | None:
        return None if self.key is None else value_commitment(self.key, data, value)
