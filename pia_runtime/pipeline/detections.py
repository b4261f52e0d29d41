"""Accesses and transmissions in one table, with times, verdicts and everything the document says of each."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pandas as pd

from pia_runtime.correlation.axis import Clocks
from pia_runtime.correlation.verdict import INSTANT_COLUMNS, Scopes, judge_instants
from pia_runtime.detection.masking import canonical, commit, mask, mask_tokens
from pia_runtime.model.detection import Actor, Recipient
from pia_runtime.pipeline.accesses import Accesses
from pia_runtime.pipeline.senders import Evidence
from pia_runtime.pipeline.transmissions import Sent

_MOST_FRAMES = 30
"""Stack frames kept in the document; the event line has all of them."""

_MOST_ARGUMENTS = 10
_LONGEST_ARGUMENT = 200


_ROW_COLUMNS = {
    "actor": "int64",
    "recipient": "int64",
    "call": "int64",
    "sent": "int64",
    "count": "int64",
    "act": "category",
}
"""Positions among actors, recipients (-1: none), API calls (-1: a transmission) and transmissions (-1: an access); how many calls
the row stands for; the act."""


Transmitted = tuple[Sent, Actor, Evidence, Recipient]
"""Something that left, who sent it and why that is said, and to whom."""


@dataclass(frozen=True, slots=True)
class Detections:
    """All detections of a capture in the order of time.

    Attributes:
        table: columns of :data:`INSTANT_COLUMNS`, :data:`_ROW_COLUMNS`, :data:`VERDICT_COLUMNS` and ``id``.
        records: the same rows as objects of the analysis document.
    """

    table: pd.DataFrame
    actors: tuple[Actor, ...]
    recipients: tuple[Recipient, ...]
    records: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """How values leave: committed to with the capture's key, and in full only when asked for."""

    key: bytes | None
    reveal: bool = False

    def fields(self, data: str, value: object) -> dict[str, Any]:
        """The ``masked``, ``commitment`` and, where asked for, ``value`` fields of a detection."""
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


class _Distinct[T]:
    """Numbers for distinct things in order of first sight."""

    def __init__(self, start: Sequence[T] = ()) -> None:
        self.numbers: dict[T, int] = {item: number for number, item in enumerate(start)}

    def of(self, item: T) -> int:
        return self.numbers.setdefault(item, len(self.numbers))


def assemble(
    calls: pd.DataFrame,
    accesses: Accesses,
    sent: Sequence[Transmitted],
    scopes: Scopes,
    clocks: Clocks,
    disclosure: Disclosure,
) -> Detections:
    """Join both streams, judge each instant, and write the records."""
    actors, recipients = _Distinct(accesses.actors), _Distinct[Recipient]()
    sides = [_access_rows(calls, accesses), _sent_rows(sent, actors, recipients)]
    # An empty column is one of floats to pandas, and a nanosecond since the epoch does not survive becoming one.
    rows = pd.concat([side.astype({"t_ns": "int64", "err_ns": "int64"}) for side in sides], ignore_index=True)
    names = np.array([actor.id or "" if actor.kind == "sdk" else "" for actor in actors.numbers], dtype=object)
    rows["sdk"] = pd.Categorical(names[rows["actor"].to_numpy(dtype=np.int64)] if len(rows) else [])
    rows = rows.astype(INSTANT_COLUMNS | _ROW_COLUMNS)  # joining with an empty side loses the types
    table = rows.join(judge_instants(rows, scopes, clocks))
    ids = _ids(table, calls, sent)
    table["id"] = ids
    table = table.iloc[np.lexsort((table["id"].to_numpy(dtype=str), table["host_ns"].to_numpy(dtype=np.int64)))]
    table = table.reset_index(drop=True)
    distinct = tuple(actors.numbers), tuple(recipients.numbers)
    return Detections(table, *distinct, _records(table, calls, sent, distinct, disclosure))


def _access_rows(calls: pd.DataFrame, accesses: Accesses) -> pd.DataFrame:
    position = accesses.rows["call"].to_numpy(dtype=np.int64)
    stamps = calls[["t_ns", "clock", "mono_ns", "boot_id", "count"]].iloc[position].reset_index(drop=True)
    found = accesses.rows[["call", "data", "act", "actor"]].reset_index(drop=True)
    return stamps.assign(err_ns=0, recipient=-1, sent=-1).join(found)


