"""What the page's script needs to draw: the document's dated detections as columns, every text once, times relative to the start.

Nanoseconds since 1970 do not fit a JavaScript number; nanoseconds since the start of the run do. Columns and a shared text
table keep 100 000 marks below ten megabytes. Texts are escaped for the eye here; they reach the page by ``textContent`` only.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pia_runtime.reports.consent_line import ConsentLine, consent_line
from pia_runtime.reports.escape import LONG, MEDIUM, SHORT, visible
from pia_runtime.reports.instants import utc
from pia_runtime.reports.labels import LANGS, Document, Labels, Names
from pia_runtime.reports.lanes import ActorKey, Detection, actor_key, actor_lanes, dated_detections
from pia_runtime.reports.messages import load_messages
from pia_runtime.reports.page_exhibits import page_moments
from pia_runtime.reports.summary import finding_phases, findings_by_severity, margin_of
from pia_runtime.reports.wording import Wording

MOST_FRAMES = 40
"""Stack frames and decode steps that a page shows of one detection."""

_SPOKEN = (
    "act",
    "act_long",
    "verdict",
    "verdict_long",
    "phase",
    "state",
    "basis",
    "confidence",
    "location",
    "report",
    "margin",
    "page",
    "app_state",
    "blind_spot",
    "read_basis",
    "screen_state",
)
_TEXT_COLUMNS = (
    "act",
    "verdict",
    "phase",
    "basis",
    "confidence",
    "source",
    "location",
    "encoding",
    "masked",
    "commitment",
    "api",
    "threw",
    "state",
    "read_basis",
)
_LIST_COLUMNS = ("path", "stack", "learned_from")
KIND_COLUMNS = ("lane", "foreground", "recipient", *_LIST_COLUMNS, *_TEXT_COLUMNS)
"""What the numbers of one entry of ``kinds`` mean: columns that hardly vary are kept once per combination."""


class _Pool:
    """Values by number, each kept once."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    def number(self, value: Any) -> int:  # noqa: ANN401 (any hashable)
        return self._numbers.setdefault(value, len(self._numbers))

    def values(self) -> list[Any]:
        return list(self._numbers)


@dataclass(frozen=True, slots=True)
class PageData:
    """Data of one page, ready for JSON; keys and order depend on the document alone.

    Attributes:
        place: detection id → number of its mark.
    """

    data: dict[str, Any]
    line: ConsentLine
    place: Mapping[str, int]


def page_data(document: Document, labels: Labels) -> PageData:
    """What the script draws. Times of marks are distances from the mark before: they are half as long to write."""
    line = consent_line(document)
    marks = _Marks(document, line)
    data = {
        "start": utc(line.start_ns),
        "uncompared": line.uncompared,
        "span": line.end_ns - line.start_ns,
        "bands": [[band.phase, band.from_ns - line.start_ns, band.until_ns - line.start_ns] for band in line.bands],
        "boundaries": [[edge.state, edge.t_ns - line.start_ns, edge.err_ns] for edge in line.boundaries],
        "lanes": [[marks.actors.number(actor), visible(data)] for actor, data in marks.lanes],
        "actors": [_actor_names(actor, labels) for actor in marks.actors.values()],
        "data": {
            visible(data): {lang: Wording(lang, labels).data(data) for lang in LANGS}
            for data in sorted({data for _, data in marks.lanes})
        },
        **page_moments(document, line),
        "marks": marks.columns,
        "kind_columns": list(KIND_COLUMNS),
        "kinds": marks.kinds.values(),
        "texts": marks.texts.values(),
        "lists": marks.lists.values(),
        "recipients": marks.recipients.values(),
        "findings": _findings(document, labels, marks.place),
        "clauses": _clauses(document, labels.clauses),
        "messages": {
            lang: {key: text for key, text in load_messages(lang).items() if key.split(".")[0] in _SPOKEN}
            for lang in LANGS
        },
    }
    return PageData(data, line, marks.place)


