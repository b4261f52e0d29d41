"""One reading counts once: what another entry has handed out is not told again when it is read out of the object."""

from typing import Any

from pia_runtime.instrumentation.catalog import Catalog

Event = dict[str, Any]


class ToldBefore:
    """Which data types the entries of one process have handed out so far.

    A ``Location`` is told of when it is delivered; ``getLatitude`` and ``getLongitude`` of it are no two further readings.
    Where it came by a way that no entry watches, they are the only sign of it, and are told.

    Args:
        catalog: its entries with ``reads_again`` are those that read out of handed-out objects.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._told: set[str] = set()

    def settle(self, event: Event) -> Event:
        """Return the event, without the data types that were told before if its entry reads again.

        Args:
            event: any event of the process, in the order of arrival.
        """
        entry = self._catalog.entries.get(event.get("hook", ""))
        if entry is None or event["type"] != "api_call":
            return event
        if entry.reads_again:
            return {**event, "data": [id_ for id_ in event["data"] if id_ not in self._told]}
        if event.get("threw") is None and event.get("value", "") is not None:
            self._told.update(event["data"])
        return event
