"""What a run gave a chance to show itself: hooks by name, hosts that were talked to, screens, states, known values.

Numbers alone (``hooks_installed``: 46) cannot tell a later run whether the same situation came about again; these names can.
"""

from collections.abc import Mapping
from typing import Any

from pia_runtime.model.event import Events
from pia_runtime.model.session import Identifiers
from pia_runtime.pipeline.blind_spots import hooks_by_status

_LONGEST_NAME = 200
_MOST_NAMES = 2_000
"""Names of one kind kept in the document; a run that has more is told apart by ``"…"`` as the last."""


def exercised(events: Events, identifiers: Identifiers, hosts: Mapping[str, int]) -> dict[str, Any]:
    """The ``exercised`` object of the coverage.

    Args:
        events: what was observed.
        identifiers: the known values.
        hosts: flows by host.
    """
    hooks = hooks_by_status(events)
    return {
        "hooks": {status: _bounded(hooks.get(status, ())) for status in ("installed", "failed", "absent")},
        "hooks_called": _bounded(_called(events)),
        "hosts": _bounded(hosts),
        "activities": _bounded(_activities(events)),
        "states": sorted(_states(events)),
        "known_data": _bounded({identifier.id for identifier in identifiers.identifiers}),
    }


def _called(events: Events) -> set[str]:
    hooks = events.api_calls["hook"]
    return {str(name) for name in hooks.cat.categories[hooks.cat.codes[hooks.cat.codes >= 0].unique()]} - {""}


def _activities(events: Events) -> set[str]:
    named = (o.fields.get("activity") for o in events.occurrences if o.type == "lifecycle")
    return {name for name in named if isinstance(name, str) and name}


def _states(events: Events) -> set[str]:
    """``foreground`` and ``background``, where any event says so."""
    said = {bool(value) for value in events.api_calls["foreground"].dropna().unique()}
    said |= {o.fields["foreground"] for o in events.occurrences if isinstance(o.fields.get("foreground"), bool)}
    told = {str(o.fields.get("state")) for o in events.occurrences if o.type == "lifecycle"}
    if "activity_resumed" in told:
        told.add("foreground")
    return {"foreground" if value else "background" for value in said} | (told & {"foreground", "background"})


def _bounded(names: Mapping[str, Any] | set[str] | list[str] | tuple[str, ...]) -> list[str]:
    kept = sorted({name[:_LONGEST_NAME] for name in names})
    return kept if len(kept) <= _MOST_NAMES else [*kept[:_MOST_NAMES], "…"]
