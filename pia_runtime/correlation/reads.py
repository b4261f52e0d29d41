"""Read → sent: which read a transmission came from, and how that is known.

The strongest basis wins: the same value (``value``), a value made from it by a recorded transform (``transform``), and last the
latest read of that kind of data by the same actor before it (``time_and_actor``), which is a guess and says so.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Integers = npt.NDArray[np.int64]

NEVER_COMPARED = -(2**62)


def reads_of_transmissions(
    table: pd.DataFrame, learned_from: Mapping[int, Sequence[int]], seqs: Integers, within_ns: int
) -> tuple[Integers, npt.NDArray[np.object_]]:
    """For each row of the table the row of the read it came from, or -1, and the basis, or "".

    Args:
        table: in the order of time; columns ``act``, ``data``, ``actor``, ``basis`` (of the match), ``value`` (text or None),
            ``host_ns``, and ``earliest_ns``: the earliest time it may have been, :data:`NEVER_COMPARED` where its clock was
            never compared with the host's. The same value joins such a read; nearness in time never does.
        learned_from: for each transmission's row the ``seq`` of the events that returned the value or went into it.
        seqs: for each row the ``seq`` of its event, -1 for transmissions.
        within_ns: longest time between read and transmission that are joined by time and actor alone.
    """
    read = np.full(len(table), -1, dtype=np.int64)
    basis = np.full(len(table), "", dtype=object)
    sent = np.flatnonzero((table["act"] == "transmission").to_numpy())
    accesses = np.flatnonzero((table["act"] == "access").to_numpy())
    if not len(sent) or not len(accesses):
        return read, basis
    for keys in (["data", "value", "actor"], ["data", "value"]):  # the actor's own read of the value first
        open_ = sent[read[sent] < 0]
        _take(read, basis, open_, _latest_before(table, open_, accesses, keys), "value")
    derived = (table["basis"] == "derived").to_numpy() & (basis == "value")
    basis[derived] = "transform"
    _by_event(table, sent, accesses, learned_from, seqs, read, basis)
    open_ = sent[read[sent] < 0]
    by_time = _latest_before(table, open_, accesses, ["data", "actor"])
    times, earliest = table["host_ns"].to_numpy(), table["earliest_ns"].to_numpy()
    near = np.where((by_time >= 0) & (times[open_] - earliest[np.maximum(by_time, 0)] <= within_ns), by_time, -1)
    _take(read, basis, open_, near, "time_and_actor")
    return read, basis


def _take(read: Integers, basis: npt.NDArray[np.object_], rows: Integers, found: Integers, how: str) -> None:
    hit = found >= 0
    read[rows[hit]] = found[hit]
    basis[rows[hit]] = how


def _latest_before(table: pd.DataFrame, sent: Integers, accesses: Integers, keys: Sequence[str]) -> Integers:
    """For each transmission the last access before it that agrees in the keys, or -1; one merge, no loop."""
    if not len(sent):
        return np.array([], dtype=np.int64)
    code = np.zeros(len(table), dtype=np.int64)
    missing = np.zeros(len(table), dtype=np.bool_)
    for key in keys:
        dense, _ = pd.factorize(table[key].astype(object) if key != "actor" else table[key])
        missing |= dense < 0
        mixed = np.unique(code * (int(dense.max(initial=0)) + 2) + dense + 1, return_inverse=True)[1]
        code = mixed.astype(np.int64)
    times, earliest = table["host_ns"].to_numpy(), table["earliest_ns"].to_numpy()
    left = pd.DataFrame({"t": times[sent], "key": np.where(missing[sent], -1 - sent, code[sent]), "row": sent})
    right = pd.DataFrame({"t": earliest[accesses], "key": code[accesses], "found": accesses})[~missing[accesses]]
    merged = pd.merge_asof(
        left.sort_values("t", kind="stable"),
        right.sort_values("t", kind="stable"),
        on="t",
        by="key",
        direction="backward",
    )
    order = np.argsort(merged["row"].to_numpy(dtype=np.int64), kind="stable")
    found: Integers = merged["found"].fillna(-1).to_numpy(dtype=np.int64)[order]
    return found  # by row, and `sent` ascends


def _by_event(
    table: pd.DataFrame,
    sent: Integers,
    accesses: Integers,
    learned_from: Mapping[int, Sequence[int]],
    seqs: Integers,
    read: Integers,
    basis: npt.NDArray[np.object_],
) -> None:
    """What the match itself says it was learned from: the events that returned the value, or that went into a transform."""
    data, bases = table["data"].astype(object).to_numpy(), table["basis"].astype(object).to_numpy()
    by_seq: Mapping[tuple[int, str], int] = {(int(seqs[row]), data[row]): int(row) for row in accesses}
    for row in sent[read[sent] < 0]:
        found = [by_seq[seq, data[row]] for seq in learned_from.get(int(row), ()) if (seq, data[row]) in by_seq]
        if found:
            read[row] = max(found)
            basis[row] = "transform" if bases[row] == "derived" else "value"
