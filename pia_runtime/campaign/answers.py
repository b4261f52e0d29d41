"""What a campaign says, as one document (``pia.campaign-report/1``): apps ranked, behaviours, SDKs, necessity, blind spots.

Everything follows from the dataset's tables; several runs of one app are one app. The same dataset gives the same document.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pia_runtime.campaign.answers_sdks import sdk_answers
from pia_runtime.knowledge.base import Knowledge
from pia_runtime.knowledge.sdks import Sdk

SCHEMA = "pia.campaign-report/1"
SEVERITIES = ("critical", "high", "medium", "low", "info")
VERDICTS = ("without_consent", "indeterminate", "with_consent")
RESULTS = ("found", "not_seen", "not_seen_because", "not_assessed", "never")
"""What an app's runs together say of a behaviour: the first of these that any run says."""
_MOST = 200
"""Names in one list of the document at the most; what is left out is counted."""

type Tables = Mapping[str, pd.DataFrame]
type Object = dict[str, Any]


def answers(tables: Tables, sdks: Mapping[str, Sdk], knowledge: Knowledge) -> Object:
    """The report's document without a comparison.

    Args:
        tables: ``captures`` and every table of :data:`pia_runtime.campaign.tables.TABLES`, as the dataset holds them.
        sdks: what is known of each SDK, by id.
        knowledge: rules and headings of public notices.

    Returns:
        ``campaign`` (what was inspected), ``apps`` (the worst first), ``matrix`` (app × behaviour), ``sdks``, ``necessity``,
        ``notices`` (headings by id), ``broken``.
    """
    headings = {rule.id: rule.notice for rule in knowledge.rules if rule.notice}
    captures = tables["captures"]
    good, broken = captures[captures["broken"].isna()], captures[captures["broken"].notna()]
    apps = app_answers(good, tables, headings)
    return {
        "schema": SCHEMA,
        "campaign": {
            "captures": len(good),
            "broken": len(broken),
            "apps": len(apps),
            "findings": sum(len(app["findings"]) for app in apps),
            "from": _first(good["date"], "min"),
            "to": _first(good["date"], "max"),
        },
        "apps": apps,
        "matrix": matrix(tables["assessment"]),
        "sdks": sdk_answers(tables["detections"], tables["consent"], sdks),
        "necessity": necessity(tables["necessity"]),
        "notices": {name: dict(words) for name, words in knowledge.notices.items()},
        "broken": [
            {"capture": row.capture, "reason": row.broken} for row in broken.sort_values("capture").itertuples()
        ],
    }


def app_answers(captures: pd.DataFrame, tables: Tables, headings: Mapping[str, str]) -> list[Object]:
    """One object an app, the worst first: by the number of certain findings of each severity, then of undecided ones."""
    findings = app_findings(tables["findings"], headings)
    spots = _blind_spots(tables["blind_spots"])
    apps = [_app(str(package), runs, findings, spots) for package, runs in captures.groupby("app", sort=True)]
    apps.sort(key=lambda app: (_badness(app), app["app"]))
    for rank, app in enumerate(apps, 1):
        app["rank"] = rank
    return apps


def app_findings(findings: pd.DataFrame, headings: Mapping[str, str]) -> dict[str, list[Object]]:
    """By app: each fault once, however many runs show it, with the most certain verdict that a run came to."""
    if findings.empty:
        return {}
    ordered = findings.assign(
        _severity=_order(findings["severity"], SEVERITIES), _verdict=_order(findings["verdict"], VERDICTS)
    ).sort_values(["app", "_severity", "_verdict", "id", "margin_ns", "capture"], ascending=[True] * 4 + [False, True])
    runs = ordered.groupby(["app", "id"], observed=True)["capture"].agg(lambda names: sorted(set(names)))
    counts = ordered.groupby(["app", "id"], observed=True)["count"].sum()
    answered: dict[str, list[Object]] = {}
    for row in ordered.drop_duplicates(["app", "id"]).to_dict("records"):
        key = (row["app"], row["id"])
        answered.setdefault(str(row["app"]), []).append(_finding(row, runs[key], int(counts[key]), headings))
    return answered


