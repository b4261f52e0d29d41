"""Patterns with proof: what a value looks like, under which names it is believed, and with what confidence.

The format of ``knowledge/patterns/*.yaml`` is described at the top of ``patterns.yaml``.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.data_file import ROOT, load_entries, load_yaml, require

Confidence = Literal["certain", "likely", "possible"]
Scan = Literal["digits", "plus86", "at", "plate"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind of value.

    Attributes:
        data: taxonomy id.
        form: one value; with ``inside`` it may stand in a longer text, else it must be the whole value.
        scan: how it is looked for where no name tells, or None.
        validator: name of a function of :mod:`pia_runtime.detection.validators`.
        keys: runs of words of a field name, in lower case without separators, any of which tells.
        whole_keys: whole field names, written likewise, that tell.
        words: words in the text just before the value that tell.
        confidence: under a telling name; ``alone`` without one, None for no hit.
        digest: the value is a digest of the data.
        dated: characters 7 to 14 are a date of birth, which must lie before the request.
    """

    id: str
    data: str
    form: re.Pattern[str]
    inside: bool
    scan: Scan | None
    validator: str
    keys: frozenset[str]
    whole_keys: frozenset[str]
    words: re.Pattern[str] | None
    confidence: Confidence
    alone: Confidence | None
    digest: bool
    dated: bool


@dataclass(frozen=True, slots=True)
class Positions:
    """Names under which two numbers are a position; lower case without separators."""

    latitude_keys: frozenset[str]
    longitude_keys: frozenset[str]
    pair_keys: frozenset[str]
    confidence: Confidence


def load_patterns() -> tuple[Pattern, ...]:
    """All patterns, in file order. Raises KnowledgeError naming file and entry."""
    return tuple(_pattern(where, entry) for where, entry in load_entries("patterns", "patterns"))


def load_positions() -> Positions:
    """The rule for positions. Raises KnowledgeError naming the field."""
    entry = load_yaml(ROOT / "patterns" / "patterns.yaml")["positions"]
    where = "patterns.yaml: positions"
    return Positions(
        latitude_keys=frozenset(require(entry, "latitude_keys", list, where)),
        longitude_keys=frozenset(require(entry, "longitude_keys", list, where)),
        pair_keys=frozenset(require(entry, "pair_keys", list, where)),
        confidence=_confidence(entry["confidence"], where),
    )


def _pattern(where: str, entry: dict[str, Any]) -> Pattern:
    scan = entry.get("scan")
    if scan is not None and scan not in get_args(Scan):
        raise KnowledgeError(f"{where}: scan {scan!r} is none of {', '.join(get_args(Scan))}")
    keys, whole = entry.get("keys", ()), entry.get("whole_keys", ())
    for key in (*keys, *whole):
        if not re.fullmatch(r"[a-z0-9]+", str(key)):
            raise KnowledgeError(f"{where}: key {key!r} must be lower-case letters and digits only")
    if not keys and not whole and not entry.get("alone"):
        raise KnowledgeError(f"{where}: needs keys, or a confidence without them (alone)")
    try:
        form = re.compile(require(entry, "form", str, where))
    except re.error as error:
        raise KnowledgeError(f"{where}: form is no regular expression ({error})") from error
    return Pattern(
        id=require(entry, "id", str, where),
        data=require(entry, "data", str, where),
        form=form,
        inside=bool(entry.get("inside", False)),
        scan=cast("Scan | None", scan),
        validator=require(entry, "validator", str, where),
        keys=frozenset(keys),
        whole_keys=frozenset(whole),
        words=re.compile("|".join(map(re.escape, entry["words"]))) if entry.get("words") else None,
        confidence=_confidence(entry.get("confidence"), where),
        alone=_confidence(entry["alone"], where) if entry.get("alone") else None,
        digest=bool(entry.get("digest", False)),
        dated=bool(entry.get("dated", False)),
    )


def _confidence(value: object, where: str) -> Confidence:
    if value not in get_args(Confidence):
        raise KnowledgeError(f"{where}: confidence {value!r} is none of {', '.join(get_args(Confidence))}")
    return cast("Confidence", value)
