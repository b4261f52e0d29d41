"""How a benchmark says a figure, so that ``limits.py`` can gather those of all into one table and one picture."""

_FIGURE, _POINT = "= ", "~ "


def figure(name: str, value: float | str, unit: str = "", goal: str = "") -> None:
    """Print one figure of the table; ``goal`` is what it should be."""
    shown = value if isinstance(value, str) else f"{value:.3g}"
    print(f"{_FIGURE}{name} | {shown} | {unit} | {goal}", flush=True)


def point(curve: str, x: float, y: float) -> None:
    """Print one point of a growth curve; ``curve`` names it with the units of both axes (``memory: MB of flows, MB``)."""
    print(f"{_POINT}{curve} | {x:.6g} | {y:.6g}", flush=True)


def parse(line: str) -> tuple[str, list[str]] | None:
    """``("figure" | "point", cells)`` of a line that one of the above printed, None for any other line."""
    for kind, mark in (("figure", _FIGURE), ("point", _POINT)):
        if line.startswith(mark):
            return kind, [cell.strip() for cell in line[len(mark) :].split(" | ")]
    return None
