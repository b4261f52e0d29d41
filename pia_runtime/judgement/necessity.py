"""Necessity, element by element: what the lists of the app's kinds say about each kind of data."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pia_runtime.knowledge.categories import Category, OutsideTheLists
from pia_runtime.knowledge.taxonomy import DataType

NECESSITY = ("listed", "extended", "unlisted", "outside", "no_category")
"""On a list; declared for an extended function; on none; of a kind that no list speaks about; no kind of app was named."""


def necessity_of(
    data: str,
    taxonomy: Mapping[str, DataType],
    categories: Sequence[Category],
    outside: OutsideTheLists,
    extended: Collection[str],
) -> str:
    """One word of :data:`NECESSITY`.

    Args:
        data: taxonomy id.
        taxonomy: for its group.
        categories: kinds of app that were named; the union of their lists counts.
        outside: what no list speaks about.
        extended: taxonomy ids that the declaration names for an extended function.
    """
    if not categories:
        return "no_category"
    if any(data in category.necessary for category in categories):
        return "listed"
    entry = taxonomy.get(data)
    if data in outside.data or (entry is not None and entry.group in outside.groups):
        return "outside"
    return "extended" if data in extended else "unlisted"


def necessity_document(
    categories: Sequence[Category],
    seen: Collection[str],
    words: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The lists with what was seen of them, and what was seen beyond (``necessity`` of the document).

    Args:
        categories: kinds of app that were named.
        seen: taxonomy ids that were obtained or sent.
        words: their necessity over all lists.
    """
    beyond = sorted(data for data in seen if words.get(data) == "unlisted")
    return [
        {
            "category": category.id,
            "clause": category.clause,
            "name": {"zh": category.zh, "en": category.en},
            "basic_function": {"zh": category.basic_function_zh, "en": category.basic_function_en},
            "elements": [
                {
                    "name": {"zh": element.zh, "en": element.en},
                    "condition": element.condition or None,
                    "data": sorted(element.data),
                    "seen": sorted(element.data & set(seen)),
                }
                for element in category.elements
            ],
            "beyond": beyond,
            "extended": sorted(data for data in seen if words.get(data) == "extended"),
            "outside_the_lists": sorted(data for data in seen if words.get(data) == "outside"),
        }
        for category in categories
    ]
