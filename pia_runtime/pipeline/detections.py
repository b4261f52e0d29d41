"""Accesses and transmissions in one table, with times, verdicts and everything the document says of each."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from pia_runtime.correlation.axis import Clocks
from pia_runtime.correlation.verdict import INSTANT_COLUMNS, Scopes, judge_instants
from pia_runtime.model.detection import Actor, Recipient
from pia_runtime.pipeline.accesses import Accesses
from pia_runtime.pipeline.records import Transmitted

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


@dataclass(frozen=True, slots=True)
class Detections:
    """All detections of a capture in the order of time.

    Attributes:
        table: columns of :data:`INSTANT_COLUMNS`, :data:`_ROW_COLUMNS`, :data:`VERDICT_COLUMNS` and ``id``.
    """

    table: pd.DataFrame
    actors: tuple[Actor, ...]
    recipients: tuple[Recipient, ...]


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
) -> Detections:
    """Join both streams and judge each instant."""
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
    table = table.iloc[_in_time(table["host_ns"].to_numpy(dtype=np.int64), ids)].reset_index(drop=True)
    return Detections(table, tuple(actors.numbers), tuple(recipients.numbers))


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
    seqs = np.append(calls["seq"].to_numpy(dtype=np.int64), -1)[table["call"].to_numpy(dtype=np.int64)].tolist()
    acts, kinds = table["act"].cat.categories, table["data"].cat.categories
    heads = [[orjson.dumps([act, kind])[:-1] + b",%d]" for kind in kinds] for act in acts]
    codes = zip(table["act"].cat.codes.tolist(), table["data"].cat.codes.tolist(), strict=True)
    texts = [heads[act][kind] % seq for (act, kind), seq in zip(codes, seqs, strict=True)]
    numbers = table["sent"].tolist()
    for row in np.flatnonzero(table["sent"].to_numpy() >= 0).tolist():
        item = sent[numbers[row]][0]
        m = item.match
        place = ["transmission", m.data, m.basis, item.flow, m.message, m.location, list(m.path), m.encoding]
        texts[row] = orjson.dumps(place)
    return [hashlib.sha256(text).hexdigest()[:20] for text in _numbered(texts)]


def _numbered(texts: Sequence[bytes]) -> list[bytes]:
    """Each with how often it came before."""
    if len(set(texts)) == len(texts):
        return [text + b"\x000" for text in texts]
    seen: Counter[bytes] = Counter()
    numbered = []
    for text in texts:
        numbered.append(text + b"\0%d" % seen[text])
        seen[text] += 1
    return numbered


def _in_time(times: npt.NDArray[np.int64], ids: Sequence[str]) -> npt.NDArray[np.intp]:
    """The order of time; at one instant that of the ids, so that the order of the lines leaves no trace."""
    order = np.argsort(times, kind="stable")
    if not (np.diff(times[order]) == 0).any():
        return order
    return np.lexsort((np.array([int(id_[:16], 16) for id_ in ids], dtype=np.uint64), times))
