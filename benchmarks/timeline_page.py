"""The timeline page with 100 000 marks in headless Chromium: bytes, time to load, one zoom step, one search.

    .venv/bin/python benchmarks/timeline_page.py [--marks 100000] [--rounds 3]

Needs Chromium. Ids, flows, errors and links are as varied as a real run makes them, and requests and screenshots are offered
until the page is full. Load is measured by the browser itself, from the start of the navigation to the end of the load event,
which the page's script precedes; a step is one call with the drawing that follows it.
"""

import argparse
import random
import statistics
import sys
import tempfile
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reports"))

from figures import figure, point  # noqa: I001 - beside this file, not in the tests
from chromium_page import CHROMIUM, Chromium, ChromiumPage
from report_documents import LABELS, exhibits, large_document

from pia_runtime.reports.html import render_html

STEP = """new Promise((done) => {{
  const at = performance.now();
  {action};
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - at)));
}})"""
SEARCH = """const box = document.querySelector("#filters input[type=search]");
  box.value = "sdk";
  box.dispatchEvent(new Event("input"))"""
BUTTONS = (1, 2, 3, 4, 1, 2)
LOADED = "(({loadEventEnd}) => loadEventEnd)(performance.getEntriesByType('navigation')[0])"


def varied(marks: int) -> dict[str, Any]:
    """A document whose texts and times repeat no more than those of a real run."""
    chance = random.Random(1)
    document = large_document(marks)
    reads: list[str] = []
    for one in document["detections"]:
        one["id"] += "abcd"
        one["err_ns"], one["margin_err_ns"] = 300_000 + chance.randrange(99_999), 100_000 + chance.randrange(99_999)
        if one["act"] == "access":
            reads.append(one["id"])
        if one.get("flow"):
            one["flow"] = str(uuid.UUID(int=chance.getrandbits(128)))
            if reads and chance.random() < 0.5:
                one["read"] = {"detection": reads[-1], "basis": "value"}
    return document


def measured(page: ChromiumPage) -> tuple[float, float, float]:
    """Milliseconds of loading, of the median zoom step, and of a search."""
    load = float(page.evaluate(LOADED))
    press = [f"document.querySelector('#zoom button:nth-child({n})').click()" for n in BUTTONS]
    steps = [float(page.evaluate(STEP.format(action=action))) for action in press]
    return load, statistics.median(steps), float(page.evaluate(STEP.format(action=SEARCH)))


def main() -> None:
    """Print bytes and medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--marks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    if CHROMIUM is None:
        sys.exit("Chromium is not installed: apt-get install chromium")
    offered = replace(exhibits(), pictures=(replace(exhibits().pictures[0], jpeg=b"\xff" * 60_000),) * 60)
    with tempfile.TemporaryDirectory() as folder, Chromium() as browser:
        file = Path(folder) / "large.html"
        file.write_text(render_html(varied(asked.marks), LABELS, "zh", offered), encoding="utf-8")
        rounds = []
        for _ in range(asked.rounds):
            with browser.open(file) as page:
                rounds.append(measured(page))
                if page.messages:
                    sys.exit(f"the browser complained: {page.messages}")
        load, step, search = (statistics.median(column) for column in zip(*rounds, strict=True))
        size = file.stat().st_size / 1e6
        print(f"{asked.marks} marks: {size:.2f} MB, load {load:.0f} ms, zoom {step:.0f} ms, search {search:.0f} ms")
        figure(f"page of {asked.marks} marks", size, "MB", "≤ 10 MB")
        figure("its load in headless Chromium", load / 1000, "s", "≤ 3 s")
        point("size of the page: marks, MB", asked.marks, size)
        point("load of the page: marks, s", asked.marks, load / 1000)


if __name__ == "__main__":
    main()
