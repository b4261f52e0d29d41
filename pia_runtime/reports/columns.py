"""The flat tables that CSV and Parquet hold: columns, types and meanings. ``docs/reports.md`` prints them; a test compares."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        dtype: of pandas; ``category`` columns are dictionaries in Parquet.
        meaning: one line.
    """

    name: str
    dtype: str
    meaning: str


_TIME = "datetime64[ns, UTC]"

DETECTIONS = (
    Column("id", "string", "stable id of the detection"),
    Column("act", "category", "access, attempt or transmission"),
    Column("data", "category", "taxonomy id of the data"),
    Column("time", _TIME, "when, on the host's clock"),
    Column("t_ns", "Int64", "the same in ns since the Unix epoch"),
    Column("err_ns", "Int64", "half-width of its uncertainty; empty where the clocks were never compared"),
    Column("phase", "category", "where it lies between the consent signals"),
    Column("verdict", "category", "without_consent, indeterminate or with_consent"),
    Column("margin_ns", "Int64", "distance to the nearest consent boundary"),
    Column("margin_err_ns", "Int64", "uncertainty of that distance"),
    Column("count", "Int64", "how many calls it stands for"),
    Column("actor_kind", "category", "app, sdk, system or unknown"),
    Column("actor_id", "string", "SDK id of the knowledge, or the app's package"),
    Column("actor_name", "string", "name of the SDK"),
    Column("host", "string", "recipient"),
    Column("domain", "string", "registrable domain of the recipient"),
    Column("company", "string", "owner of the recipient, where known"),
    Column("third_party", "boolean", "whether that is a third party; empty where it cannot be told"),
    Column("basis", "category", "how it is known: known, observed, derived, adapter, pattern"),
    Column("confidence", "category", "certain, likely or possible"),
    Column("source", "string", "hook, adapter or pattern that spoke"),
    Column("api", "string", "API that was called"),
    Column("args", "string", "what it was given, as JSON, values masked"),
    Column("threw", "string", "exception it ended with"),
    Column("stack", "string", "frames, innermost first, one a line (written \\n)"),
    Column("process", "string", "process"),
    Column("foreground", "boolean", "whether the event says that the app was in the foreground"),
    Column("state", "category", "foreground, silent, background or unknown"),
    Column("trigger", "string", "text of the user's last action before it"),
    Column("trigger_before_ns", "Int64", "how long before"),
    Column("event", "Int64", "seq of the event"),
    Column("flow", "string", "id of the flow"),
    Column("location", "category", "where in the request"),
    Column("path", "string", "decode steps from outside in, as JSON"),
    Column("encoding", "category", "of the value itself"),
    Column("masked", "string", "masked value"),
    Column("commitment", "string", "keyed digest of the full value"),
    Column("declared", "category", "declared, undeclared, contrary or no_declaration"),
    Column("necessity", "category", "listed, extended, unlisted, outside or no_category"),
)

FINDINGS = (
    Column("id", "string", "stable id of the finding"),
    Column("rule", "category", "rule that held"),
    Column("severity", "category", "critical, high, medium, low or info"),
    Column("verdict", "category", "without_consent, indeterminate or with_consent"),
    Column("sentence", "string", "what was found, in the language asked for"),
    Column("act", "category", "the gravest act counted"),
    Column("data", "category", "taxonomy id of the data"),
    Column("actor_kind", "category", "app, sdk, system or unknown"),
    Column("actor_id", "string", "SDK id of the knowledge, or the app's package"),
    Column("actor_name", "string", "name of the SDK"),
    Column("host", "string", "recipient"),
    Column("company", "string", "owner of the recipient, where known"),
    Column("third_party", "boolean", "whether that is a third party; empty where it cannot be told"),
    Column("count", "Int64", "observations counted"),
    Column("first", _TIME, "the first of them"),
    Column("first_ns", "Int64", "the same in ns since the Unix epoch"),
    Column("margin_ns", "Int64", "smallest distance to the consent boundary"),
    Column("err_ns", "Int64", "uncertainty of that distance"),
    Column("min_interval_ns", "Int64", "smallest gap between two"),
    Column("per_second", "Int64", "most within one second"),
    Column("period_ns", "Int64", "median gap where there are two or more"),
    Column("scope", "string", "consent scope it is about"),
    Column("state", "category", "state of the app where all agree"),
    Column("clauses", "string", "provisions, separated by ;"),
    Column("needs_human", "string", "what a person must still check, in the language asked for"),
    Column("detections", "string", "ids of the detections, separated by ;"),
    Column("dismissed", "boolean", "whether a tester set it aside"),
    Column("notes", "string", "testers' notes"),
)

EVENTS = (
    Column("seq", "Int64", "number of the line; order of arrival"),
    Column("type", "category", "type of the event"),
    Column("t_ns", "Int64", "ns since the Unix epoch by the clock named"),
    Column("clock", "category", "host or device"),
    Column("mono_ns", "Int64", "CLOCK_BOOTTIME of the device"),
    Column("process", "string", "process"),
    Column("foreground", "boolean", "whether the app was in the foreground"),
    Column("hook", "string", "catalog id"),
    Column("api", "string", "API that was called"),
    Column("data", "string", "taxonomy ids that it yields, separated by ,"),
    Column("args", "string", "what it was given, as JSON, values masked"),
    Column("masked", "string", "what it returned, masked"),
    Column("threw", "string", "exception it ended with"),
    Column("count", "Int64", "how many calls the line stands for"),
    Column("stack", "string", "frames, innermost first, one a line (written \\n)"),
    Column("signal", "category", "of a consent event"),
    Column("scope", "string", "of a consent event"),
    Column("source", "category", "of a consent event"),
    Column("text", "string", "of a consent, ui or note event, values masked"),
    Column("detail", "string", "what else the line says, as JSON, values masked"),
)

TABLES = {"detections": DETECTIONS, "findings": FINDINGS, "events": EVENTS}
"""Tables by name."""