def _finding(row: Mapping[Any, Any], runs: list[str], count: int, headings: Mapping[str, str]) -> Object:
    plain = {name: _plain(row[name]) for name in ("id", "rule", "severity", "verdict", "data", "act", "scope", "state")}
    recipient = {name: _plain(row[name]) for name in ("host", "domain", "company", "third_party")}
    return plain | {
        "actor": {name: _plain(row[f"actor_{name}"]) for name in ("kind", "id", "name")},
        "recipient": recipient if recipient["host"] else None,
        "clauses": list(row["clauses"]),
        "categories": [int(number) for number in row["categories"]],
        "needs_human": _plain(row["needs_human"]),
        "notice": headings.get(row["rule"]),
        "margin_ns": _whole(row["margin_ns"]),
        "err_ns": _whole(row["err_ns"]),
        "count": count,
        "runs": runs,
    }


def _app(
    package: str, runs: pd.DataFrame, findings: Mapping[str, list[Object]], spots: Mapping[str, list[Object]]
) -> Object:
    own = findings.get(package, [])
    certain = [finding for finding in own if finding["verdict"] == "without_consent"]
    labels = sorted({str(label) for label in runs["label"].dropna()})
    return {
        "rank": 0,
        "app": package,
        "label": labels[-1] if labels else None,
        "versions": sorted({str(version) for version in runs["version"]}),
        "categories": sorted({int(number) for numbers in runs["categories"] for number in numbers}),
        "runs": sorted(str(name) for name in runs["capture"]),
        "certain": {name: sum(one["severity"] == name for one in certain) for name in SEVERITIES},
        "undecided": sum(finding["verdict"] == "indeterminate" for finding in own),
        "to_judge": sum(finding["verdict"] == "with_consent" for finding in own),
        "findings": own,
        "blind_spots": spots.get(package, []),
    }


def _badness(app: Object) -> tuple[int, ...]:
    return (*(-app["certain"][name] for name in SEVERITIES), -app["undecided"], -app["to_judge"])


def _blind_spots(spots: pd.DataFrame) -> dict[str, list[Object]]:
    """By app and kind: how often, in how many runs, and which hosts."""
    answered: dict[str, list[Object]] = {}
    for (app, kind), rows in spots.groupby(["app", "kind"], observed=True, sort=True):
        hosts = sorted({str(host) for host in rows["host"].dropna()})
        answered.setdefault(str(app), []).append(
            {"kind": kind, "count": int(rows["count"].sum()), "runs": int(rows["capture"].nunique())}
            | bounded("hosts", hosts)
        )
    return answered


def matrix(assessment: pd.DataFrame) -> Object:
    """App × behaviour of 191号: what the runs of the app together say."""
    clauses = list(dict.fromkeys(str(clause) for clause in assessment["clause"]))
    best = (
        assessment.assign(_result=_order(assessment["result"], RESULTS))
        .groupby(["app", "clause"], observed=True)["_result"]
        .min()
    )
    rows: dict[str, Object] = {}
    for app, clause, result in best.reset_index().itertuples(index=False):
        rows.setdefault(str(app), {})[str(clause)] = RESULTS[int(result)]
    found = {clause: sum(row.get(clause) == "found" for row in rows.values()) for clause in clauses}
    return {"behaviours": clauses, "apps": rows, "apps_with": found}


def necessity(rows: pd.DataFrame) -> list[Object]:
    """Per kind of app: what was taken beyond its list, and by which apps."""
    beyond = rows[rows["place"] == "beyond"]
    kinds = rows.groupby("category")["app"].nunique()
    answered = []
    for category, apps in kinds.items():
        own = beyond[beyond["category"] == category]
        items: list[Object] = [
            {"data": data} | bounded("apps", sorted({str(app) for app in group["app"]}))
            for data, group in own.groupby("data", observed=True, sort=True)
        ]
        items.sort(key=lambda item: -int(item["apps_count"]))
        answered.append({"category": int(str(category)), "apps": int(apps), "beyond": items})
    return answered


def bounded(name: str, names: list[str]) -> Object:
    """A list of names that stays short in the document, and how many there are in all."""
    return {name: names[:_MOST], f"{name}_count": len(names)}


def _order(column: pd.Series, words: tuple[str, ...]) -> pd.Series:
    """Position of each word; an unknown one comes last."""
    return (
        column.astype("object")
        .map({word: place for place, word in enumerate(words)})
        .fillna(len(words) - 1)
        .astype("int64")
    )


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell of a table
    return None if pd.isna(value) else value


def _whole(value: Any) -> int | None:  # noqa: ANN401 - a cell of a table
    return None if pd.isna(value) else int(value)


def _first(dates: pd.Series, which: str) -> str | None:
    known = sorted(str(date) for date in dates if date != "unknown")
    return None if not known else known[0 if which == "min" else -1]
