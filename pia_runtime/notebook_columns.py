"""Columns and dtypes of the frames that :mod:`pia_runtime.notebook` hands out."""

SEVERITIES = ("critical", "high", "medium", "low", "info")

TIME = "datetime64[ns, UTC]"
_WHO = {"actor_kind": "category", "actor_id": "str", "actor_name": "str"}
WHERE = {"host": "str", "domain": "str", "company": "str", "third_party": "boolean"}

EVENTS: dict[str, str] = {
    "seq": "int64",
    "type": "category",
    "time": TIME,
    "t_ns": "int64",
    "clock": "category",
    "mono_ns": "Int64",
    "process": "str",
    "foreground": "boolean",
    "hook": "str",
    "api": "str",
    "data": "str",
    "value": "str",
    "threw": "str",
    "stack": "str",
    "count": "int64",
    "signal": "category",
    "scope": "str",
    "source": "category",
    "state": "str",
    "kind": "str",
    "host": "str",
    "text": "str",
}
"""Columns of :meth:`pia_runtime.notebook.Capture.events`; those that a type of event does not have are missing values."""

DETECTIONS: dict[str, str] = {
    "id": "str",
    "act": "category",
    "data": "category",
    "basis": "category",
    "time": TIME,
    "t_ns": "Int64",
    "err_ns": "Int64",
    "phase": "category",
    "verdict": "category",
    "margin_ns": "Int64",
    "margin_err_ns": "Int64",
    **_WHO,
    **WHERE,
    "api": "str",
    "location": "category",
    "path": "object",
    "encoding": "category",
    "masked": "str",
    "commitment": "str",
    "event": "Int64",
    "flow": "str",
    "read": "str",
    "state": "category",
    "process": "str",
    "count": "int64",
    "stack": "object",
}
"""Columns of :meth:`pia_runtime.notebook.Capture.detections`; ``path`` and ``stack`` hold lists of str."""

FINDINGS: dict[str, str] = {
    "id": "str",
    "rule": "category",
    "severity": "category",
    "verdict": "category",
    "act": "category",
    "data": "category",
    **_WHO,
    **WHERE,
    "count": "int64",
    "first": TIME,
    "first_ns": "Int64",
    "margin_ns": "Int64",
    "err_ns": "Int64",
    "clauses": "object",
    "needs_human": "str",
    "detections": "object",
}
"""Columns of :meth:`pia_runtime.notebook.Capture.findings`; ``severity`` is ordered, two columns hold lists."""

CONSENT: dict[str, str] = {
    "scope": "str",
    "state": "category",
    "since": TIME,
    "from_ns": "Int64",
    "from_err_ns": "Int64",
    "until": TIME,
    "until_ns": "Int64",
    "until_err_ns": "Int64",
    "sources": "object",
    "signals": "object",
}
"""Columns of :meth:`pia_runtime.notebook.Capture.consent`; ``sources`` and ``signals`` (seq of events) hold lists."""

BLIND_SPOTS: dict[str, str] = {
    "kind": "category",
    "host": "str",
    "count": "int64",
    "detail": "str",
    "why_it_matters": "str",
}
"""Columns of :meth:`pia_runtime.notebook.Capture.blind_spots`."""
