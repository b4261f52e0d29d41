"""``events.jsonl`` → columns and records. A line that is not as the format describes is a blind spot, not the end of the run."""

import base64
import binascii
import gc
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from pia_runtime.model.event import Clock, ConsentSignal, Events, Occurrence, Stamp, Transform
from pia_runtime.storage.event_columns import TIME_LIMIT, CallColumns, stack_text, text
from pia_runtime.storage.jsonlines import copied_lines, decode_line

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_INT64 = 2**63
_BLOCK = 4_000_000  # bytes of lines taken together
_MOST_PURPOSES = 24  # as many as a TC string has bits for
_SIGNALS = frozenset({"requested", "given", "refused", "withdrawn"})
_SCOPES = frozenset({"permission", "sdk", "data", "purpose"})  # what is said of a purpose changes no verdict
_OTHER_TYPES = frozenset({"permission", "lifecycle", "ui", "hook_status", "gap", "note"})
_TELLING = ("permission", "result", "state", "action", "hook", "status", "kind")
_TRANSFORM_FIELDS = ("op", "algorithm", "input_b64", "output_b64")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something in a file that could not be used: a blind-spot kind, where it stands, what is wrong, and how often."""

    kind: str
    where: str
    detail: str
    count: int = 1


class _MalformedError(ValueError):
    """The line is JSON but not an event; the message says which field."""


def read_events(path: Path) -> tuple[Events, list[Trouble]]:
    """Read a whole event file.

    Returns:
        The events, in file order, and the lines that could not be used. A last line without a newline that does not parse
        is ``torn_line`` (power cut); every other unusable line is ``invalid_event``. A line that repeats an earlier one to
        the letter is the same observation written twice: it counts once, and is told.
    """
    reader = _read_all(path, {})
    copies = copied_lines(path, reader.used_twice())
    return (_read_all(path, copies) if copies else reader).finish()


def _read_all(path: Path, copies: dict[int, int]) -> "_Reader":
    """All lines but those that are a copy of an earlier one (line number → seq)."""
    reader = _Reader(path.name, copies)
    with path.open("rb") as file, _no_collection():
        first = 1
        while lines := file.readlines(_BLOCK):
            reader.read(
                [b"" if n in copies else line for n, line in enumerate(lines, first)] if copies else lines, first
            )
            first += len(lines)
    return reader


def parse_events(lines: Iterable[bytes]) -> Events:
    """Events from single lines, for instance while a run goes on; what is no event is left out."""
    reader = _Reader("")
    reader.read(list(lines), 1)
    return reader.finish()[0]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Parsing makes millions of small objects and no cycles; the collector would walk them over and over."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Reader:
    """Sorts event lines into columns (API calls) and records (the rest)."""

    def __init__(self, name: str, copies: dict[int, int] | None = None) -> None:
        self._name = name
        self._copies = copies or {}
        self._calls = CallColumns()
        self._transforms: list[Transform] = []
        self._consents: list[ConsentSignal] = []
        self._occurrences: list[Occurrence] = []
        self._troubles: list[Trouble] = []
        self._seqs: list[npt.NDArray[np.int64]] = []
        self._lines: list[npt.NDArray[np.int64]] = []

    def read(self, lines: list[bytes], first: int) -> None:
        """A block of lines, the first of which has this number in the file."""
        if first == 1 and lines:
            lines = [lines[0].removeprefix(_BYTE_ORDER_MARK), *lines[1:]]  # what some editors put before a text
        try:
            parsed = [orjson.loads(line) for line in lines]
        except orjson.JSONDecodeError:
            parsed = []
        if parsed and all(type(line) is dict for line in parsed) and self._read_calls(parsed, first):
            return
        for number, line in enumerate(lines, first):
            if line.strip():
                self._read_line(line, number)

    def _read_calls(self, parsed: list[dict[str, Any]], first: int) -> bool:
        """The API calls of a block in columns and its few other lines one by one; False where something is not as described."""
        calls = [line for line in parsed if line.get("type") == "api_call"]
        numbers = np.arange(first, first + len(parsed), dtype=np.int64)
        others = [(number, line) for number, line in enumerate(parsed, first) if line.get("type") != "api_call"]
        if not calls or not self._calls.add_block(calls):
            return False
        self._lines.append(np.delete(numbers, [number - first for number, _ in others]))
        self._seqs.append(np.array([call["seq"] for call in calls], dtype=np.int64))
        for number, line in others:
            self._add(line, number)
        return True

    def _read_line(self, line: bytes, number: int) -> None:
        try:
            parsed = decode_line(line)
        except ValueError:
            torn = not line.endswith(b"\n")
            kind, detail = ("torn_line", "cut off") if torn else ("invalid_event", "not JSON")
            self._troubles.append(Trouble(kind, f"{self._name}:{number}", detail))
        else:
            self._add(parsed, number)

    def _add(self, line: object, number: int) -> None:
        try:
            seq = self._sorted_in(line)
        except _MalformedError as error:
            self._troubles.append(Trouble("invalid_event", f"{self._name}:{number}", str(error)))
        else:
            self._lines.append(np.array([number], dtype=np.int64))
            self._seqs.append(np.array([seq], dtype=np.int64))

    def _sorted_in(self, line: object) -> int:
        if not isinstance(line, dict):
            raise _MalformedError("not an object")
        stamp = _stamp(line)
        kind = line.get("type")
        if kind == "api_call":
            self._calls.add(stamp, line, _data(line))
        elif kind == "consent":
            self._consents.append(_consent(stamp, line))
        elif kind == "transform":
            self._transforms.append(_transform(stamp, line))
        elif kind in _OTHER_TYPES:
            self._occurrences.append(Occurrence(stamp, str(kind), _words_checked(line)))
        else:
            raise _MalformedError(f"type {str(kind)[:40]!r} is not known")
        return stamp.seq

    def finish(self) -> tuple[Events, list[Trouble]]:
        """Everything that was read."""
        seqs, lines = self._numbers()
        self._troubles += self._repeated(self._pairs(seqs, lines))
        events = Events(
            api_calls=self._calls.frame(),
            transforms=tuple(self._transforms),
            consents=tuple(self._consents),
            occurrences=tuple(self._occurrences),
            count=len(seqs),
        )
        return events, self._troubles

    def used_twice(self) -> list[tuple[int, int]]:
        """Line number and seq of every line whose seq another line uses too."""
        pairs = self._pairs(*self._numbers())
        return [(line, seq) for first, again, seq in pairs for line in (first, again)]

    def _numbers(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        none = np.array([], dtype=np.int64)
        return np.concatenate([none, *self._seqs]), np.concatenate([none, *self._lines])

    @staticmethod
    def _pairs(seqs: npt.NDArray[np.int64], lines: npt.NDArray[np.int64]) -> list[tuple[int, int, int]]:
        """The lines that share a seq with one before them: that line, the line itself, the seq; in file order."""
        order = np.lexsort((lines, seqs))
        places = np.flatnonzero(np.diff(seqs[order]) == 0)
        found = ((int(lines[order[at]]), int(lines[order[at + 1]]), int(seqs[order[at]])) for at in places)
        return sorted(found, key=lambda pair: pair[1])

    def _repeated(self, pairs: list[tuple[int, int, int]]) -> Iterator[Trouble]:
        told = [(again, f"seq {seq} is used twice") for _, again, seq in pairs]
        told += [
            (line, f"the line of seq {seq} stands there again and counts once") for line, seq in self._copies.items()
        ]
        for line, detail in sorted(told):
            yield Trouble("invalid_event", f"{self._name}:{line}", detail)


def _words_checked(line: dict[str, Any]) -> dict[str, Any]:
    """The line as it is, if the words that say what happened are words."""
    for name in _TELLING:
        if not isinstance(line.get(name), str | None):
            raise _MalformedError(f"{name}: expected a text, got {type(line[name]).__name__}")
    return line


def _data(line: dict[str, Any]) -> str:
    data = line.get("data")
    data = [] if data is None else [data] if isinstance(data, str) else data
    if not isinstance(data, list) or not all(isinstance(item, str) for item in data):
        raise _MalformedError("data: expected a list of taxonomy ids")
    return ",".join(dict.fromkeys(data))


def empty_events() -> Events:
    """No events at all: a capture that has only flows."""
    return Events(api_calls=CallColumns().frame())


def _stamp(line: dict[str, Any]) -> Stamp:
    seq, t_ns = _integer(line, "seq"), _integer(line, "t_ns", TIME_LIMIT)
    clock: Clock = line.get("clock") or "host"
    if clock not in ("host", "device"):
        raise _MalformedError(f"clock: expected 'host' or 'device', got {str(clock)[:40]!r}")
    mono = line.get("mono_ns")
    return Stamp(
        seq, t_ns, clock, None if mono is None else _integer(line, "mono_ns", TIME_LIMIT), text(line.get("boot_id"))
    )


def _integer(line: dict[str, Any], name: str, limit: int = _INT64) -> int:
    value = line.get(name)
    if type(value) is not int:  # bool is an int to isinstance
        raise _MalformedError(
            f"{name}: expected an integer, got {type(value).__name__}"
        )  # the value may be personal data
    if not -limit < value < limit:
        raise _MalformedError(f"{name}: out of range")
    return value


def _consent(stamp: Stamp, line: dict[str, Any]) -> ConsentSignal:
    signal, scope = line.get("signal"), line.get("scope") or "policy"
    if signal not in _SIGNALS:
        raise _MalformedError(f"signal: {str(signal)[:20]!r} is not requested, given, refused or withdrawn")
    if not (scope == "policy" or text(scope).partition(":")[0] in _SCOPES):
        raise _MalformedError(f"scope: {str(scope)[:40]!r} is not policy, permission:…, sdk:…, data:… or purpose:…")
    err = line.get("err_ns")
    if isinstance(err, float) and abs(err) < _INT64:
        line = {**line, "err_ns": math.ceil(abs(err))}
    return ConsentSignal(
        stamp,
        signal,
        scope,
        text(line.get("source")),
        text(line.get("text")),
        None if err is None else abs(_integer(line, "err_ns")),
        _purposes(line.get("purposes")),
        text(line.get("blob")),
    )


def _purposes(given: object) -> tuple[int, ...] | None:
    """Numbers of TCF purposes; None where the line names none or something else stands there."""
    if not isinstance(given, list):
        return None
    return tuple(sorted({number for number in given if type(number) is int and 0 < number <= _MOST_PURPOSES}))


def _transform(stamp: Stamp, line: dict[str, Any]) -> Transform:
    op, algorithm, source, result = (line.get(name) for name in _TRANSFORM_FIELDS)
    try:
        taken, given = (base64.b64decode(text(item), validate=True) for item in (source, result))
    except binascii.Error as error:
        raise _MalformedError("input_b64 or output_b64: not base64") from error
    return Transform(stamp, text(op), text(algorithm), taken, given, tuple(_frames(line.get("stack"))))


def _frames(value: object) -> Iterable[str]:
    return stack_text(value).split("\n") if value else ()
