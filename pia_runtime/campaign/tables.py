"""Analysis documents as rows: the campaign's dataset, with one schema that other programs can rely on."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from pia_runtime.campaign.manifest import Entry

_WORD = pa.dictionary(pa.int32(), pa.string())
_WORDS = pa.list_(pa.string())
_WHERE: list[tuple[str, pa.DataType]] = [
    ("app", _WORD),  # package name
    ("version", _WORD),  # version name
    ("date", _WORD),  # UTC date of the run, YYYY-MM-DD
    ("capture", _WORD),  # name in the campaign
]
_WHO: list[tuple[str, pa.DataType]] = [
    ("actor_kind", _WORD),  # app | sdk | system | unknown
    ("actor_id", _WORD),  # SDK id or package
    ("actor_name", _WORD),
    ("host", _WORD),  # of the recipient; null unless it was sent
    ("domain", _WORD),  # registrable domain of the recipient
    ("company", _WORD),
    ("third_party", pa.bool_()),
]

CAPTURES = pa.schema(
    [
        *_WHERE,
        ("session", pa.string()),
        ("label", pa.string()),
        ("version_code", pa.int64()),
        ("categories", pa.list_(pa.int32())),  # of the 39
        ("first_launch", pa.bool_()),
        ("android", pa.string()),
        ("policy_state", _WORD),  # state of the last consent record of scope "policy", null where there is none
        ("flows", pa.int64()),
        ("events", pa.int64()),
        ("hooks_installed", pa.int64()),
        ("hooks_failed", pa.int64()),
        ("blind_spots", pa.int64()),
        ("without_consent", pa.int64()),  # detections by verdict
        ("indeterminate", pa.int64()),
        ("with_consent", pa.int64()),
        ("findings", pa.int64()),
        ("analysis_key", pa.string()),  # which stored document
        ("broken", pa.string()),  # why there is no analysis, null where there is one
    ]
)
FINDINGS = pa.schema(
    [
        *_WHERE,
        ("id", pa.string()),  # stable: the same fault of one app has it in every run
        ("second_id", pa.string()),
        ("rule", _WORD),
        ("severity", _WORD),
        ("verdict", _WORD),
        ("data", _WORD),
        ("act", _WORD),
        *_WHO,
        ("count", pa.int64()),
        ("first_ns", pa.int64()),  # ns since the Unix epoch, UTC, host clock
        ("margin_ns", pa.int64()),  # distance to the nearest consent boundary
        ("err_ns", pa.int64()),
        ("scope", _WORD),
        ("state", _WORD),
        ("clauses", _WORDS),
        ("categories", pa.list_(pa.int32())),  # kinds of app on whose lists the data is not
        ("needs_human", _WORD),
    ]
)
DETECTIONS = pa.schema(
    [
        *_WHERE,
        ("id", pa.string()),
        ("act", _WORD),
        ("data", _WORD),
        ("basis", _WORD),
        ("t_ns", pa.int64()),  # ns since the Unix epoch, UTC, host clock
        ("err_ns", pa.int64()),
        ("phase", _WORD),
        ("verdict", _WORD),
        ("margin_ns", pa.int64()),
        *_WHO,
        ("location", _WORD),
        ("path", _WORDS),
        ("encoding", _WORD),
        ("confidence", _WORD),
        ("api", _WORD),
        ("foreground", pa.string()),
        ("process", _WORD),
        ("count", pa.int64()),
        ("masked", pa.string()),
        ("commitment", pa.string()),
    ]
)
BLIND_SPOTS = pa.schema([*_WHERE, ("kind", _WORD), ("host", _WORD), ("count", pa.int64())])
NECESSITY = pa.schema(
    [
        *_WHERE,
        ("category", pa.int32()),
        ("data", _WORD),
        ("place", _WORD),  # necessary | extended | beyond | outside_the_lists
    ]
)
ASSESSMENT = pa.schema(
    [
        *_WHERE,
        ("clause", _WORD),  # of the 31 behaviours of 191号
        ("result", _WORD),  # found | not_seen | not_seen_because | not_assessed | never
        ("because", _WORDS),
    ]
)
CONSENT = pa.schema(
    [
        *_WHERE,
        ("scope", _WORD),  # policy, permission:<name>, sdk:<id>, data:<taxonomy id>
        ("state", _WORD),  # requested | given | refused | withdrawn
        ("from_ns", pa.int64()),  # ns since the Unix epoch, UTC, host clock
        ("from_err_ns", pa.int64()),
        ("until_ns", pa.int64()),  # null: to the end of the run
        ("until_err_ns", pa.int64()),
        ("sources", _WORDS),
    ]
)
TABLES: dict[str, pa.Schema] = {
    "findings": FINDINGS,
    "detections": DETECTIONS,
    "blind_spots": BLIND_SPOTS,
    "necessity": NECESSITY,
    "assessment": ASSESSMENT,
    "consent": CONSENT,
}
"""The partitioned tables; :data:`CAPTURES` is one file, because a broken capture has no partition."""

type Row = dict[str, Any]


def rows_of(entry: Entry, document: Mapping[str, Any]) -> dict[str, list[Row]]:
    """The rows that one capture adds to each partitioned table."""
    where = {"app": entry.app, "version": entry.version, "date": entry.date, "capture": entry.name}
    return {
        "findings": [_finding(where, finding) for finding in document["findings"]],
        "detections": [_detection(where, detection) for detection in document["detections"]],
        "blind_spots": [where | _picked(BLIND_SPOTS, spot) for spot in document["blind_spots"]],
        "necessity": [where | row for judged in document["necessity"] for row in _necessity(judged)],
        "assessment": [_picked(ASSESSMENT, judged) | where for judged in document["assessment"]],
        "consent": [_picked(CONSENT, record) | where for record in document["consent"]],
    }


def capture_row(entry: Entry, document: Mapping[str, Any] | None) -> Row:
    """The row of one capture, analysed or broken."""
    where: Row = {"app": entry.app, "version": entry.version, "date": entry.date, "capture": entry.name}
    where |= {"broken": entry.broken or None, "analysis_key": entry.key or None}
    if document is None:
        return where
    session, coverage = document["session"], document["coverage"]
    app = session.get("app") or {}
    policy = [record for record in document["consent"] if record["scope"] == "policy"]
    return where | {
        "session": session.get("id"),
        "label": app.get("label"),
        "version_code": app.get("version_code"),
        "categories": list(app.get("categories") or ()),
        "first_launch": session.get("first_launch"),
        "android": (session.get("device") or {}).get("android"),
        "policy_state": policy[-1]["state"] if policy else None,
        "blind_spots": len(document["blind_spots"]),
        "findings": len(document["findings"]),
        **{name: coverage.get(name) for name in ("flows", "events", "hooks_installed", "hooks_failed")},
        **coverage["verdicts"],
    }


def _picked(schema: pa.Schema, source: Mapping[str, Any]) -> Row:
    return {name: source[name] for name in schema.names if name in source}


def _who(source: Mapping[str, Any]) -> Row:
    actor, recipient = source.get("actor") or {}, source.get("recipient") or {}
    return {
        **{f"actor_{name}": actor.get(name) for name in ("kind", "id", "name")},
        **{name: recipient.get(name) for name in ("host", "domain", "company", "third_party")},
    }


def _finding(where: Row, finding: Mapping[str, Any]) -> Row:
    return _picked(FINDINGS, finding) | _who(finding) | where


def _detection(where: Row, detection: Mapping[str, Any]) -> Row:
    foreground = detection.get("foreground")
    return (
        _picked(DETECTIONS, detection)
        | _who(detection)
        | where
        | {"foreground": None if foreground is None else str(foreground).lower()}
    )


def _necessity(judged: Mapping[str, Any]) -> Iterable[Row]:
    seen = {"necessary": [kind for element in judged["elements"] for kind in element["seen"]]}
    for place in ("extended", "beyond", "outside_the_lists"):
        seen[place] = [item if isinstance(item, str) else item["data"] for item in judged[place]]
    for place, kinds in seen.items():
        for kind in sorted(set(kinds)):
            yield {"category": judged["category"], "data": kind, "place": place}


def table_of(schema: pa.Schema, rows: list[Row]) -> pa.Table:
    """Rows as an Arrow table of a fixed schema; what a row lacks is null."""
    return pa.Table.from_pylist(rows, schema=schema)
