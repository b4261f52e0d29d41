"""Checklists of authorities: those that ship with the program, and how an item's words point to provisions."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.clauses import Clause
from pia_runtime.knowledge.data_file import ROOT, load_yaml, require

_NOT_WORDS = re.compile(r"[\W_]+")
_SHORTEST_GIST = 6
_NUMERALS = {char: number for number, char in enumerate("一二三四五六七八九", 1)}
_INSTRUMENTS = (("191号", r"191号?|认定方法"), ("164号", r"164号?"))
_DIGIT = "([1-9一二三四五六七八九])"
_NUMBERED = rf"[^0-9一二三四五六七八九条项]{{0,30}}?第?{_DIGIT}(?:条第?[（(]?|[.．]){_DIGIT}(?![0-9.．])"
_ARTICLES = (
    ("PIPL", r"(?:个人信息保护法|个保法|PIPL)[^0-9第]{0,10}第?\s*(\d{1,2}|[一二三四五六七八九十]{1,3})"),
    ("条例", r"(?:网络数据安全管理条例)[^0-9第]{0,10}第?\s*(\d{1,2}|[一二三四五六七八九十]{1,3})"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wording:
    """Words that stand for provisions."""

    id: str
    clauses: tuple[str, ...]
    any: tuple[str, ...]
    unless: tuple[str, ...]
    example: str
    counter_example: str

    def fits(self, text: str) -> str:
        """The words by which it fits a text, or ""."""
        lowered = text.lower()
        if any(word.lower() in lowered for word in self.unless):
            return ""
        return next((word for word in self.any if word.lower() in lowered), "")


def load_lists(clauses: Mapping[str, Clause]) -> dict[str, tuple[Clause, ...]]:
    """The checklists that ship with the program: id → its clauses in order."""
    found = {}
    for entry in load_yaml(ROOT / "checklists" / "lists.yaml")["lists"]:
        prefix = require(entry, "clauses", str, f"lists.yaml: {entry.get('id')}")
        found[entry["id"]] = tuple(clause for clause in clauses.values() if clause.id.startswith(prefix))
    return found


def load_wordings(known_clauses: Collection[str]) -> tuple[Wording, ...]:
    """All wordings in file order. Raises KnowledgeError where a clause is unknown or an example proves the entry wrong."""
    found = []
    for entry in load_yaml(ROOT / "checklists" / "wording.yaml")["wordings"]:
        where = f"wording.yaml: {entry.get('id')}"
        clauses, words = (tuple(require(entry, name, list, where)) for name in ("clauses", "any"))
        example, counter = (require(entry, name, str, where) for name in ("example", "counter_example"))
        wording = Wording(entry["id"], clauses, words, tuple(entry.get("unless") or ()), example, counter)
        if set(clauses) - set(known_clauses) or not wording.fits(example) or wording.fits(counter):
            raise KnowledgeError(f"{where}: unknown clause, or an example that proves it wrong")
        found.append(wording)
    return tuple(found)


def clauses_named(text: str, known: Collection[str]) -> tuple[str, ...]:
    """The provisions that a text names by number: ``191号 3.1``, ``认定方法第三条第（一）项``, ``个人信息保护法第十三条``."""
    squeezed = re.sub(r"\s+", "", text)
    found = [one for one in known if re.search(rf"{re.escape(re.sub(r'\s+', '', one))}(?![0-9.（(])", squeezed)]
    for name, pattern in _INSTRUMENTS:
        numbers = re.finditer(f"(?:{pattern}){_NUMBERED}", squeezed)
        found += [f"{name} {_number(match[1])}.{_number(match[2])}" for match in numbers]
    for name, pattern in _ARTICLES:
        found += [f"{name} {_number(match[1])}" for match in re.finditer(pattern, squeezed)]
    return tuple(dict.fromkeys(one for one in found if one in known))


def clauses_of_number(text: str, instrument: str, known: Collection[str]) -> tuple[str, ...]:
    """The provision that a bare number (``3.1``) names where the instrument is known from elsewhere."""
    match = re.fullmatch(r"\s*([1-9])\s*[.．]\s*([1-9])\s*", text)
    clause = f"{instrument} {match[1]}.{match[2]}" if match else ""
    return (clause,) if clause in known else ()


def clauses_worded(
    text: str, clauses: Mapping[str, Clause], wordings: Collection[Wording]
) -> tuple[tuple[str, ...], str, bool]:
    """The provisions that a text words.

    Returns:
        The clauses, the words by which they were found, and whether these are the provision's own gist.
    """
    plain = _plain(text)
    for clause in clauses.values():
        for gist in (clause.quotation, clause.zh, clause.en):
            words = _plain((gist or "").removeprefix("（大意）"))
            if len(words) >= _SHORTEST_GIST and (
                words in plain or (len(plain) >= _SHORTEST_GIST * 2 and plain in words)
            ):
                return (clause.id,), (gist or "")[:40], True
    fitting = [(wording, words) for wording in wordings if (words := wording.fits(text))]
    found = tuple(dict.fromkeys(clause for wording, _ in fitting for clause in wording.clauses))
    return found, ", ".join(words for _, words in fitting), False


def _plain(text: str) -> str:
    return _NOT_WORDS.sub("", text).lower()


def _number(text: str) -> int:
    """``13``, ``十三`` or ``二十三`` as a number."""
    if text.isdigit():
        return int(text)
    tens, ten, units = text.rpartition("十")
    return (_NUMERALS.get(tens, 1) * 10 if ten else 0) + _NUMERALS.get(units, 0)
