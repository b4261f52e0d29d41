"""Columns of words for rows that share few of them: each word is looked up once and then stands for all its rows."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from pia_runtime.judgement.facts import words


def by_data(table: pd.DataFrame, tell: Callable[[str], str], vocabulary: Sequence[str] = ()) -> "pd.Categorical[str]":
    """A word for each kind of data, looked up once a kind."""
    known = [tell(str(data)) for data in table["data"].cat.categories]
    return by_position(table["data"].cat.codes, known, vocabulary)


def by_position(
    codes: pd.Series, known: Sequence[str], vocabulary: Sequence[str] = (), none: str = ""
) -> "pd.Categorical[str]":
    """A word for each position in ``known``; ``none``, or nothing, for position -1."""
    names = list(vocabulary) or sorted({*known, *([none] if none else [])})
    place = {name: number for number, name in enumerate(names)}
    table = np.array([*(place[word] for word in known), place[none] if none else -1], dtype=np.int64)
    return words(table[codes.to_numpy().astype(np.int64)], names)


def united(codes: npt.NDArray[np.int64], names: Sequence[str]) -> "pd.Categorical[str]":
    """A column of words where one name may stand at two positions."""
    distinct = sorted(set(names))
    place = {name: number for number, name in enumerate(distinct)}
    table = np.array([*(place[name] for name in names), -1], dtype=np.int64)
    return words(table[codes], distinct)
