"""A campaign's answers as titled tables of words: what every format of ``pia campaign report`` shows.

Every captured text in a cell is already escaped for the eye (:func:`pia_runtime.reports.escape.visible`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pia_runtime.reports.campaign_comparison import comparison
from pia_runtime.reports.escape import LONG, visible
from pia_runtime.reports.instants import seconds
from pia_runtime.reports.wording import Wording

SYMBOLS = {"found": "●", "not_seen": "○", "not_seen_because": "◐", "not_assessed": "–"}
"""Of the matrix; what is ``never`` decided by a run has no column."""
_NAMES_IN_CELL = 12

type Object = Mapping[str, Any]
type Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the report.

    Attributes:
        id: stable name; also the sheet's in a workbook and the anchor on a page.
        title: heading.
        note: what the table means, or "".
        columns: their headings.
        rows: their cells; numbers stay numbers.
        group: column by which a page folds rows together, or None.
    """

    id: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    group: int | None = None


def campaign_sections(document: Object, wording: Wording) -> list[Section]:
    """All tables in the order in which they are read; broken captures and the comparison only where there are any."""
    tables = [
        _section("ranking", _ranking(document, wording), wording),
        _section("findings", _findings(document, wording), wording, group=0),
        _matrix(document, wording),
        _section("sdks", _sdks(document, wording), wording),
        _section("takes", _takes(document, wording), wording),
        _section("advice", _advice(document, wording), wording),
        _section("necessity", _necessity(document, wording), wording),
        _section("blind_spots", _blind_spots(document, wording), wording),
    ]
    if document.get("comparison"):
        tables.insert(1, _comparison(document["comparison"], wording))
    if document["broken"]:
        tables.append(_section("broken", _broken(document), wording))
    return tables


_COLUMNS: dict[str, tuple[str, ...]] = {
    "ranking": ("rank", "app", "package", "versions", "kinds", "runs", "severity.critical", "severity.high", "severity.medium",
                "severity.low", "undecided", "to_judge"),
    "findings": ("app", "severity", "verdict", "what", "margin", "count", "seen_in", "clauses", "check", "id"),
    "sdks": ("sdk", "company", "apps", "wrongly", "undecided", "rightly", "told", "wrong_apps", "right_apps"),
    "takes": ("sdk", "data", "act", "apps", "hosts"),
    "advice": ("sdk", "kind", "call", "effect"),
    "necessity": ("kinds", "apps", "data", "apps_with", "app"),
    "blind_spots": ("app", "kind", "count", "runs", "hosts", "why"),
    "broken": ("capture", "reason"),
    "comparison": ("app", "state", "what", "why", "id"),
}  # fmt: skip
_WITH_NOTE = frozenset({"ranking", "findings", "sdks", "advice", "necessity"})


def _section(name: str, rows: Iterable[tuple[Cell, ...]], wording: Wording, group: int | None = None) -> Section:
    note = wording.say(f"campaign.{name}_note") if name in _WITH_NOTE else ""
    return Section(name, wording.say(f"campaign.{name}"), note, _columns(name, wording), tuple(rows), group)


def _columns(name: str, wording: Wording) -> tuple[str, ...]:
    return tuple(wording.say(column if "." in column else f"campaign.{column}") for column in _COLUMNS[name])


def app_name(app: Object) -> str:
    """Label and package, as much of it as is known."""
    return f"{visible(app['label'])} ({visible(app['app'])})" if app.get("label") else visible(app["app"])


def _ranking(document: Object, wording: Wording) -> Iterator[tuple[Cell, ...]]:
    for app in document["apps"]:
        kinds = wording.list([_category(number, wording) for number in app["categories"]])
        counts = [app["certain"][name] for name in ("critical", "high", "medium", "low")]
        yield (
            app["rank"], visible(app["label"] or "–"), visible(app["app"]), names(app["versions"], wording), kinds,
            len(app["runs"]), *counts, app["undecided"], app["to_judge"],
        )  # fmt: skip


def _category(number: object, wording: Wording) -> str:
    return wording.labels.categories.get(str(number), {}).get(wording.lang) or str(number)


