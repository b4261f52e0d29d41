"""A capture folder → values. What is missing is a stated gap; what cannot be read at all is one clear error."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from pia_runtime.errors import InputError, unreadable
from pia_runtime.knowledge.data_file import parse_yaml
from pia_runtime.model.declaration import Declaration
from pia_runtime.model.event import Events
from pia_runtime.model.flow import Flow
from pia_runtime.model.session import Identifiers, Session
from pia_runtime.storage.event_reader import Trouble, empty_events, read_events
from pia_runtime.storage.flow_reader import FlowTrouble, flow_files, read_flows
from pia_runtime.storage.folder import require_folder
from pia_runtime.storage.jsonlines import decode_line

DECLARATION = "declaration.json"
"""What the app says of itself; ``pia declare`` writes it."""

_VALUE_SHAPES = "expected a text, {lat, lon}, {name, phones, emails} or {packages}"

THRESHOLDS = "thresholds.yaml"
"""Numbers that this capture is judged by instead of those of the knowledge."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture opened for analysis. Flows are read on demand, so that memory does not grow with the file.

    Attributes:
        commitment_key: the capture's own key, or None where it has none.
        declaration: what the app says of itself (``declaration.json``), or None.
        thresholds: threshold id → number from ``thresholds.yaml``, empty where there is none.
        troubles: what was wrong with the files; grows while :meth:`flows` is read.
    """

    path: Path
    session: Session
    identifiers: Identifiers
    events: Events
    commitment_key: bytes | None
    troubles: list[Trouble] = field(default_factory=list)
    declaration: Declaration | None = None
    thresholds: dict[str, Any] = field(default_factory=dict)

    def flows(self) -> Iterator[Flow]:
        """The recorded flows in file order; trouble met on the way is added to :attr:`troubles`."""
        return read_flows(self.path, self.note)

    def note(self, trouble: FlowTrouble) -> None:
        """Add what a reader of the flow files met to :attr:`troubles`."""
        self.troubles.append(Trouble(trouble.kind, trouble.host, trouble.detail, trouble.count))


def open_capture(path: Path) -> Capture:
    """Open a capture folder.

    Raises:
        InputError: there is no such folder, it holds neither flows nor events, or session.json or identifiers.json is not
            what the capture format describes (file and field are named).
    """
    require_folder(path)
    events_path = path / "events.jsonl"
    has_flows, has_events = bool(flow_files(path)), events_path.is_file()
    if not has_flows and not has_events:
        raise InputError(f"{path}: not a capture (neither flows.mitm nor events.jsonl)", "give a capture folder")
    troubles: list[Trouble] = []
    session = _record(path / "session.json", Session, "no_session_file", troubles)
    identifiers = _record(path / "identifiers.json", Identifiers, "no_identifiers_file", troubles)
    if has_events:
        try:
            events, event_troubles = read_events(events_path)
        except OSError as error:
            raise unreadable(events_path, error) from error
        troubles += event_troubles
    else:
        events = empty_events()
        troubles.append(Trouble("no_event_file", "", "events.jsonl is missing"))
    if not has_flows:
        troubles.append(Trouble("no_flow_file", "", "flows.mitm is missing"))
    declaration = None
    if (path / DECLARATION).is_file():
        declaration = _record(path / DECLARATION, Declaration, "", troubles)
    thresholds = read_thresholds(path / THRESHOLDS) if (path / THRESHOLDS).is_file() else {}
    return Capture(path, session, identifiers, events, _commitment_key(path), troubles, declaration, thresholds)


def read_thresholds(path: Path) -> dict[str, Any]:
    """A file that overrides thresholds: YAML, ``thresholds:`` with a number for each id.

    Raises:
        InputError: it cannot be read or is not that.
    """
    try:
        content = parse_yaml(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error, "give a YAML file") from error
    except ValueError as error:
        raise InputError(f"{path}: not valid YAML ({error})", "see docs/rules.md") from error
    given = content.get("thresholds") if isinstance(content, dict) else None
    if not isinstance(given, dict):
        raise InputError(f"{path}: expected `thresholds:` with a number for each id", "see docs/rules.md")
    return {str(name): value for name, value in given.items()}


def read_identifiers(path: Path) -> Identifiers:
    """An ``identifiers.json`` of its own, before a run.

    Raises:
        InputError: there is no such file, or it is not what the capture format describes.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file", "give an identifiers.json")
    return _record(path, Identifiers, "no_identifiers_file", [])


def _record[R: BaseModel](path: Path, kind: type[R], missing: str, troubles: list[Trouble]) -> R:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        troubles.append(Trouble(missing, "", f"{path.name} is missing"))
        return kind.model_validate({})
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        return kind.model_validate(decode_line(content))
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path}: not JSON (line {error.lineno}: {error.msg})", "restore the file") from error
    except ValidationError as error:
        raise InputError(f"{path}: {_first_fault(error)}", "correct the field") from error


def _first_fault(error: ValidationError) -> str:
    """Where and what; of an identifier only the kind of thing that stands there, because it may be personal data."""
    first = error.errors(include_url=False)[0]
    where, said, given = first["loc"], first["msg"], repr(str(first.get("input"))[:40])
    if where[:1] == ("identifiers",):
        given = type(first.get("input")).__name__
        if "value" in where:  # one of several shapes: pydantic would complain of the first only
            where, said = where[: where.index("value") + 1], _VALUE_SHAPES
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".")
    return f"{place or 'document'}: {said} (got {given})"


def _commitment_key(path: Path) -> bytes | None:
    try:
        return parse_commitment_key((path / "commitment.key").read_bytes())
    except OSError:
        return None


def parse_commitment_key(content: bytes) -> bytes | None:
    """The content of a key file holds hexadecimal digits; anything else is used as the bytes it is; nothing is no key."""
    content = content.strip()
    try:
        return bytes.fromhex(content.decode("ascii")) or None
    except (UnicodeDecodeError, ValueError):
        return content or None
