"""Legal provisions that findings cite. Nothing that was not read verbatim in a source is ever printed as a quotation."""

from dataclasses import dataclass

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.categories import load_categories
from pia_runtime.knowledge.data_file import ROOT, load_yaml, require


@dataclass(frozen=True, slots=True)
class Clause:
    """One provision.

    Attributes:
        id: as printed, with the article number (``191号 3.1``).
        zh: gist in Chinese; ``en`` in English.
        instrument_zh: full name of the instrument.
        quotation: the provision's own sentence, only where it was read verbatim, else None.
        regime: ``cn``, ``eu`` or ``play``.
    """

    id: str
    zh: str
    en: str
    instrument_zh: str
    instrument_en: str
    quotation: str | None
    regime: str = "cn"


def load_clauses() -> dict[str, Clause]:
    """All clauses by id. Raises KnowledgeError for a quotation that was not verified."""
    clauses: dict[str, Clause] = {}
    for path in sorted((ROOT / "clauses").glob("*.yaml")):
        content = load_yaml(path)
        instrument = require(content, "instrument", dict, path.name)
        for entry in require(content, "clauses", list, path.name):
            where = f"{path.name}: {entry.get('id')}"
            text = entry.get("text")
            if text is not None and require(entry, "text_verified", str, where) != "verbatim":
                raise KnowledgeError(f"{where}: text is given but text_verified is not 'verbatim'", "move it to zh")
            clauses[entry["id"]] = Clause(
                id=require(entry, "id", str, where),
                zh=require(entry, "zh", str, where),
                en=require(entry, "en", str, where),
                instrument_zh=require(instrument, "zh", str, path.name),
                instrument_en=require(instrument, "en", str, path.name),
                quotation=text,
                regime=require(instrument, "regime", str, path.name),
            )
    return clauses | _items_of_article_five()


def _items_of_article_five() -> dict[str, Clause]:
    """One clause for each of the 39 kinds of app; its list is printed element by element, not as a quotation."""
    instrument = load_yaml(ROOT / "clauses" / "cn_necessary.yaml")["instrument"]
    return {
        category.clause: Clause(
            id=category.clause,
            zh=f"{category.zh}：{'；'.join(element.zh for element in category.elements) or '无须个人信息'}",
            en=f"{category.en}: {'; '.join(element.en for element in category.elements) or 'nothing is necessary'}",
            instrument_zh=instrument["zh"],
            instrument_en=instrument["en"],
            quotation=None,
        )
        for category in load_categories().values()
    }