def _findings(document: Object, wording: Wording) -> Iterator[tuple[Cell, ...]]:
    for app in document["apps"]:
        for finding in app["findings"]:
            margin, runs = finding["margin_ns"], len(finding["runs"])
            yield (
                app_name(app),
                wording.term("severity", finding["severity"]),
                wording.term("verdict", finding["verdict"]),
                wording.finding(finding),
                None if margin is None else float(seconds(abs(margin))),
                finding["count"],
                wording.say("campaign.seen_in_runs", runs=runs, all=len(app["runs"])),
                ", ".join(visible(clause) for clause in finding["clauses"]),
                wording.needs_human(finding["needs_human"]) or "–",
                visible(finding["id"]),
            )


def _matrix(document: Object, wording: Wording) -> Section:
    matrix = document["matrix"]
    decidable = [
        clause
        for clause in matrix["behaviours"]
        if any(row.get(clause, "never") != "never" for row in matrix["apps"].values())
    ]
    rows = [
        (app_name(app), *(SYMBOLS.get(matrix["apps"].get(app["app"], {}).get(clause), "") for clause in decidable))
        for app in document["apps"]
    ]
    total = (wording.say("campaign.apps_with"), *(matrix["apps_with"][clause] for clause in decidable))
    short = tuple(visible(clause).removeprefix("191号 ") for clause in decidable)
    title, note = wording.say("campaign.matrix"), wording.say("campaign.matrix_note")
    return Section("matrix", title, note, (wording.say("campaign.app"), *short), (total, *rows))


def _sdks(document: Object, wording: Wording) -> Iterator[tuple[Cell, ...]]:
    for sdk in document["sdks"]:
        counts = [len(sdk[name]) for name in ("wrongly", "undecided", "rightly", "told")]
        yield (
            visible(sdk["name"]), visible(sdk["company"] or "–"), sdk["apps"], *counts,
            names(sdk["wrongly"], wording), names(sdk["rightly"], wording),
        )  # fmt: skip


def _takes(document: Object, wording: Wording) -> Iterator[tuple[Cell, ...]]:
    for sdk in document["sdks"]:
        for take in sdk["takes"]:
            act = wording.term("act", take["act"])
            yield visible(sdk["name"]), wording.data(take["data"]), act, take["apps"], names(take["hosts"], wording)


def _advice(document: Object, wording: Wording) -> Iterator[tuple[Cell, ...]]:
    for sdk in document["sdks"]:
        for call in sdk["calls"] if sdk["wrongly"] else ():
            kind = wording.say(f"campaign.call_kind.{call['kind']}")
            yield visible(sdk["name"]), kind, visible(call["call"], LONG), visible(call["effect"], LONG) or "–"


def _necessity(document: Object, wording: Wording) -> Iterator[tuple[Cell, ...]]:
    for judged in document["necessity"]:
        for item in judged["beyond"]:
            yield (
                _category(judged["category"], wording),
                judged["apps"],
                wording.data(item["data"]),
                item["apps_count"],
                names(item["apps"], wording, item["apps_count"]),
            )


def _blind_spots(document: Object, wording: Wording) -> Iterator[tuple[Cell, ...]]:
    for app in document["apps"]:
        for spot in app["blind_spots"]:
            yield (
                app_name(app),
                wording.term("blind_spot", spot["kind"]),
                spot["count"],
                spot["runs"],
                names(spot["hosts"], wording, spot["hosts_count"]),
                wording.blind_spot(spot),
            )


def _broken(document: Object) -> Iterator[tuple[Cell, ...]]:
    for one in document["broken"]:
        yield visible(one["capture"]), visible(one["reason"], LONG)


def _comparison(compared: Object, wording: Wording) -> Section:
    note = wording.say("campaign.comparison_note", **compared["counts"])
    if not compared["same_knowledge"]:
        note = f"{note} {wording.say('recheck.knowledge_differs')}"
    title, columns = wording.say("campaign.comparison"), _columns("comparison", wording)
    return Section("comparison", title, note, columns, tuple(comparison(compared, wording)), group=0)


def names(given: Sequence[str], wording: Wording, count: int | None = None) -> str:
    """The first names of a list, and how many there are besides; a dash for none."""
    shown = ", ".join(visible(name) for name in given[:_NAMES_IN_CELL])
    left = (len(given) if count is None else count) - min(len(given), _NAMES_IN_CELL)
    return f"{shown} {wording.say('campaign.more', count=left)}" if left > 0 else shown or "–"


def summary_line(document: Object, wording: Wording) -> str:
    """What was inspected, in one sentence."""
    told = {name: "–" if value is None else value for name, value in document["campaign"].items()}
    return wording.say("campaign.summary", **told)
