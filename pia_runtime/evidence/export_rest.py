"""The small files of a shared copy, and the analysis document that goes with it."""

from collections.abc import Mapping
from typing import Any

from pia_runtime.detection.masking import Secrets
from pia_runtime.evidence.export_redactor import BLANK, Redactor
from pia_runtime.model.session import Identifiers

_DEVICE = frozenset({"serial", "name", "host", "hostname", "fingerprint", "account"})
"""Fields of ``session.device`` that name one single device."""


def shared_identifiers(identifiers: Identifiers, redactor: Redactor) -> dict[str, Any]:
    """``identifiers.json`` with what stands for each value, and its commitment."""
    told = []
    for number, identifier in enumerate(identifiers.identifiers):
        value = identifier.model_dump(mode="json")["value"]
        entry = redactor.value(identifier.id, value)
        redactor.note(f"identifiers.json: {number}", "always", None, [entry])
        told.append({"id": identifier.id, "value": entry["shown"], "redacted": True, "commitment": entry["commitment"]})
    return {"schema": "pia.identifiers/1", "identifiers": told}


def shared_record(document: Mapping[str, Any], name: str, redactor: Redactor) -> dict[str, Any]:
    """A JSON file of open fields without any identifying value: in texts, in names of fields, in numbers."""
    return {key: _shared(value, f"{name}: {key}", redactor) for key, value in document.items()}


def _shared(value: Any, where: str, redactor: Redactor) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {
            redactor.secrets.mask_within(key): _device(key, child, where, redactor)
            if key in _DEVICE and where.endswith(": device")
            else _shared(child, f"{where}.{redactor.secrets.mask_within(key)}", redactor)
            for key, child in value.items()
        }
    if isinstance(value, list):
        return [_shared(child, where, redactor) for child in value]
    if value is None or isinstance(value, bool):
        return value
    shown = redactor.secrets.mask_within(str(value))
    if shown == str(value):
        return value
    redactor.note(where, "value", str(value).encode())
    return shown


def _device(key: str, value: Any, where: str, redactor: Redactor) -> str | None:  # noqa: ANN401 - JSON
    if value is None:
        return None
    redactor.note(f"{where}.{key}", "always", str(value).encode())
    return BLANK


def shared_analysis(document: Mapping[str, Any], redactor: Redactor) -> dict[str, Any]:
    """The original's analysis, already masked, with the names of this copy where there are such; ids stay."""
    detections = [
        {**one, "masked": redactor.shown_for(str(one["data"]), one.get("commitment"), one.get("masked"))}
        for one in document["detections"]
    ]
    session = shared_record(document["session"], "analysis.json: session", _quiet(redactor))
    return {**document, "detections": detections, "session": session}


def _quiet(redactor: Redactor) -> Redactor:
    """One that replaces alike and lists nothing: the same places are listed where they come from."""
    return Redactor(None, Secrets(()) if not redactor.secrets else redactor.secrets)
