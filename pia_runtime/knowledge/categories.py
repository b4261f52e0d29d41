"""The 39 kinds of app and the personal information that the basic function of each may require (必要信息规定 第五条)."""

from dataclasses import dataclass

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.data_file import ROOT, load_yaml, require

_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Element:
    """One item of a list.

    Attributes:
        data: taxonomy ids it covers.
        condition: when it applies, as the list says, or "".
    """

    zh: str
    en: str
    data: frozenset[str]
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of app.

    Attributes:
        clause: as cited, ``必要信息规定 第五条第（十二）项``.
        elements: what its basic function may require; empty where nothing is necessary.
    """

    id: int
    zh: str
    en: str
    basic_function_zh: str
    basic_function_en: str
    elements: tuple[Element, ...]

    @property
    def clause(self) -> str:
        """The provision that lists it."""
        return item_of_article_five(self.id)

    @property
    def necessary(self) -> frozenset[str]:
        """Every taxonomy id that some element covers."""
        return frozenset(data for element in self.elements for data in element.data)


@dataclass(frozen=True, slots=True)
class OutsideTheLists:
    """Kinds of data that no list speaks about and that are never reported merely for that."""

    groups: frozenset[str]
    data: frozenset[str]


def item_of_article_five(number: int) -> str:
    """``必要信息规定 第五条第（十二）项`` for 12."""
    return f"必要信息规定 第五条第（{_numeral(number)}）项"


def _numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return head + (_DIGITS[ones] if ones else "")


def load_categories() -> dict[int, Category]:
    """All categories by number. Raises KnowledgeError naming file and entry."""
    categories = {}
    for entry in load_yaml(ROOT / "categories" / "necessary.yaml")["categories"]:
        where = f"necessary.yaml: {entry.get('id')}"
        elements = tuple(_elements(entry, where))
        if bool(elements) == require(entry, "none_required", bool, where):
            raise KnowledgeError(f"{where}: none_required contradicts the list")
        categories[require(entry, "id", int, where)] = Category(
            id=entry["id"],
            zh=require(entry, "name_zh", str, where),
            en=require(entry, "name_en", str, where),
            basic_function_zh=require(entry, "basic_function_zh", str, where),
            basic_function_en=require(entry, "basic_function_en", str, where),
            elements=elements,
        )
    return categories


def _elements(entry: dict[str, object], where: str) -> list[Element]:
    found = []
    for item in require(entry, "necessary", list, where):
        for element in require(item, "elements", list, where):
            data = frozenset(require(element, "pi", list, where))
            found.append(Element(element["zh"], element["en"], data, item.get("condition") or ""))
    return found


def load_outside_the_lists() -> OutsideTheLists:
    """What is never reported merely for being on no list."""
    content = load_yaml(ROOT / "categories" / "outside_the_lists.yaml")
    return OutsideTheLists(frozenset(content["groups"]), frozenset(content["data"]))
