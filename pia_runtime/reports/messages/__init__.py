"""All prose of the reports: one YAML file per language with the same keys."""

import re
from functools import cache
from pathlib import Path

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.data_file import load_yaml
from pia_runtime.reports.labels import Lang

_SLOT = re.compile(r"\{(\w+)\}")


@cache
def load_messages(lang: Lang) -> dict[str, str]:
    """Every message of ``lang`` by dotted key (``report.silence``). Raises KnowledgeError for a value that is no text."""
    content = load_yaml(Path(__file__).parent / f"{lang}.yaml")
    messages: dict[str, str] = {}
    _flatten(content, "", lang, messages)
    return messages


def fill(template: str, slots: dict[str, object]) -> str:
    """``template`` with ``{name}`` replaced in one pass, so that a slot's text is never itself taken for a template."""
    return _SLOT.sub(lambda match: str(slots.get(match[1], match[0])), template)


def _flatten(node: object, prefix: str, lang: str, into: dict[str, str]) -> None:
    if isinstance(node, str):
        into[prefix] = node
    elif isinstance(node, dict):
        for key, child in node.items():
            _flatten(child, f"{prefix}.{key}" if prefix else str(key), lang, into)
    else:
        raise KnowledgeError(f"messages/{lang}.yaml: {prefix} is neither a text nor a mapping", "quote the text")