def _sent_rows(sent: Sequence[Transmitted], actors: _Distinct[Actor], recipients: _Distinct[Recipient]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "t_ns": [item.t_ns for item, _, _, _ in sent],
            "clock": ["host"] * len(sent),
            "mono_ns": pd.array([pd.NA] * len(sent), dtype="Int64"),
            "boot_id": [""] * len(sent),
            "err_ns": [item.err_ns for item, _, _, _ in sent],
            "recipient": [recipients.of(recipient) for _, _, _, recipient in sent],
            "sent": range(len(sent)),
            "call": [-1] * len(sent),
            "data": [item.match.data for item, _, _, _ in sent],
            "act": ["transmission"] * len(sent),
            "count": [1] * len(sent),
            "actor": [actors.of(actor) for _, actor, _, _ in sent],
        }
    )


def _ids(table: pd.DataFrame, calls: pd.DataFrame, sent: Sequence[Transmitted]) -> list[str]:
    """Stable ids: where the observation stands, never what it holds, so that an id betrays no value."""
    seqs = calls["seq"].to_numpy(dtype=np.int64)
    places: list[list[Any]] = []
    for act, data, call, number in zip(table["act"], table["data"], table["call"], table["sent"], strict=True):
        if number < 0:
            places.append([act, data, int(seqs[call])])
            continue
        item = sent[number][0]
        m = item.match
        places.append([act, data, m.basis, item.flow, m.message, m.location, list(m.path), m.encoding])
    ordinals: Counter[bytes] = Counter()
    ids = []
    for place in places:
        text = orjson.dumps(place)
        ids.append(hashlib.sha256(text + b"\0%d" % ordinals[text]).hexdigest()[:20])
        ordinals[text] += 1
    return ids


def _records(
    table: pd.DataFrame,
    calls: pd.DataFrame,
    sent: Sequence[Transmitted],
    distinct: tuple[tuple[Actor, ...], tuple[Recipient, ...]],
    disclosure: Disclosure,
) -> list[dict[str, Any]]:
    actors, _ = distinct
    columns = ["seq", "api", "hook", "args", "stack", "value", "threw", "foreground", "process"]
    plain = {name: calls[name].astype(object).tolist() for name in columns}
    records = []
    row: Any  # a named tuple of the columns, which no type checker can know
    for row in table.itertuples(index=False):
        common: dict[str, Any] = {
            "id": row.id,
            "act": row.act,
            "data": row.data,
            "t_ns": int(row.host_ns),
            "err_ns": _whole(row.host_err_ns),
            "phase": row.phase,
            "verdict": row.verdict,
            "margin_ns": _whole(row.margin_ns),
            "margin_err_ns": _whole(row.margin_err_ns),
            "actor": actor_document(actors[row.actor]),
            "count": int(row.count),
        }
        if row.sent >= 0:
            records.append(common | _sent_fields(sent[row.sent], disclosure))
        else:
            records.append(common | _access_fields(row.data, {n: plain[n][row.call] for n in columns}, disclosure))
    return records


def _access_fields(data: str, call: dict[str, Any], disclosure: Disclosure) -> dict[str, Any]:
    foreground = call["foreground"]
    return {
        "actor_evidence": Evidence("stack", call["seq"]).document(),
        "basis": "observed",
        "event": call["seq"],
        "flow": None,
        "location": None,
        "path": [],
        "encoding": None,
        "recipient": None,
        "confidence": "certain",
        "source": call["hook"],
        "api": call["api"] or None,
        "args": disclosure.arguments(call["args"]),
        "threw": call["threw"] or None,
        "stack": [frame for frame in call["stack"].split("\n") if frame][:_MOST_FRAMES],
        "foreground": None if pd.isna(foreground) else bool(foreground),
        "process": call["process"] or None,
        "learned_from": [],
        **disclosure.fields(data, call["value"]),
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


def _whole(value: Any) -> int | None:  # noqa: ANN401  (an integer or pandas' NA)
    return None if value is None or value is pd.NA else int(value)
