"""Values that may not stand in free text."""

from collections.abc import Sequence
from typing import Any

from pia_runtime.detection.masking import mask_within
from pia_runtime.model.event import Events
from pia_runtime.model.session import Contact, Identifiers
from pia_runtime.pipeline.transmissions import Transmissions


def secrets_of(identifiers: Identifiers, found: Transmissions, events: Events) -> frozenset[str]:
    """Every value that is known, was sent, or was returned as one text: none of them may stand in free text."""
    secrets = {item.match.value for item in found.sent}
    for identifier in identifiers.identifiers:
        value = identifier.value
        if isinstance(value, str):
            secrets.add(value)
        elif isinstance(value, Contact):
            secrets.update((value.name, *value.phones, *value.emails))
    secrets.update(value for value in events.api_calls["value"] if isinstance(value, str))
    return frozenset(secrets)


def hidden(record: dict[str, Any], fields: Sequence[str], secrets: frozenset[str]) -> dict[str, Any]:
    """The record with the secrets in these lists of texts masked."""
    return {**record, **{name: [mask_within(text, secrets) for text in record[name]] for name in fields}}
