"""Values that may not stand in any text of the document, and the document without them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pia_runtime.detection.masking import Secrets
from pia_runtime.model.event import Events
from pia_runtime.model.session import Coordinates, Identifiers, Session
from pia_runtime.pipeline.transmissions import Transmissions

_MOST_NESTED = 2_000
"""Texts taken from inside the lists and objects that one call returned."""

_DIGITS_OF_AN_IDENTIFIER = 4
_MOST_COUNTED = 100_000  # characters of a value in which digits are looked for
_LENGTH_OF_AN_IDENTIFIER = 8

_HOST = "request.url.host"

_OWN_WORDS = frozenset(
    {
        "schema", "id", "act", "acts", "data", "basis", "phase", "verdict", "flow", "commitment", "masked", "location",
        "encoding", "confidence", "necessity", "declared", "told", "detection", "detections", "rule", "severity", "clause",
        "clauses", "thresholds", "wording", "why_it_matters", "second_id", "blob", "needs_human", "agreement",
        "known_data", "agent_sha256", "apk_sha256", "sha256", "result", "because",
        "state", "read", "actor_evidence",
    }
)  # fmt: skip
"""Fields that hold the program's own words, ids and digests, never captured text."""

_SHARED = frozenset({"actor", "stack"})
"""Fields whose objects many detections share."""

_SECTIONS = ("consent", "findings", "notice", "declaration", "blind_spots", "coverage", "moments")
"""Parts of the document that repeat captured text; the others are made of the program's own words."""


def secrets_of(identifiers: Identifiers, found: Transmissions, events: Events) -> frozenset[str]:
    """Every value that is known, was sent, or was returned as one text: none of them may stand in free text."""
    secrets = {item.match.value for item in found.sent} | set(_known(identifiers))
    secrets.update(value for value in events.api_calls["value"] if isinstance(value, str))
    return frozenset(secrets)


def identifying_secrets(
    identifiers: Identifiers, found: Transmissions, events: Events, session: Session
) -> frozenset[str]:
    """Those that may not stand in paths, hosts, stacks and session fields either.

    Known values, and of the others only what is long and has digits or an ``@``: a call that returned ``android`` must not make
    every stack unreadable. What names the app, the kind of phone and its system stays, because a report has to say what was run.
    """
    returned = events.api_calls.loc[events.api_calls["data"] != "", "value"]
    values = {item.match.value for item in found.sent}
    values.update(text for value in returned for text in _texts_in(value))
    values = {value for value in values if _identifies(value)}
    values.update(_known(identifiers))
    values.update(label for item in found.sent if item.match.location == _HOST for label in _labels(item.host))
    values.update(key for item in found.sent for key in _keys_that_match(item.match.path))
    app, device = session.app, session.device
    return frozenset(values - {app.package, app.label, app.version_name, device.model, device.android})


def without_secrets(document: Mapping[str, Any], free: Iterable[str], identifying: Iterable[str]) -> dict[str, Any]:
    """The document with these values masked wherever captured text stands in it.

    Args:
        document: the analysis document; its detections, which may be a million, are masked where they stand.
        free: values masked in sentences that people wrote or an app showed.
        identifying: values masked everywhere.
    """
    sentences, everywhere = Secrets(free), Secrets(identifying)
    if not sentences and not everywhere:
        return dict(document)
    shared: dict[int, tuple[Any, Any]] = {}
    told = {name: _masked(document[name], everywhere, shared) for name in _SECTIONS if name in document}
    for interval in told.get("consent") or ():
        interval["texts"] = [sentences.mask_within(text) for text in interval["texts"]]
    for detection in document["detections"]:
        _mask_fields(detection, everywhere, shared)
        if detection.get("trigger") and detection["trigger"]["text"]:
            detection["trigger"]["text"] = sentences.mask_within(detection["trigger"]["text"])
    for spot in told.get("blind_spots") or ():
        spot["detail"] = sentences.mask_within(spot["detail"] or "") or None
    return {**document, **told, "session": _masked_record(document["session"], everywhere)}


def _mask_fields(record: dict[str, Any], secrets: Secrets, shared: dict[int, tuple[Any, Any]]) -> None:
    """Mask the fields of a record where it stands; what stands inside them is made anew, since others may share it."""
    for key, child in record.items():
        if child is None or key in _OWN_WORDS or type(child) is int:
            continue
        record[key] = _masked_once(child, secrets, shared) if key in _SHARED else _masked(child, secrets, shared)


def _masked(node: Any, secrets: Secrets, shared: dict[int, tuple[Any, Any]]) -> Any:  # noqa: ANN401 (JSON)
    """What a node becomes; ``shared`` remembers, by identity, what thousands of detections have in common."""
    if isinstance(node, str):
        return secrets.mask_within(node)
    if isinstance(node, dict):
        made = dict(node)
        _mask_fields(made, secrets, shared)
        return made
    if isinstance(node, list):
        return [_masked(child, secrets, shared) for child in node]
    return node


def _masked_once(node: Any, secrets: Secrets, shared: dict[int, tuple[Any, Any]]) -> Any:  # noqa: ANN401 (JSON)
    """The node is kept beside its result: one that was freed would lend its identity to another."""
    kept = shared.get(id(node))
    if kept is None:
        kept = shared[id(node)] = node, _masked(node, secrets, shared)
    return kept[1]


def _masked_record(node: Any, secrets: Secrets) -> Any:  # noqa: ANN401 (JSON)
    """As :func:`_masked` for a record whose fields are open: names and numbers may be the value too."""
    if isinstance(node, dict):
        return {secrets.mask_within(key): _masked_record(child, secrets) for key, child in node.items()}
    if isinstance(node, list):
        return [_masked_record(child, secrets) for child in node]
    if isinstance(node, int | float) and not isinstance(node, bool):
        masked = secrets.mask_within(str(node))
        return node if masked == str(node) else masked
    return secrets.mask_within(node) if isinstance(node, str) else node


def _known(identifiers: Identifiers) -> Iterator[str]:
    for identifier in identifiers.identifiers:
        yield from identifier.texts()
        if isinstance(identifier.value, Coordinates):
            yield from (str(identifier.value.lat), str(identifier.value.lon))


def _texts_in(value: object) -> Iterator[str]:
    pending, taken = [value], 0
    while pending and taken < _MOST_NESTED:
        node = pending.pop()
        if isinstance(node, str):
            taken += 1
            yield node
        elif isinstance(node, dict):
            pending += node.values()
        elif isinstance(node, list):
            pending += node


def _identifies(value: str) -> bool:
    if "@" in value:
        return True
    digits = sum(char.isdigit() for char in value[:_MOST_COUNTED])
    return digits >= _DIGITS_OF_AN_IDENTIFIER and len(value) >= _LENGTH_OF_AN_IDENTIFIER


def _labels(host: str) -> list[str]:
    """Labels of a host in which an identifier was found that may be it, in whatever encoding."""
    return [label for label in host.split(".") if _identifies(label)]


def _keys_that_match(path: tuple[str, ...]) -> Iterator[str]:
    """The field name that was itself the identifier: the last of a ``json-key:`` step."""
    for step in path:
        kind, _, rest = step.partition(":")
        if kind.endswith("-key"):
            name = rest.rpartition('["')[2].removesuffix('"]') if rest.endswith('"]') else rest.rpartition(".")[2]
            if _identifies(name):
                yield name
