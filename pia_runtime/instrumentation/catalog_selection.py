"""Which data a call yields where one of its arguments decides it: a settings key, a content URI, a command, a path."""

import re
from collections.abc import Iterable
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pia_runtime.instrumentation.catalog_projection import check_path

Match = Literal["equals", "prefix", "contains", "words", "glob"]

_SEPARATORS = re.compile(r"[\s;|&()'\"`<>]+")


class DataByArgument(BaseModel):
    """One argument (or the object called, or the Binder transaction) and what its text means.

    Attributes:
        index: position of the argument; not for ``receiver`` and ``transaction``.
        of: ``argument``; ``receiver``, the object that the method is called on; ``transaction``, for
            ``BinderProxy.transact``: ``<interface>.<method>``, or ``<interface>#<code>`` where the method is not known.
        path: fields and calls that lead from there to what decides (``getAction()``); arrays and lists are joined by spaces.
        match: ``equals``; ``prefix`` and ``contains`` as they say; ``words``: the key's words stand next to each other in
            the text, as in a command line, where a program may be named with its path and a key's word that ends in ``*``
            stands for all that begin so; ``glob``: a file path, ``*`` within one folder and ``**`` across folders. Where
            several keys match, the longest counts.
        data: taxonomy ids by key; an empty list for a call that is recorded though what it yields cannot be told.
        others: ``drop`` calls that match no key (many methods read far more than personal data), or ``record`` them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    index: int | None = Field(default=None, ge=0)
    of: Literal["argument", "receiver", "transaction"] = "argument"
    path: str | None = None
    match: Match
    data: dict[str, tuple[str, ...]] = Field(min_length=1)
    others: Literal["drop", "record"] = "drop"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.of == "argument") != (self.index is not None):
            raise ValueError("index is for an argument, and an argument needs one")
        if self.path is not None:
            check_path(self.path)
        return self

    @property
    def plain(self) -> bool:
        """Is it the text of an argument itself?"""
        return self.of == "argument" and self.path is None

    def lookup(self, text: str) -> tuple[str, ...]:
        """Return the taxonomy ids for one text, empty where no key matches."""
        keys = [key for key in self.data if matches(text, key, self.match)]
        return self.data[max(keys, key=len)] if keys else ()

    def plan(self) -> dict[str, Any]:
        """Return it as the agent reads it (``Selector`` in ``hooks/agent/plan.ts``)."""
        plan: dict[str, Any] = {"of": self.of, "arg": self.index or 0, "match": self.match, "values": list(self.data)}
        return plan if self.path is None else {**plan, "path": self.path}


Selectors = tuple[DataByArgument, ...]


def as_selectors(raw: DataByArgument | Selectors | None) -> Selectors:
    """Return ``data_by_argument`` as a tuple: an entry may give none, one, or several."""
    if raw is None:
        return ()
    return (raw,) if isinstance(raw, DataByArgument) else raw


def data_by_keys(selectors: Selectors, keys: Iterable[str | None]) -> tuple[str, ...]:
    """Return the taxonomy ids that the texts of a call yield, one text for each selector (None: it had none)."""
    found = (selector.lookup(key) for selector, key in zip(selectors, keys, strict=False) if key is not None)
    return tuple(dict.fromkeys(id_ for ids in found for id_ in ids))


def keys_of(selectors: Selectors, args: list[object]) -> list[str | None]:
    """Return the texts as far as projected arguments give them: what an agent that sends no keys would have sent."""
    return [
        str(args[selector.index])
        if selector.plain and selector.index is not None and selector.index < len(args)
        else None
        for selector in selectors
    ]


def drops_others(selectors: Selectors) -> bool:
    """Are calls left out that match no key at all?"""
    return bool(selectors) and all(selector.others == "drop" for selector in selectors)


def matches(text: str, key: str, match: Match) -> bool:
    """Does a text match a key? ``hooks/agent/selection.ts`` decides the same way."""
    if match == "equals":
        return text == key
    if match == "prefix":
        return text.startswith(key)
    if match == "contains":
        return key in text
    return _glob(key).fullmatch(text) is not None if match == "glob" else _words_match(text, key)


def _words_match(text: str, key: str) -> bool:
    words = [word for word in _SEPARATORS.split(text) if word]
    wanted = key.split(" ")
    return any(
        all(_word_matches(word, pattern) for word, pattern in zip(words[start:], wanted, strict=False))
        for start in range(len(words) - len(wanted) + 1)
    )


def _word_matches(word: str, pattern: str) -> bool:
    candidates = (word, word.rpartition("/")[2])
    if pattern.endswith("*"):
        return any(candidate.startswith(pattern[:-1]) for candidate in candidates)
    return pattern in candidates


def _glob(key: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", key)
    wild = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(wild.get(part, re.escape(part)) for part in parts), re.DOTALL)
