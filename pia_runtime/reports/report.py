"""All that a report is made from, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pia_runtime.detection.masking import Secrets
from pia_runtime.model.exhibit import Exhibits
from pia_runtime.reports.consent_line import ConsentLine, consent_line
from pia_runtime.reports.instants import seconds, utc, with_error
from pia_runtime.reports.labels import Document, Labels, Lang
from pia_runtime.reports.summary import finding_phases, findings_by_severity
from pia_runtime.reports.wording import Wording

if TYPE_CHECKING:
    import pandas as pd

    from pia_runtime.reports.blocks import Photo


@dataclass(frozen=True, slots=True)
class Report:
    """One analysis document on its way into a file.

    Attributes:
        document: the analysis document.
        exhibits: requests, decode steps and pictures beside it; empty where only a document was given.
        states: finding id → state of its re-check in words, where an earlier run was given.
        wording: the words of one language.
        line: consent boundaries and phases.
        detections: by id.
        findings: gravest first.
        phases: phases of each finding's detections, by finding id.
        secrets: values that may not stand in quoted requests.
        table: which one the flat formats write: detections, findings or events.
        events: the capture's events (:func:`pia_runtime.reports.event_frame.events_frame`), where that table was asked for.
        timeline: the still picture of the timeline, where the format shows it.
    """

    document: Document
    wording: Wording
    exhibits: Exhibits
    line: ConsentLine
    detections: Mapping[str, Mapping[str, Any]]
    findings: tuple[Mapping[str, Any], ...]
    phases: Mapping[str, set[str]]
    states: Mapping[str, str] = field(default_factory=dict)
    secrets: Secrets = field(default_factory=lambda: Secrets(()))
    table: str = "detections"
    events: "pd.DataFrame | None" = None
    timeline: "Photo | None" = None

    @classmethod
    def of(
        cls,
        document: Document,
        labels: Labels,
        lang: Lang,
        exhibits: Exhibits | None = None,
        states: Mapping[str, str] | None = None,
        table: str = "detections",
        events: "pd.DataFrame | None" = None,
        timeline: "Photo | None" = None,
    ) -> "Report":
        """Index a document."""
        return cls(
            document,
            Wording(lang, labels),
            exhibits or Exhibits(),
            consent_line(document),
            {str(one.get("id")): one for one in document.get("detections") or ()},
            tuple(findings_by_severity(document)),
            finding_phases(document),
            states or {},
            Secrets(exhibits.secrets if exhibits else ()),
            table,
            events,
            timeline,
        )

    @property
    def session(self) -> Mapping[str, Any]:
        """What was run."""
        found: Mapping[str, Any] = self.document.get("session") or {}
        return found

    def seen_by(self, finding: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The detections of a finding in the order of time."""
        found = [self.detections[one] for one in finding.get("detections") or () if one in self.detections]
        return sorted(found, key=lambda one: (one.get("t_ns") or 0, str(one.get("id"))))

    def offset(self, t_ns: int | None) -> str:
        """Seconds after the start, or a dash."""
        return "–" if t_ns is None else seconds(t_ns - self.line.start_ns)

    def after_start(self, t_ns: int | None, err_ns: int | None) -> str:
        """``+3.214 s ± 0.002 s``, or a dash."""
        return "–" if t_ns is None else f"+{with_error(t_ns - self.line.start_ns, err_ns)}"

    def told_time(self, t_ns: int | None, err_ns: int | None) -> str:
        """An instant as UTC, after the start, with its error."""
        if t_ns is None:
            return "–"
        error = "?" if err_ns is None else f"{error_text(err_ns)} s"
        return self.wording.say("doc.f_time_value", utc=utc(t_ns), offset=self.offset(t_ns), error=error)


def error_text(err_ns: int) -> str:
    """Seconds, rounded up: three decimals, or six where three would say nothing."""
    decimals = 3 if err_ns >= 1_000_000 else 6
    scale = 10 ** (9 - decimals)
    return seconds(-(-abs(err_ns) // scale) * scale, decimals)
