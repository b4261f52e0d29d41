"""``events.jsonl`` → columns and records. A line that is not as the format describes is a blind spot, not the end of the run."""

import base64
import binascii
import gc
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from pia_runtime.model.event import API_CALL_COLUMNS, Clock, ConsentSignal, Events, Occurrence, Stamp, Transform

_INT64 = 2**63
_MOST_CALLS = 2**40
_MOST_PURPOSES = 24  # as many as a TC string has bits for
_SIGNALS = frozenset({"requested", "given", "refused", "withdrawn"})
_OTHER_TYPES = frozenset({"permission", "lifecycle", "ui", "hook_status", "gap", "note"})
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
        is ``torn_line`` (power cut); every other unusable line is ``invalid_event``.
    """
    troubles: list[Trouble] = []
    collected = _Collector()
    seen: set[int] = set()
    with path.open("rb") as file, _no_collection():
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                seq = collected.add(orjson.loads(line))
                if seq in seen:
                    troubles.append(Trouble("invalid_event", f"{path.name}:{number}", f"seq {seq} is used twice"))
                seen.add(seq)
            except orjson.JSONDecodeError:
                torn = not line.endswith(b"\n")
                kind, detail = ("torn_line", "cut off") if torn else ("invalid_event", "not JSON")
                troubles.append(Trouble(kind, f"{path.name}:{number}", detail))
            except _MalformedError as error:
                troubles.append(Trouble("invalid_event", f"{path.name}:{number}", str(error)))
    return collected.finish(), troubles


def parse_events(lines: Iterable[bytes]) -> Events:
    """Events from single lines, for instance while a run goes on; what is no event is left out."""
    collected = _Collector()
    for line in lines:
        with suppress(orjson.JSONDecodeError, _MalformedError):
            collected.add(orjson.loads(line))
    return collected.finish()


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


class _Collector:
    """Sorts event lines into columns (API calls) and records (the rest)."""

    def __init__(self) -> None:
        self.columns: dict[str, list[Any]] = {name: [] for name in API_CALL_COLUMNS}
        self.transforms: list[Transform] = []
        self.consents: list[ConsentSignal] = []
        self.occurrences: list[Occurrence] = []
        self.count = 0

    def add(self, line: object) -> int:
        if not isinstance(line, dict):
            raise _MalformedError("not an object")
        stamp = _stamp(line)
        kind = line.get("type")
        if kind == "api_call":
            self._add_call(stamp, line)
        elif kind == "consent":
            self.consents.append(_consent(stamp, line))
        elif kind == "transform":
            self.transforms.append(_transform(stamp, line))
        elif kind in _OTHER_TYPES:
            self.occurrences.append(Occurrence(stamp, str(kind), line))
        else:
            raise _MalformedError(f"type {str(kind)[:40]!r} is not known")
        self.count += 1
        return stamp.seq

    def _add_call(self, stamp: Stamp, line: dict[str, Any]) -> None:
        data = line.get("data", [])
        if isinstance(data, str):
            data = [data]
        if not isinstance(data, list) or not all(isinstance(item, str) for item in data):
            raise _MalformedError("data: expected a list of taxonomy ids")
        foreground = line.get("foreground")
        row = (
            stamp.seq,
            stamp.t_ns,
            stamp.clock,
            stamp.mono_ns,
            stamp.boot_id,
            _text(line.get("process")),
            int(foreground) if isinstance(foreground, bool) else None,
            _text(line.get("hook")),
            _text(line.get("api")),
            ",".join(dict.fromkeys(data)),
            line.get("args"),
            line.get("value"),
            "value" in line,
            _text(line.get("threw")),
            _stack(line.get("stack")),
            _times(line),
        )
        for column, value in zip(self.columns.values(), row, strict=True):
            column.append(value)

    def finish(self) -> Events:
        return Events(
            api_calls=_frame(self.columns),
            transforms=tuple(self.transforms),
            consents=tuple(self.consents),
            occurrences=tuple(self.occurrences),
            count=self.count,
        )


def _times(line: dict[str, Any]) -> int:
    """How many calls a line stands for: ``count`` in all, or ``repeats`` more than the one described; nonsense counts once."""
    for name, more in (("count", 0), ("repeats", 1)):
        value = line.get(name)
        if type(value) is int and 0 < value + more <= _MOST_CALLS:
            return value + more
    return 1


def _frame(columns: dict[str, list[Any]]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(columns[name], dtype=dtype) for name, dtype in API_CALL_COLUMNS.items()})


def empty_events() -> Events:
    """No events at all: a capture that has only flows."""
    return Events(api_calls=_frame({name: [] for name in API_CALL_COLUMNS}))


def _stamp(line: dict[str, Any]) -> Stamp:
    seq, t_ns = _integer(line, "seq"), _integer(line, "t_ns")
    clock: Clock = line.get("clock", "host")
    if clock not in ("host", "device"):
        raise _MalformedError(f"clock: expected 'host' or 'device', got {str(clock)[:40]!r}")
    mono = line.get("mono_ns")
    return Stamp(seq, t_ns, clock, None if mono is None else _integer(line, "mono_ns"), _text(line.get("boot_id")))


def _integer(line: dict[str, Any], name: str) -> int:
    value = line.get(name)
    if type(value) is not int:  # bool is an int to isinstance
        raise _MalformedError(
            f"{name}: expected an integer, got {type(value).__name__}"
        )  # the value may be personal data
    if not -_INT64 <= value < _INT64:
        raise _MalformedError(f"{name}: out of range")
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _stack(value: object) -> str:
    """Frames as one string, innermost first; what is no frame is left out."""
    if isinstance(value, str):
        return value
    return "\n".join(frame for frame in value if isinstance(frame, str)) if isinstance(value, list) else ""


def _consent(stamp: Stamp, line: dict[str, Any]) -> ConsentSignal:
    signal, scope = line.get("signal"), line.get("scope") or "policy"
    if signal not in _SIGNALS:
        raise _MalformedError(f"signal: {str(signal)[:20]!r} is not requested, given, refused or withdrawn")
    if not (scope == "policy" or _text(scope).partition(":")[0] in ("permission", "sdk", "data")):
        raise _MalformedError(f"scope: {str(scope)[:40]!r} is not policy, permission:…, sdk:… or data:…")
    err = line.get("err_ns")
    if isinstance(err, float) and abs(err) < _INT64:
        line = {**line, "err_ns": math.ceil(abs(err))}
    return ConsentSignal(
        stamp,
        signal,
        scope,
        _text(line.get("source")),
        _text(line.get("text")),
        None if err is None else abs(_integer(line, "err_ns")),
        _purposes(line.get("purposes")),
        _text(line.get("blob")),
    )


def _purposes(given: object) -> tuple[int, ...] | None:
    """Numbers of TCF purposes; None where the line names none or something else stands there."""
    if not isinstance(given, list):
        return None
    return tuple(sorted({number for number in given if type(number) is int and 0 < number <= _MOST_PURPOSES}))


def _transform(stamp: Stamp, line: dict[str, Any]) -> Transform:
    op, algorithm, source, result = (line.get(name) for name in _TRANSFORM_FIELDS)
    try:
        taken, given = (base64.b64decode(_text(item), validate=True) for item in (source, result))
    except binascii.Error as error:
        raise _MalformedError("input_b64 or output_b64: not base64") from error
    return Transform(stamp, _text(op), _text(algorithm), taken, given, tuple(_frames(line.get("stack"))))


def _frames(value: object) -> Iterable[str]:
    return _stack(value).split("\n") if value else ()
