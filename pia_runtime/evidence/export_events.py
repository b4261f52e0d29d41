"""Events of a shared copy: what happened, when and by which code stays; what was said, typed, passed or returned does not."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from pia_runtime.evidence.export_look import Scan, look
from pia_runtime.evidence.export_redactor import BLANK, Redactor

_KEPT = frozenset(
    {
        "seq", "type", "t_ns", "clock", "mono_ns", "boot_id", "pid", "tid", "process", "thread", "foreground", "screen", "hook",
        "api", "data", "threw", "stack", "op", "algorithm", "signal", "scope", "source", "err_ns", "permission", "result",
        "state", "activity", "action", "status", "reason", "kind", "host", "detail", "count", "repeats", "purposes", "author",
        "intervention", "sdk", "first_ns", "last_ns",
    }
)  # fmt: skip
"""Fields that say what was done, and not with which values; they stay where the detector finds nothing in them."""
_WORDS = ("consent", "ui", "note")
_SHORT_WORDS = 40


class EventRedactor:
    """Rewrites event lines; arguments as of :class:`pia_runtime.evidence.export_flows.FlowRedactor`."""

    def __init__(self, redactor: Redactor, scan: Scan) -> None:
        self._redactor, self._scan = redactor, scan

    def lines(self, path: Path) -> Iterator[bytes]:
        """The lines of an event file, rewritten; a line that is no event is listed and left out."""
        if not path.is_file():
            return
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    event = orjson.loads(line)
                except orjson.JSONDecodeError:
                    event = None
                if not isinstance(event, dict) or type(event.get("seq")) is not int:
                    self._redactor.note(f"events.jsonl: line {number}", "left_out", line)
                    continue
                yield orjson.dumps(self._event(event), option=orjson.OPT_APPEND_NEWLINE)

    def _event(self, event: dict[str, Any]) -> dict[str, Any]:
        where = f"event {event['seq']}"
        told = {name: value for name, value in event.items() if name in _KEPT}
        if "value" in event:
            told["value"] = self._returned(where, event)
        if isinstance(event.get("args"), list):
            told["args"] = self._arguments(where, event["args"])
        for name in ("input_b64", "output_b64"):
            if name in event:
                self._redactor.note(f"{where} {name}", "always", str(event[name]).encode())
                told[name] = ""
        if event.get("type") in _WORDS and event.get("text"):
            told["text"] = self._words(where, event)
        for name in event.keys() - told.keys():
            self._redactor.note(f"{where} {name if name.isidentifier() else 'field'}", "left_out", _bytes(event[name]))
        return self._clean(where, told)

    def _returned(self, where: str, event: dict[str, Any]) -> Any:  # noqa: ANN401 - null stays null
        """What a call gave: null and yes or no stay, since they are no value of anybody's."""
        value, data = event["value"], event.get("data")
        if value is None or isinstance(value, bool):
            return value
        kinds = [one for one in data if isinstance(one, str)] if isinstance(data, list) else [str(data or "")]
        values = [self._redactor.value(kind, value) for kind in kinds]
        self._redactor.note(f"{where} value", "always", _bytes(value), values)
        return values[0]["shown"] if values else BLANK

    def _arguments(self, where: str, args: list[Any]) -> list[Any]:
        told = [one if one is None or isinstance(one, bool) else BLANK for one in args]
        if BLANK in told:
            self._redactor.note(f"{where} args", "always", _bytes(args))
        return told

    def _words(self, where: str, event: dict[str, Any]) -> str:
        """Words that an app showed or a person wrote: short ones without digits stay, where they are clean."""
        text = str(event["text"])
        own = event.get("author") == "pia_runtime"
        typed = event.get("type") == "note" or event.get("action") == "text_input"
        short = len(text) <= _SHORT_WORDS and not any(char.isdigit() for char in text)
        if own or (short and not typed and not self._found(text)):
            return text
        self._redactor.note(f"{where} text", "always", text.encode())
        return BLANK

    def _clean(self, where: str, told: dict[str, Any]) -> dict[str, Any]:
        """The event without anything that the detector still finds: first the values, then the fields that hold them."""
        if not self._found(told):
            return told
        masked = {name: _each(value, self._redactor.secrets.mask_within) for name, value in told.items()}
        for name, value in masked.items():
            if isinstance(value, str | list | dict) and self._found(value):
                masked[name] = BLANK if isinstance(value, str) else []
            if masked[name] != told[name]:
                self._redactor.note(f"{where} {name}", "value", _bytes(told[name]))
        return masked

    def _found(self, value: object) -> bool:
        return any(look(self._scan, self._redactor, _bytes(value))[0:1]) or self._repeated(value)

    def _repeated(self, value: object) -> bool:
        text = _bytes(value).decode("utf-8", "replace")
        return self._redactor.secrets.mask_within(text) != text


def _each(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each(one, change) for one in value]
    return {change(key): _each(one, change) for key, one in value.items()} if isinstance(value, dict) else value


def _bytes(value: object) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else orjson.dumps(value, default=str)
