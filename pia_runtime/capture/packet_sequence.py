"""Which bytes of one side of a TCP connection were recorded, by their sequence numbers."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hole:
    """Bytes that were sent and not recorded.

    Attributes:
        frame: the frame before which they are missing; the last one of this side where its end is missing.
        size: how many.
    """

    frame: int
    size: int


@dataclass(slots=True)
class Sequenced:
    """Segments of one side.

    Attributes:
        acknowledged: the highest number that the other side has acknowledged.
    """

    acknowledged: int = 0
    _segments: list[tuple[int, int, int]] = field(default_factory=list)
    _fin: int = 0

    def add(self, frame: int, seq: int, length: int, *, fin: bool) -> None:
        """Take one segment down; ``seq`` counts from 0 with the SYN, as tshark numbers them."""
        if seq < 1 << 31:  # a segment from before the first one recorded
            self._segments.append((seq, seq + length, frame))
            self._fin = 1 if fin else self._fin

    def hole(self) -> Hole | None:
        """The first bytes that are missing, or None. A FIN takes a number and is no byte, a SYN likewise."""
        end: int | None = None
        for start, stop, frame in sorted(self._segments):
            if end is not None and start > max(end, 1):
                return Hole(frame, start - max(end, 1))
            end = stop if end is None else max(end, stop)
        missing = self.acknowledged - self._fin - max(end or 1, 1)
        return Hole(self._segments[-1][2], missing) if self._segments and missing > 0 else None
