"""Runs of one alphabet inside long text, found at memory speed: translate to two letters, then search for twelve alike."""

from collections.abc import Iterator

MIN_RUN = 12
_NEEDLE = b"\1" * MIN_RUN


def alphabet(letters: bytes) -> bytes:
    """The table that :func:`runs` wants."""
    return bytes(int(byte in letters) for byte in range(256))


def runs(data: bytes, table: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of every run of at least :data:`MIN_RUN` letters of the alphabet."""
    flat = data.translate(table)
    start = flat.find(_NEEDLE)
    while start >= 0:
        stop = flat.find(b"\0", start)
        if stop < 0:
            yield start, len(data)
            return
        yield start, stop
        start = flat.find(_NEEDLE, stop)
