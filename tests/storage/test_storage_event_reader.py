"""Event lines → columns: a block taken at once gives what its lines give one by one, and odd lines cost only themselves."""

import json

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pia_runtime.storage import event_reader
from pia_runtime.storage.event_reader import read_events

NOTHING = object()
odd = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**64), 2**64), st.text(max_size=3), st.lists(st.integers(), max_size=2)
)
lines = st.fixed_dictionaries(
    {
        "seq": st.one_of(st.integers(0, 9), st.integers(0, 2**64), st.none()),
        "type": st.sampled_from(["api_call", "api_call", "api_call", "consent", "note", "what"]),
        "t_ns": st.one_of(st.integers(0, 2**61), st.integers(-(2**64), 2**64)),
        "clock": st.sampled_from(["host", "device", "moon", None]),
        "data": st.one_of(st.lists(st.sampled_from(["imei", "gaid"]), max_size=3), st.just("imei"), odd),
        "mono_ns": st.one_of(st.none(), st.integers(0, 2**61), odd),
        "foreground": odd,
        "hook": odd,
        "api": st.sampled_from(["a.b", "c.d", ""]),
        "args": odd,
        "threw": odd,
        "stack": st.one_of(st.lists(st.text(max_size=3), max_size=3), odd),
        "count": odd,
        "signal": st.just("given"),
    }
)
values = st.one_of(st.just(NOTHING), odd, st.just({"lat": 1.5}))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(lines, values), max_size=12))
def test_a_block_taken_at_once_gives_what_its_lines_give_one_by_one(tmp_path_factory, drawn):
    path = tmp_path_factory.mktemp("events") / "events.jsonl"
    given_lines = [line if value is NOTHING else {**line, "value": value} for line, value in drawn]
    path.write_text("".join(json.dumps(line) + "\n" for line in given_lines))
    together, troubles = read_events(path)
    whole, event_reader._BLOCK = event_reader._BLOCK, 1
    try:
        apart, other_troubles = read_events(path)
    finally:
        event_reader._BLOCK = whole
    pd.testing.assert_frame_equal(together.api_calls, apart.api_calls)
    assert (together.count, together.consents, together.occurrences) == (apart.count, apart.consents, apart.occurrences)
    assert sorted(map(str, troubles)) == sorted(map(str, other_troubles))
    assert together.count + sum("used twice" not in trouble.detail for trouble in troubles) == len(given_lines)


def _read(tmp_path, *texts):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(texts))
    return read_events(path)


GOOD = b'{"seq": %d, "type": "api_call", "t_ns": 5, "data": ["imei"], "value": "x"}'


def test_a_byte_order_mark_before_the_first_line_costs_nothing(tmp_path):
    events, troubles = _read(tmp_path, b"\xef\xbb\xbf" + GOOD % 1, GOOD % 2, b"")
    assert (events.api_calls["seq"].tolist(), troubles) == ([1, 2], [])


def test_a_broken_line_among_many_costs_only_itself(tmp_path):
    events, troubles = _read(
        tmp_path, GOOD % 1, b'{"seq": 2, "t_ns": NaN}', b"\xff\xfe", b"", GOOD % 3, b'{"seq": 4, "ty'
    )
    assert events.api_calls["seq"].tolist() == [1, 3]
    assert [(trouble.kind, trouble.where) for trouble in troubles] == [
        ("invalid_event", "events.jsonl:2"),
        ("invalid_event", "events.jsonl:3"),
        ("torn_line", "events.jsonl:6"),
    ]


def test_a_number_used_twice_is_named_and_both_events_stay(tmp_path):
    events, troubles = _read(tmp_path, GOOD % 7, GOOD % 8, (GOOD % 7).replace(b'"t_ns": 5', b'"t_ns": 6'))
    assert len(events.api_calls) == 3
    assert [(trouble.where, trouble.detail) for trouble in troubles] == [("events.jsonl:3", "seq 7 is used twice")]


def test_a_line_that_stands_there_twice_counts_once_and_is_told(tmp_path):
    events, troubles = _read(tmp_path, GOOD % 7, GOOD % 8, GOOD % 7, b'{"seq": 9, "ty', GOOD % 7)
    assert events.api_calls["seq"].tolist() == [7, 8]
    assert events.count == 2
    assert sorted(trouble.where for trouble in troubles) == ["events.jsonl:3", "events.jsonl:4", "events.jsonl:5"]
    assert "counts once" in str(troubles)


def test_a_time_no_clock_can_show_is_refused_with_the_field(tmp_path):
    _, troubles = _read(tmp_path, GOOD.replace(b'"t_ns": 5', b'"t_ns": 9223372036854775807') % 1)
    assert [trouble.detail for trouble in troubles] == ["t_ns: out of range"]


def test_a_line_whose_telling_word_is_none_is_refused_and_the_run_goes_on(tmp_path):
    events, troubles = _read(tmp_path, b'{"seq": 1, "type": "ui", "t_ns": 5, "action": []}', GOOD % 2)
    assert (events.count, [trouble.detail for trouble in troubles]) == (1, ["action: expected a text, got list"])


def test_a_value_that_a_lax_writer_spelled_is_still_an_access(tmp_path):
    call = GOOD.replace(b'"t_ns": 5', b'"t_ns": 5, "value": VALUE')
    spelled = [b"NaN", b"-Infinity", b"1e999", b'"\\ud800x"', b'"\xff"', b"1" * 30, b'{"lat": NaN}']
    events, troubles = _read(tmp_path, *(call.replace(b"VALUE", value) % seq for seq, value in enumerate(spelled)))
    assert (len(events.api_calls), troubles) == (len(spelled), [])


def test_a_byte_order_mark_costs_no_event(tmp_path):
    events, troubles = _read(tmp_path, b"\xef\xbb\xbf" + GOOD % 1, GOOD % 2)
    assert (events.count, troubles) == (2, [])
