"""What stands after the chain of a recording that was cut off: whole lines and flows that no head covers, and a torn end."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pia_runtime.evidence.chain_check import ChainState
from pia_runtime.storage.flow_reader import read_records

_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of one file.

    Attributes:
        chained: bytes that the chain covers.
        records: whole lines or flows after them.
        whole: bytes up to the last whole line or flow.
        size: bytes in all; what lies beyond ``whole`` is torn.
    """

    chained: int
    records: int
    whole: int
    size: int

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"chained": self.chained, "records_after": self.records, "whole": self.whole, "bytes": self.size}


def tails_of(folder: Path, chain: ChainState) -> dict[str, Tail]:
    """File → its tail, for every file of the recording that is longer than what the chain covers.

    Raises:
        OSError: a file cannot be read.
    """
    names = {path.name for pattern in ("flows*.mitm", "events.jsonl", "tls-keys.log") for path in folder.glob(pattern)}
    tails = {}
    for name in sorted(names):
        path, chained = folder / name, chain.chained.get(name, 0)
        if path.is_symlink() or path.stat().st_size <= chained:
            continue
        records, whole = _flows(path, chained) if path.suffix == ".mitm" else _lines(path, chained)
        tails[name] = Tail(chained, records, whole, path.stat().st_size)
    return tails


def _lines(path: Path, start: int) -> tuple[int, int]:
    count, whole, at = 0, start, start
    with path.open("rb") as file:
        file.seek(start)
        while content := file.read(_BUFFER):
            found = content.count(b"\n")
            if found:
                count, whole = count + found, at + content.rindex(b"\n") + 1
            at += len(content)
    return count, whole


def _flows(path: Path, start: int) -> tuple[int, int]:
    torn: list[int] = []
    count, last = 0, start
    for offset, record in read_records(path, lambda trouble: torn.append(trouble.offset), start):
        count += 1
        last = offset + len(record)
    if torn:
        return count, max(torn[0], start)
    return count, path.stat().st_size if count else last
