"""One reading counts once: what was handed out to somebody is not told again when they read it out of the object."""

from collections.abc import Iterable
from typing import Any

from pia_runtime.instrumentation.catalog import Catalog

Event = dict[str, Any]

_SEGMENTS = 3
"""As much of a class name as tells one party's code from another's: ``com.example.loan``."""


class ToldBefore:
    """Which data types the entries of one process have handed out so far, and to whose code.

    A ``Location`` is told of when it is delivered; ``getLatitude`` and ``getLongitude`` of it, called by the code that asked for
    it, are no two further readings. Where it came by a way that no entry watches, or to somebody else, they are told.

    Args:
        catalog: its entries with ``reads_again`` are those that read out of handed-out objects.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._told: dict[str, set[str]] = {}

    def settle(self, event: Event) -> Event:
        """Return the event, without the data types that its caller was told before if its entry reads again.

        Args:
            event: any event of the process, in the order of arrival.
        """
        entry = self._catalog.entries.get(event.get("hook", ""))
        if entry is None or event["type"] != "api_call":
            return event
        if entry.reads_again:
            caller = set(_parties(event["stack"][:1]))
            return {**event, "data": [id_ for id_ in event["data"] if not caller & self._told.get(id_, set())]}
        if event.get("threw") is None and event.get("value", "") is not None:
            for id_ in event["data"]:
                self._told.setdefault(id_, set()).update(_parties(event["stack"]))
        return event


def _parties(stack: Iterable[str]) -> Iterable[str]:
    """The beginnings of the class names in Java frames."""
    return (".".join(frame.split(".")[:_SEGMENTS]) for frame in stack if "!" not in frame)