class _Marks:
    """Columns of all dated detections, and the tables that their numbers point into."""

    def __init__(self, document: Document, line: ConsentLine) -> None:
        self.texts, self.lists, self.recipients, self.actors, self.kinds = _Pool(), _Pool(), _Pool(), _Pool(), _Pool()
        self.lanes = [(group.actor, lane.data) for group in actor_lanes(document) for lane in group.lanes]
        self.place: dict[str, int] = {}
        self.columns: dict[str, list[Any]] = {}
        numbers = {lane: number for number, lane in enumerate(self.lanes)}
        for actor, _ in self.lanes:
            self.actors.number(actor)
        dated = dated_detections(document)
        self.place.update((str(detection.get("id")), place) for place, detection in enumerate(dated))
        for detection in dated:
            lane = numbers[actor_key(detection.get("actor")), str(detection.get("data"))]
            for name, value in self._row(detection, lane, line.start_ns):
                self.columns.setdefault(name, []).append(value)
        if dated:
            times = self.columns["t"]
            self.columns["t"] = [now - before for before, now in itertools.pairwise([0, *times])]

    def _row(self, detection: Detection, lane: int, start_ns: int) -> list[tuple[str, Any]]:
        return [
            ("id", visible(detection.get("id"), 64)),
            ("t", detection["t_ns"] - start_ns),
            ("err", detection.get("err_ns")),
            ("margin", detection.get("margin_ns")),
            ("margin_err", detection.get("margin_err_ns", detection.get("err_ns"))),
            ("event", detection.get("event")),
            ("flow", self._text(detection.get("flow"))),
            ("read", self.place.get(str((detection.get("read") or {}).get("detection")), -1)),
            ("kind", self.kinds.number(self._kind(detection, lane))),
        ]

    def _kind(self, detection: Detection, lane: int) -> tuple[Any, ...]:
        """All that tends to be the same from one mark to the next, in the order of KIND_COLUMNS."""
        return (
            lane,
            detection.get("foreground"),
            self.recipients.number(_recipient(detection.get("recipient"))),
            *(self._list(detection.get(name)) for name in _LIST_COLUMNS),
            *(self._text(_field(detection, name), MEDIUM) for name in _TEXT_COLUMNS),
        )

    def _text(self, value: object, limit: int = SHORT) -> int:
        return self.texts.number(visible(value, limit))

    def _list(self, values: list[object] | None) -> int:
        return self.lists.number(tuple(visible(value, LONG) for value in (values or ())[:MOST_FRAMES]))


def _field(detection: Detection, name: str) -> object:
    return (detection.get("read") or {}).get("basis") if name == "read_basis" else detection.get(name)


def _recipient(recipient: Mapping[str, Any] | None) -> tuple[str, str, bool | None] | None:
    if not recipient:
        return None
    return (visible(recipient.get("host")), visible(recipient.get("company")), recipient.get("third_party"))


def _actor_names(actor: ActorKey, labels: Labels) -> dict[str, str]:
    kind, given, name = actor
    spoken = {"kind": kind, "id": given, "name": name}
    return {"id": visible(given), **{lang: Wording(lang, labels).actor(spoken) for lang in LANGS}}


def _findings(document: Document, labels: Labels, place: Mapping[str, int]) -> list[dict[str, Any]]:
    phases = finding_phases(document)
    return [
        {
            "id": visible(finding.get("id"), 64),
            "marks": [place[one] for one in finding.get("detections") or () if one in place],
            "clauses": [visible(clause) for clause in finding.get("clauses") or ()],
            **{
                lang: {"sentence": wording.finding(finding), "margin": margin_of(finding, phases, wording)}
                for lang, wording in ((lang, Wording(lang, labels)) for lang in LANGS)
            },
        }
        for finding in findings_by_severity(document)
    ]


def _clauses(document: Document, names: Names) -> dict[str, dict[str, str]]:
    cited = sorted(
        {str(clause) for finding in document.get("findings") or () for clause in finding.get("clauses") or ()}
    )
    return {visible(clause): dict(names.get(clause, {})) for clause in cited}
