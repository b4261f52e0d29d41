"""Detections as objects of the analysis document. What many of them share (actor, stack, masked value) is made once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from pia_runtime.detection.masking import canonical, commit, mask, mask_tokens
from pia_runtime.model.detection import Actor, Recipient
from pia_runtime.pipeline.senders import Evidence
from pia_runtime.pipeline.transmissions import Sent

_MOST_FRAMES = 30
"""Stack frames kept in the document; the event line has all of them."""

_MOST_ARGUMENTS = 10
_LONGEST_ARGUMENT = 200

Transmitted = tuple[Sent, Actor, Evidence, Recipient]
"""Something that left, who sent it and why that is said, and to whom."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """How values leave: committed to with the capture's key, and in full only when asked for."""

    key: bytes | None
    reveal: bool = False
    _shown: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict, repr=False)

    def fields(self, data: str, value: object) -> dict[str, Any]:
        """The ``masked``, ``commitment`` and, where asked for, ``value`` fields of a detection."""
        if not isinstance(value, str):
            return self._fields(data, value)
        shown = self._shown.get((data, value))
        if shown is None:
            shown = self._shown[data, value] = self._fields(data, value)
        return shown

    def _fields(self, data: str, value: object) -> dict[str, Any]:
        shown = {"masked": mask(value), "commitment": commit(self.key, data, value)}
        return {**shown, "value": value} if self.reveal else shown

    def arguments(self, args: object) -> list[str | None]:
        """What a call was given, as short texts: names such as ``android_id`` as they are, what looks like a value masked."""
        given = args if isinstance(args, list) else [] if args is None else [args]
        return [self._argument(one) for one in given[:_MOST_ARGUMENTS]]

    def _argument(self, one: object) -> str | None:
        if one is None:
            return None
        text = one[:_LONGEST_ARGUMENT] if isinstance(one, str) else canonical(one)[:_LONGEST_ARGUMENT]
        return text if self.reveal else mask_tokens(text)


def records_of(
    table: pd.DataFrame,
    calls: pd.DataFrame,
    sent: Sequence[Transmitted],
    actors: Sequence[Actor],
    disclosure: Disclosure,
) -> list[dict[str, Any]]:
    """One object a row of the table, in its order.

    Args:
        table: as :class:`pia_runtime.pipeline.detections.Detections` has it.
        calls: the API calls that its column ``call`` points to.
        sent: what its column ``sent`` points to.
        actors: what its column ``actor`` points to.
        disclosure: how values leave.
    """
    documents = [actor_document(actor) for actor in actors]
    plain = {
        name: _plain(table[name]) for name in ("id", "act", "data", "host_ns", "phase", "verdict", "actor", "count")
    }
    plain |= {name: _plain(table[name]) for name in ("host_err_ns", "margin_ns", "margin_err_ns", "call", "sent")}
    of_call = _Calls(calls, disclosure)
    records = []
    for id_, act, data, t_ns, phase, verdict, actor, count, err_ns, margin, margin_err, call, number in zip(
        *plain.values(), strict=True
    ):
        records.append(
            {
                "id": id_,
                "act": act,
                "data": data,
                "t_ns": t_ns,
                "err_ns": err_ns,
                "phase": phase,
                "verdict": verdict,
                "margin_ns": margin,
                "margin_err_ns": margin_err,
                "actor": documents[actor],
                "count": count,
                **(_sent_fields(sent[number], disclosure) if number >= 0 else of_call.fields(data, call)),
            }
        )
    return records


def _plain(column: pd.Series) -> list[Any]:
    """A column as Python's own values: words, whole numbers, None where nothing is known."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _by_code(column, column.cat.categories.tolist())
    if isinstance(column.dtype, pd.Int64Dtype | pd.Int8Dtype):
        values, missing = column.to_numpy(dtype=np.int64, na_value=0).tolist(), column.isna().tolist()
        return [None if none else value for value, none in zip(values, missing, strict=True)]
    result: list[Any] = column.tolist()
    return result


def _by_code(column: pd.Series, known: Sequence[Any]) -> list[Any]:
    """What is known for each category, row by row; rows of one category share it."""
    return [known[code] for code in column.cat.codes.tolist()]


class _Calls:
    """The fields of an access, as its API call gives them."""

    def __init__(self, calls: pd.DataFrame, disclosure: Disclosure) -> None:
        self._disclosure = disclosure
        self._seq, self._args, self._value = (calls[name].tolist() for name in ("seq", "args", "value"))
        self._foreground = [None if shown is None else bool(shown) for shown in _plain(calls["foreground"])]
        self._hook = _plain(calls["hook"])
        self._api, self._threw, self._process = (
            _by_code(calls[name], [word or None for word in calls[name].cat.categories])
            for name in ("api", "threw", "process")
        )
        stacks = calls["stack"].cat.categories
        self._stack = _by_code(
            calls["stack"], [[frame for frame in stack.split("\n") if frame][:_MOST_FRAMES] for stack in stacks]
        )
        self._nothing: list[Any] = []

    def fields(self, data: str, call: int) -> dict[str, Any]:
        """Of one call, as an access to this kind of data."""
        seq, args = self._seq[call], self._args[call]
        return {
            "actor_evidence": {"basis": "stack", "event": seq},
            "basis": "observed",
            "event": seq,
            "flow": None,
            "location": None,
            "path": self._nothing,
            "encoding": None,
            "recipient": None,
            "confidence": "certain",
            "source": self._hook[call],
            "api": self._api[call],
            "args": self._disclosure.arguments(args) if args else self._nothing,
            "threw": self._threw[call],
            "stack": self._stack[call],
            "foreground": self._foreground[call],
            "process": self._process[call],
            "learned_from": self._nothing,
            **self._disclosure.fields(data, self._value[call]),
        }


def _sent_fields(transmitted: Transmitted, disclosure: Disclosure) -> dict[str, Any]:
    item, _, evidence, recipient = transmitted
    m = item.match
    return {
        "actor_evidence": evidence.document(),
        "basis": m.basis,
        "event": None,
        "flow": item.flow,
        "location": m.location,
        "path": list(m.path),
        "encoding": m.encoding,
        "recipient": recipient_document(recipient),
        "confidence": m.confidence,
        "source": m.source or None,
        "api": None,
        "args": [],
        "threw": None,
        "stack": [],
        "foreground": None,
        "process": None,
        "learned_from": sorted(m.learned_from),
        **disclosure.fields(m.data, m.value),
    }


def actor_document(actor: Actor) -> dict[str, Any]:
    """An actor as the analysis document writes it."""
    return {"kind": actor.kind, "id": actor.id, "name": actor.name}


def recipient_document(recipient: Recipient) -> dict[str, Any]:
    """A recipient as the analysis document writes it."""
    return {
        "host": recipient.host,
        "domain": recipient.domain,
        "company": recipient.company,
        "third_party": recipient.third_party,
    }
