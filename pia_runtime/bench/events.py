"""The event lines of the battery: what APIs returned and what the app computed."""

import base64
from typing import Any

from pia_runtime.bench.case import START_NS

_STACK = ["com.example.app.Report.send(Report.java:41)", "com.example.app.Main.onCreate(Main.java:12)"]


class EventLog:
    """Event lines in the order of arrival.

    Attributes:
        lines: as they stand in ``events.jsonl``.
    """

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def transform(self, op: str, algorithm: str, source: bytes, product: bytes) -> int:
        """A digest, cipher or encoding the app computed; returns its ``seq``."""
        return self._add(
            type="transform",
            op=op,
            algorithm=algorithm,
            input_b64=base64.b64encode(source).decode(),
            output_b64=base64.b64encode(product).decode(),
        )

    def call(self, api: str, data: list[str], value: Any) -> int:  # noqa: ANN401  (anything JSON can carry)
        """An API call that returned a value; returns its ``seq``."""
        return self._add(type="api_call", hook="battery", api=api, data=data, args=[], value=value, threw=None)

    def _add(self, **fields: Any) -> int:  # noqa: ANN401
        seq = len(self.lines)
        self.lines.append({"seq": seq, "t_ns": START_NS + seq * 1_000_000, "clock": "host", "stack": _STACK, **fields})
        return seq
