"""Join two measurements of the battery into the table of ``peers.md``.

``python benchmarks/detection/table.py OURS.json TRACKHAR.json``: the first from ``pia bench detection --format json``, the second
from ``run_trackhar.mjs``. A label counts as found when its kind of data was reported for its request.
"""

import json
import sys
from pathlib import Path
from typing import Any


def row(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """One line of the table."""
    cells = [ours["cases"], ours["expected"], ours["found"], theirs["found"], ours["invented"], theirs["invented"]]
    return f"| {name} | {' | '.join(map(str, cells))} |"


def main() -> None:
    """Print the table."""
    ours, theirs = (json.loads(Path(name).read_text()) for name in sys.argv[1:3])
    print("| class | requests | labels | found: pia | found: TrackHAR | invented: pia | invented: TrackHAR |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name, group in ours["groups"].items():
        print(row(name, group, theirs[name]))
    total = {key: sum(group[key] for group in theirs.values()) for key in ("found", "invented")}
    print(row("**all**", ours["total"], total))


if __name__ == "__main__":
    main()
