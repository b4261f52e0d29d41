"""A checklist as authorities and labs keep it (CSV, XLSX), or one that ships with the program → mapped items."""

import csv
import io
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pia_runtime.errors import InputError, UsageError, unreadable
from pia_runtime.judgement.checklist import Item
from pia_runtime.knowledge.base import Knowledge
from pia_runtime.knowledge.checklists import (
    Wording,
    clauses_named,
    clauses_of_number,
    clauses_worded,
    load_lists,
    load_wordings,
)

_LARGEST = 32 * 1024 * 1024
_MOST_ROWS = 20_000
_LONGEST_CELL = 4_000
_HEADED_WITHIN = 20
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("number", "no", "no.", "id", "#", "item", "编号", "序号", "项号", "条目", "检查项编号"),
    "text": (
        "text", "wording", "description", "requirement", "behaviour", "behavior", "finding", "problem", "内容", "描述", "问题",
        "问题描述", "所涉问题", "违规行为", "检查项", "检查内容", "检测项", "整改项", "整改要求", "要求", "行为",
    ),
    "clause": ("clause", "clauses", "basis", "article", "provision", "条款", "依据", "法规依据", "认定依据", "条款号", "法条"),
    "rule": ("rule", "rules", "规则", "规则编号"),
    "data": ("data", "data type", "personal information", "个人信息", "个人信息类型", "信息类型", "数据类型", "涉及个人信息"),
    "actor": ("actor", "sdk", "subject", "主体", "sdk名称", "收集主体"),
    "host": ("host", "domain", "recipient", "域名", "接收方", "服务器"),
}  # fmt: skip
"""Headings by what stands below them, lower case."""

_SEPARATORS = re.compile(r"[,;，；、\n]+")
_SHORT_NAME = re.compile(r"[（(]([A-Z][A-Za-z ]*[A-Z]{2})[）)]")
"""What stands in brackets behind the name of a kind of data: IMEI, Android ID."""


@dataclass(frozen=True, slots=True)
class Checklist:
    """A list, and which one it is: a name, and the digest of the file where it is one."""

    name: str
    sha256: str | None
    items: tuple[Item, ...]


def read_checklist(source: str, knowledge: Knowledge, sdks: Mapping[str, str]) -> Checklist:
    """A list by its name (``191``, ``164``), or from a CSV or XLSX file.

    Args:
        source: the name, or the path of the file.
        knowledge: provisions, rules and kinds of data that items are mapped to.
        sdks: SDK id → name.

    Raises:
        UsageError: neither a list's name nor a file.
        InputError: the file cannot be read, or no row of it is an item; row and column are named where one is wrong.
    """
    lists = load_lists(knowledge.clauses)
    if source in lists:
        own = tuple(Item(one.id, one.quotation or one.zh, (one.id,), by="clause") for one in lists[source])
        return Checklist(source, None, own)
    path = Path(source)
    if not path.exists():
        raise UsageError(f"{source}: no such file and no such list", f"the lists are {', '.join(lists)}")
    content = _content(path)
    mapper = _Mapper(path, knowledge, sdks)
    items = tuple(mapper.item(number, row) for number, row in _rows(path, content))
    if not items:
        raise InputError(f"{path}: holds no item", "give a table with a heading row and a row for each item")
    return Checklist(path.name, sha256(content).hexdigest(), items)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path}: larger than {_LARGEST >> 20} MiB", "a checklist is a table of items")
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error, "give a CSV or XLSX file") from error


def _rows(path: Path, content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Each item as heading → cell, with its row's number in the file."""
    table = list(_sheet(path, content) if content.startswith(_ZIP) else _csv(path, content))
    headed = next(
        (n for n, row in enumerate(table[:_HEADED_WITHIN]) if _heading(row).keys() & {"text", "clause", "rule"}), None
    )
    if headed is None:
        known = ", ".join(names[0] for names in _COLUMNS.values())
        raise InputError(
            f"{path}: no heading row: none of the columns text, clause, rule is there", f"name columns {known}"
        )
    heading = _heading(table[headed])
    for number, row in enumerate(table[headed + 1 :], headed + 2):
        cells = {name: row[column].strip() for name, column in heading.items() if column < len(row)}
        if any(cells.get(name) for name in ("text", "clause", "rule")):
            yield number, cells


def _heading(row: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for column, cell in enumerate(row):
        word = cell.strip().lower()
        for name, words in _COLUMNS.items():
            if word in words and name not in found:
                found[name] = column
    return found


def _csv(path: Path, content: bytes) -> Iterator[list[str]]:
    if content.startswith(_OLD_EXCEL):
        raise InputError(f"{path}: an old Excel workbook (.xls)", "save it as .xlsx or CSV")
    text = _text(path, content)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)):
            if number > _MOST_ROWS:
                raise InputError(f"{path}: more than {_MOST_ROWS} rows", "a checklist is a table of items")
            yield [cell[:_LONGEST_CELL] for cell in row]
    except csv.Error as error:
        raise InputError(f"{path}: not readable as CSV ({error})", "save it as CSV in UTF-8") from error


