"""A transmission is joined to the read it came from by the strongest evidence there is, and the basis is stated."""

import numpy as np
import pandas as pd

from pia_runtime.correlation.reads import NEVER_COMPARED, reads_of_transmissions


def joined(*rows, learned=None, within=100):
    """Rows as (act, data, actor, value, time, basis)."""
    table = pd.DataFrame(rows, columns=["act", "data", "actor", "value", "host_ns", "basis"])
    table["value"] = table["value"].astype(object)
    table["earliest_ns"] = np.where(table["host_ns"] < 0, NEVER_COMPARED, table["host_ns"])  # below 0: never compared
    seqs = np.arange(len(table)) + 100
    read, basis = reads_of_transmissions(table, learned or {}, seqs, within)
    return [(int(place), how) for place, how in zip(read, basis, strict=True) if how]


def read(data, actor, value, at):
    return ("access", data, actor, value, at, "observed")


def sent(data, actor, value, at, basis="known"):
    return ("transmission", data, actor, value, at, basis)


def test_the_same_value_goes_before_anything_else():
    assert joined(read("imei", 1, "x", 1), read("imei", 2, "y", 2), sent("imei", 2, "x", 3)) == [(0, "value")]


def test_of_several_reads_of_the_value_the_sender_s_own_is_taken():
    assert joined(read("imei", 1, "x", 1), read("imei", 2, "x", 2), sent("imei", 1, "x", 3)) == [(0, "value")]


def test_a_value_made_from_it_by_a_recorded_transform_says_so():
    assert joined(read("imei", 1, "x", 1), sent("imei", 1, "x", 3, "derived")) == [(0, "transform")]
    assert joined(read("imei", 1, None, 1), sent("imei", 1, "x", 3, "derived"), learned={1: (100,)}) == [
        (0, "transform")
    ]


def test_without_a_value_the_actor_s_last_read_of_that_kind_is_a_guess_and_says_so():
    rows = [read("contacts", 1, None, 1), read("contacts", 1, None, 2), sent("contacts", 1, None, 3)]
    assert joined(*rows) == [(1, "time_and_actor")]


def test_a_read_too_long_before_by_another_actor_or_after_is_no_source():
    assert joined(read("contacts", 1, None, 1), sent("contacts", 1, None, 200)) == []
    assert joined(read("contacts", 2, None, 1), sent("contacts", 1, None, 3)) == []
    assert joined(sent("contacts", 1, None, 1), read("contacts", 1, None, 2)) == []


def test_another_kind_of_data_is_no_source():
    assert joined(read("imei", 1, "x", 1), sent("meid", 1, "x", 3)) == []


def test_a_read_on_a_clock_that_was_never_compared_is_joined_by_its_value_only():
    assert joined(read("gaid", 0, "x", -500), sent("gaid", 0, "x", 20)) == [(0, "value")]
    assert joined(read("gaid", 0, "y", -5), sent("gaid", 0, "x", 20)) == []
