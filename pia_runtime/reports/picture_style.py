"""Colours and fonts of the still pictures, alike to the page's."""

from collections.abc import Iterable
from dataclasses import dataclass

LATIN = "DejaVu Sans"
"""Ships with matplotlib, so it is always there."""

CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Noto Sans CJK JP",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
)
"""Families with Chinese characters; the first installed one is taken."""


@dataclass(frozen=True, slots=True)
class Style:
    """Colours of one theme.

    Attributes:
        verdicts: by verdict.
        phases: by phase.
        states: of the consent boundaries.
    """

    paper: str
    ink: str
    dim: str
    line: str
    stripe: str
    verdicts: dict[str, str]
    phases: dict[str, str]
    states: dict[str, str]


def _style(paper: str, ink: str, dim: str, line: str, stripe: str, *colours: str) -> Style:
    red, amber, blue, orange, green, violet, grey = colours
    return Style(
        paper,
        ink,
        dim,
        line,
        stripe,
        {"without_consent": red, "indeterminate": amber, "with_consent": blue},
        {
            "before_prompt": red,
            "before_choice": orange,
            "after_grant": green,
            "after_refusal": violet,
            "after_withdrawal": violet,
            "unknown": grey,
        },
        {"requested": amber, "given": green, "refused": violet, "withdrawn": violet},
    )


LIGHT = _style(
    "#ffffff", "#1a1f26", "#5a6573", "#d8dee6", "#eaeef3",
    "#c4281c", "#a86200", "#17689f", "#d98a00", "#2c7a4a", "#7c3599", "#6b7480",
)  # fmt: skip
DARK = _style(
    "#1b2128", "#e7ebf0", "#9aa6b4", "#323c48", "#252d37",
    "#ff7468", "#f2ae45", "#6ab8f2", "#f2ae45", "#58c184", "#cf8eea", "#93a0ae",
)  # fmt: skip

HATCHES = {
    "before_prompt": "////",
    "before_choice": "\\\\\\\\",
    "after_grant": "",
    "after_refusal": "xxxx",
    "after_withdrawal": "----",
    "unknown": "||||",
}


def font_families(installed: Iterable[str]) -> tuple[list[str], bool]:
    """Families to draw with, and whether one of them has Chinese characters."""
    there = set(installed)
    found = next((family for family in CHINESE if family in there), None)
    return ([found, LATIN] if found else [LATIN]), found is not None


def needs_chinese(texts: Iterable[str]) -> bool:
    """Whether a text holds characters that the font shipped with matplotlib lacks."""
    return any(char >= "\u2e80" for text in texts for char in text)
