"""Why an app's process ended, as Android itself recorded it (``dumpsys activity exit-info``, Android 11 and later).

Reasons are those of ``android.app.ApplicationExitInfo`` (developer documentation, API 30).
"""

import re
from dataclasses import dataclass

REASONS = {
    1: "it ended itself (System.exit)",
    2: "it was ended by a signal",
    3: "the system needed memory",
    4: "it crashed in Java",
    5: "it crashed in native code",
    6: "it did not respond (ANR)",
    7: "it could not be initialised",
    8: "a permission changed",
    9: "it used too many resources",
    10: "the user stopped it",
    11: "its user was stopped",
    12: "another process that it needs died",
    13: "another reason",
    14: "it was frozen",
    15: "its package changed",
    16: "its package was updated",
}
_CRASHES = frozenset({4, 5, 6, 7})
_OWN_ENDS = frozenset({1, 2})
_ORDERED = frozenset({3, 8, 9, 10, 11, 12, 14, 15, 16})

SUSPICIOUS_SECONDS = 60.0
"""An app that ends itself this soon after its start, without a crash, does what anti-instrumentation does."""

_ENTRY = re.compile(r"\bpid=(\d+)\b.*?\breason=(\d+)\b.*?(?:\bstatus=(-?\d+))?", re.DOTALL)
_DESCRIPTION = re.compile(r"\bdescription=(.*?)(?:\s+state=|$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class AppExit:
    """How a process ended.

    Attributes:
        kind: gap kind: ``app_crashed``, ``app_exit_suspicious``, ``app_exit`` (ordered by user or system) or
            ``app_exit_unknown``.
        detail: one sentence.
    """

    kind: str
    detail: str


def judge_exit(dump: str, pid: int | None, ran_s: float) -> AppExit:
    """Tell a crash from an app that ends itself when it is watched, and both from an end that somebody ordered.

    Args:
        dump: output of ``dumpsys activity exit-info PACKAGE``.
        pid: of the process.
        ran_s: seconds it ran.
    """
    for entry in re.split(r"ApplicationExitInfo #\d+:", dump)[1:]:
        found = _ENTRY.search(entry)
        if found is None or (pid is not None and int(found[1]) != pid):
            continue
        reason = int(found[2])
        words = REASONS.get(reason, f"reason {reason}")
        said = _DESCRIPTION.search(entry)
        more = f" ({said[1].strip()[:200]})" if said and said[1].strip() not in ("", "null") else ""
        detail = f"after {ran_s:.0f} s {words}{more}"
        if reason in _CRASHES:
            return AppExit("app_crashed", detail)
        if reason in _OWN_ENDS and ran_s <= SUSPICIOUS_SECONDS:
            hint = "without a crash, as apps do that look for instrumentation: rename frida-server and change its port"
            return AppExit("app_exit_suspicious", f"{detail}, {hint}")
        return AppExit("app_exit" if reason in _ORDERED | _OWN_ENDS else "app_exit_unknown", detail)
    return AppExit("app_exit_unknown", f"after {ran_s:.0f} s; Android recorded no reason")
