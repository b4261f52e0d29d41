"""One self-contained HTML page: summary, findings, timeline with the consent line, evidence of every mark, blind spots.

The page opens from a file and asks no network for anything: its content security policy allows only the very style and
scripts that stand in it (by hash), so that not even an escaping fault could run captured text. Summary and findings are
plain HTML made by Jinja2 with autoescape, readable without JavaScript, in both languages at once, one of them hidden. What
the script adds (timeline, evidence) enters by ``textContent`` only.

Axes, scales, zoom and pixel ratio come from uPlot; lanes, bands and marks are drawn in its draw hook. ``docs/reports.md``
says why not SVG or a larger library: 100 000 marks must stay fluid, and marks that share a pixel are drawn as one with a
count, which needs lanes of its own in any library.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from pia_runtime.model.exhibit import Exhibits
from pia_runtime.reports.escape import json_for_script
from pia_runtime.reports.labels import Document, Labels, Lang
from pia_runtime.reports.page_data import page_data
from pia_runtime.reports.page_environment import page_environment
from pia_runtime.reports.page_exhibits import page_exhibits
from pia_runtime.reports.page_parts import page_parts

LARGEST = 9_600_000
"""Bytes of a page: marks come first, exhibits take what is left."""

_ROOM_OF_A_FINDING = 2_500
_ROOM_OF_THE_REST = 400_000

SCRIPTS = (
    "text.js",
    "marks.js",
    "shapes.js",
    "strips.js",
    "links.js",
    "chart.js",
    "overview.js",
    "evidence.js",
    "controls.js",
    "paper.js",
    "main.js",
)
"""The page's own scripts in the order in which they are joined into one."""


def render_html(
    document: Document,
    labels: Labels,
    lang: Lang = "zh",
    exhibits: Exhibits | None = None,
    *,
    reveal: bool = False,
) -> str:
    """The page, shown in ``lang`` first. The same document, labels, language and exhibits give the same text.

    Args:
        document: the analysis document.
        labels: names of ids.
        lang: language that is shown first; the reader can switch.
        exhibits: requests, decode steps and pictures to open from a mark; without them a mark shows what the document says.
        reveal: quote requests and decode steps in full.
    """
    drawn = page_data(document, labels)
    data, parts = json_for_script(drawn.data), page_parts(document, labels)
    room = max(LARGEST - len(data.encode()) - _ROOM_OF_A_FINDING * len(parts["findings"]) - _ROOM_OF_THE_REST, 0)
    shown = page_exhibits(exhibits or Exhibits(), drawn.line, drawn.place, room, reveal=reveal)
    style = f"{_vendored('uPlot.min.css')}\n{_own('page.css')}"
    library = _vendored("uPlot.iife.min.js")
    script = '"use strict";\n(() => {\n' + "\n".join(_own(name) for name in SCRIPTS) + "})();\n"
    return (
        page_environment()
        .get_template("page.html.j2")
        .render(
            lang=lang,
            policy=_policy(style, library, script),
            style=Markup(style),  # noqa: S704 (the project's own files)
            library=Markup(library),  # noqa: S704
            script=Markup(script),  # noqa: S704
            data=Markup(data),  # noqa: S704 (escaped for script elements)
            exhibits=Markup(json_for_script(shown)),  # noqa: S704
            pictures=len(shown["pictures"]),
            left_out=shown["left_out"],
            **parts,
        )
    )


def _policy(style: str, *scripts: str) -> str:
    allowed = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:; connect-src 'none'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _own(name: str) -> str:
    return files("pia_runtime.reports").joinpath("templates", "page", name).read_text(encoding="utf-8")


@cache
def _vendored(name: str) -> str:
    return files("pia_runtime.reports").joinpath("vendor", "uplot", name).read_text(encoding="utf-8")