def _text(path: Path, content: bytes) -> str:
    """UTF-8, or what Chinese spreadsheets write."""
    for encoding in ("utf-8-sig", "utf-16") if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{path}: neither UTF-8 nor GB 18030 text", "save it as CSV in UTF-8")


def _sheet(path: Path, content: bytes) -> Iterator[list[str]]:
    """The first sheet with a heading; formulas give the value that was stored with them."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        if sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(content)).infolist()) > 8 * _LARGEST:
            raise InputError(
                f"{path}: unpacks to more than {8 * _LARGEST >> 20} MiB", "a checklist is a table of items"
            )
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for sheet in book.worksheets:
            rows = [
                ["" if cell is None else str(cell)[:_LONGEST_CELL] for cell in row]
                for row in sheet.iter_rows(values_only=True, max_row=_MOST_ROWS)
            ]
            if any(_heading(row).keys() & {"text", "clause", "rule"} for row in rows[:_HEADED_WITHIN]):
                yield from rows
                return
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise InputError(f"{path}: not readable as XLSX ({error})", "save it again as .xlsx or CSV") from error


class _Mapper:
    """Finds for each row what it is about."""

    def __init__(self, path: Path, knowledge: Knowledge, sdks: Mapping[str, str]) -> None:
        self._path, self._knowledge, self._sdks = path, knowledge, sdks
        self._wordings: tuple[Wording, ...] = load_wordings(knowledge.clauses)
        self._rules = {rule.id for rule in knowledge.rules}
        self._data = _names_of_data(knowledge)
        self._short = _short_names(knowledge)

    def item(self, number: int, row: Mapping[str, str]) -> Item:
        """One row, mapped by the rule it names, else by the provision it names, else by its words."""
        text = row.get("text") or row.get("clause") or row.get("rule") or ""
        rules = self._known_rules(number, row.get("rule", ""))
        clauses = self._clauses(row.get("clause", "")) or self._clauses(row.get("number", ""), bare=False)
        by, words, own_gist = ("rule" if rules else "clause" if clauses else ""), "", True
        if not by and (clauses := clauses_named(text, self._knowledge.clauses)):
            by = "clause"
        if not by:
            clauses, words, own_gist = clauses_worded(text, self._knowledge.clauses, self._wordings)
            by = "wording" if clauses else ""
        data = self._kinds_of_data(number, row.get("data", ""))
        if not data and by == "wording" and not own_gist:
            data = self._data_in(text)
        return Item(
            row.get("number") or str(number), text, clauses, rules, by, words, data,
            self._actors(number, row.get("actor", "")), tuple(_parts(row.get("host", ""))),
        )  # fmt: skip

    def _clauses(self, cell: str, *, bare: bool = True) -> tuple[str, ...]:
        known = self._knowledge.clauses
        found = [*clauses_named(cell, known)]
        if bare:  # a column of numbers alone is that of the instrument most lists follow
            found += [one for part in _parts(cell) for one in clauses_of_number(part, "191号", known)]
        return tuple(dict.fromkeys(found))

    def _known_rules(self, number: int, cell: str) -> tuple[str, ...]:
        given = tuple(_parts(cell))
        self._refuse(number, "rule", set(given) - self._rules, self._rules)
        return given

    def _kinds_of_data(self, number: int, cell: str) -> tuple[str, ...]:
        found = {part: self._data.get(part.lower()) for part in _parts(cell)}
        self._refuse(number, "data", {part for part, one in found.items() if one is None}, self._knowledge.taxonomy)
        return tuple(dict.fromkeys(one for one in found.values() if one))

    def _data_in(self, text: str) -> tuple[str, ...]:
        """Kinds of data that a sentence names by their short names."""
        lowered = text.lower()
        found = (one for name, one in self._short.items() if re.search(rf"(?<![a-z]){name}(?![a-z])", lowered))
        return tuple(dict.fromkeys(found))

    def _actors(self, number: int, cell: str) -> tuple[str, ...]:
        by_name = {name.lower(): one for one, name in self._sdks.items()}
        found = {part: part if part in self._sdks else by_name.get(part.lower()) for part in _parts(cell)}
        self._refuse(number, "actor", {part for part, one in found.items() if one is None}, self._sdks)
        return tuple(dict.fromkeys(one for one in found.values() if one))

    def _refuse(self, number: int, column: str, unknown: Collection[str], known: Collection[str]) -> None:
        if unknown:
            some = ", ".join(sorted(known)[:5])
            raise InputError(
                f"{self._path}: row {number}: {column}: {sorted(unknown)[0]!r} is not known", f"for instance {some}"
            )


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in _SEPARATORS.split(cell) if part.strip()]


def _names_of_data(knowledge: Knowledge) -> dict[str, str]:
    """Names of kinds of data, lower case: ids, both languages, and the short names (IMEI, Android ID)."""
    found = dict(_short_names(knowledge))
    for one in knowledge.taxonomy.values():
        for name in (one.id, one.zh, one.en):
            found.setdefault(name.lower(), one.id)
    return found


def _short_names(knowledge: Knowledge) -> dict[str, str]:
    entries = knowledge.taxonomy.values()
    matches = ((match[1].lower(), one.id) for one in entries for match in _SHORT_NAME.finditer(one.zh))
    return {name: one for name, one in matches if name != "sn"}
