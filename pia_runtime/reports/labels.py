"""What the knowledge calls things, as plain dicts, so that a report needs no knowledge files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")

Document = Mapping[str, Any]
"""The analysis document (capture format, ``pia.analysis/1``) as read from JSON."""

Names = Mapping[str, Mapping[str, str]]
"""id → ``{"zh": …, "en": …}``."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of ids in both languages. An id that is not here prints as itself.

    Attributes:
        data: taxonomy id → name.
        sensitive: taxonomy ids of sensitive personal information.
        clauses: clause id → gist of the provision.
        rules: rule id → sentence with the slots ``{actor} {data} {host} {scope} {state} {count} {category}``.
        categories: number of a kind of app → name.
        blind_spots: kind → why it matters.
        quotations: clause id → the provision's own sentence, only where it was read verbatim.
        companies: SDK id → who provides it.
        prefixes: SDK id → its code prefixes.
    """

    data: Names = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()
    clauses: Names = field(default_factory=dict)
    rules: Names = field(default_factory=dict)
    blind_spots: Names = field(default_factory=dict)
    categories: Names = field(default_factory=dict)
    quotations: Mapping[str, str] = field(default_factory=dict)
    companies: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
